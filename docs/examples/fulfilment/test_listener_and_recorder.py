from __future__ import annotations

from docs.examples.fulfilment import listener, recorder
from docs.examples.fulfilment.shop import Order
from powertools_stream.flavors import collect, task
from powertools_stream.testing import drive, run, to_kinesis_records

NOW = 1_700_000_000_000
ORDER = Order(1)


def test_an_order_is_collected_for_as_long_as_it_may_be_paid() -> None:
    created = ORDER.created(NOW)

    outcome = drive(collect, {"event": created}, listener.rules["collect_orders"], [{}])

    row = outcome.requests[0].params["Item"]
    assert (row["pk"], row["sk"], row["data"], row["expire"]) == (
        "o-01.created",
        "EVENT",
        "o-01",
        True,
    )
    assert row["ttl"] == created["timestamp"] // 1000 + 3 * 24 * 60 * 60


def test_a_payment_is_collected_under_the_key_of_its_order() -> None:
    outcome = run(listener.rules, to_kinesis_records([ORDER.paid(NOW)]))

    (request,) = outcome.requests
    assert request.params["Item"]["data"] == "o-01"
    assert "expire" not in request.params["Item"]


# --8<-- [start:recorder]
def test_the_first_outcome_of_an_order_is_the_last() -> None:
    ready = {"type": "order-ready", "order": {"id": "o-01"}}
    late = {"type": "order-created-expired", "order": {"id": "o-01"}}
    condition_failed: dict[str, str] = {}

    first = drive(
        task,
        {"event": ready},
        recorder.rules["settle_order"],
        [{"ResponseMetadata": {}}],
    )
    second = drive(
        task, {"event": late}, recorder.rules["settle_order"], [condition_failed]
    )

    (request,) = first.requests
    assert request.params["Item"] == {
        "pk": "o-01",
        "sk": "order",
        "id": "o-01",
        "status": "ready",
    }
    assert request.params["ConditionExpression"] == "attribute_not_exists(pk)"
    assert (first.result["result"], second.result["result"]) == (True, False)


# --8<-- [end:recorder]


def test_a_regular_customer_is_welcomed_once() -> None:
    event = {"type": "customer-became-regular", "customer": {"id": "c-01"}}

    outcome = drive(task, {"event": event}, recorder.rules["welcome_regular"], [{}])

    assert outcome.requests[0].params["Item"] == {"pk": "c-01", "sk": "regular"}
