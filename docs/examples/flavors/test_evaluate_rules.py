from __future__ import annotations

from typing import Any

from docs.examples.flavors.evaluate_rules import rules
from powertools_stream.requests import Query
from powertools_stream.testing import run, to_dynamodb_records

CREATED = {"id": "e-1", "type": "order-created", "timestamp": 1, "total": 5}
PAID = {"id": "e-2", "type": "payment-authorized", "timestamp": 2}


def row(event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "pk": "o-1",
        "sk": event["id"],
        "discriminator": "CORREL",
        "event": event,
        **fields,
    }


# --8<-- [start:ready]
def test_an_order_is_ready_once_it_is_there_and_paid() -> None:
    def answer(request: Any) -> Any:
        return [row(CREATED), row(PAID)] if isinstance(request, Query) else {}

    outcome = run(
        rules, to_dynamodb_records([{"new_image": row(PAID)}]), responses=answer
    )

    (event,) = outcome.events
    assert (event["type"], event["id"]) == ("order-ready", "order-ready.o-1")
    assert event["triggers"] == [
        {"id": "e-2", "type": "payment-authorized", "timestamp": 2}
    ]


# --8<-- [end:ready]


def test_an_order_that_is_not_paid_is_not_ready() -> None:
    def answer(request: Any) -> Any:
        return [row(CREATED)] if isinstance(request, Query) else {}

    assert (
        run(
            rules, to_dynamodb_records([{"new_image": row(CREATED)}]), responses=answer
        ).events
        == []
    )


def test_the_third_order_names_the_events_that_made_it() -> None:
    orders = [
        row(
            {**CREATED, "id": f"e-{n}", "timestamp": n},
            pk="c-1.loyalty",
            suffix="loyalty",
        )
        for n in range(4)
    ]

    def answer(request: Any) -> Any:
        return orders if isinstance(request, Query) else {}

    (event,) = run(
        rules, to_dynamodb_records([{"new_image": orders[3]}]), responses=answer
    ).events

    assert (event["id"], event["partition_key"]) == ("e-2.third", "c-1")
    assert [trigger["id"] for trigger in event["triggers"]] == ["e-0", "e-1", "e-2"]


def test_a_large_order_is_told_of_once() -> None:
    large = {**CREATED, "total": 2000}
    collected = {
        "pk": "e-1",
        "sk": "EVENT",
        "discriminator": "EVENT",
        "data": "o-1",
        "event": large,
    }

    outcome = run(rules, to_dynamodb_records([{"new_image": collected}]))

    (event,) = outcome.events
    assert (event["type"], event["total"]) == ("large-order-placed", 2000)


def test_a_record_that_comes_twice_publishes_under_one_id() -> None:
    collected = {
        "pk": "e-1",
        "sk": "EVENT",
        "discriminator": "EVENT",
        "data": "o-1",
        "event": {**CREATED, "total": 2000},
    }
    change = to_dynamodb_records([{"new_image": collected}])

    first, second = (run(rules, change).events for _ in range(2))

    assert [event["id"] for event in first] == [event["id"] for event in second]
