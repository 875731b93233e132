from __future__ import annotations

from docs.examples.sources.dynamodb_source import rules, visits
from powertools_stream.testing import run, to_dynamodb_records


# --8<-- [start:handler]
def test_an_order_that_was_paid_is_told_of() -> None:
    order = {"pk": "o-1", "sk": "order", "total": 42, "status": "OPEN"}
    paid = {**order, "status": "PAID"}
    changes = [
        {"new_image": order},
        {"old_image": order, "new_image": paid},
        {"old_image": paid},
    ]

    outcome = run(rules, to_dynamodb_records(changes))

    (event,) = outcome.events
    assert (event["type"], event["order"]) == ("order-paid", {"id": "o-1", "total": 42})


# --8<-- [end:handler]


def test_a_record_pattern_asks_the_raw_record() -> None:
    item = {"pk": "o-1", "sk": "order", "status": "COMPLETED"}

    outcome = run(
        rules,
        to_dynamodb_records(
            [{"new_image": item}, {"new_image": {**item, "status": "OPEN"}}]
        ),
    )

    assert [result.rule_id for result in outcome.results] == ["archive"]


# --8<-- [start:keys]
def test_the_site_is_the_partition_key_of_a_visit() -> None:
    item = {"site": "berlin", "date#event_type": "2026-01-01#visit"}
    (change,) = to_dynamodb_records(
        [{"new_image": item}], key=("site", "date#event_type")
    )["Records"]

    visit = visits.read(change)

    assert visit is not None
    assert (visit["type"], visit["partition_key"]) == ("visit-created", "berlin")


# --8<-- [end:keys]
