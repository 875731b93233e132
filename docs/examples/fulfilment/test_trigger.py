from __future__ import annotations

from typing import Any

from docs.examples.fulfilment import trigger
from docs.examples.fulfilment.shop import Order
from powertools_stream.requests import PutEvent, PutItem, Query
from powertools_stream.testing import run, to_dynamodb_records

NOW = 1_700_000_000_000
CREATED, PAID, PAID_AGAIN = (
    Order(11).created(NOW),
    Order(11).paid(NOW),
    Order(11).paid(NOW, payment=2),
)


def collected(event: dict[str, Any]) -> dict[str, Any]:
    """Return the row that `collect` writes."""
    return {
        "pk": event["id"],
        "sk": "EVENT",
        "discriminator": "EVENT",
        "data": event["order"]["id"],
        "event": event,
    }


def correlated(
    event: dict[str, Any], key: str, suffix: str | None = None
) -> dict[str, Any]:
    """Return the row that `correlate` writes."""
    row = {"pk": key, "sk": event["id"], "discriminator": "CORREL", "event": event}
    return {**row, "suffix": suffix} if suffix else row


def inserted(*rows: dict[str, Any]) -> dict[str, Any]:
    return to_dynamodb_records([{"new_image": row} for row in rows])


def test_an_order_is_correlated_by_itself_and_by_its_customer() -> None:
    outcome = run(trigger.rules, inserted(collected(CREATED)), responses={PutItem: {}})

    rows = [request.params["Item"] for request in outcome.requests]
    assert [(row["pk"], row["sk"]) for row in rows] == [
        ("o-11", "o-11.created"),
        ("c-01.orders", "o-11.created"),
    ]


# --8<-- [start:ready]
def test_an_order_is_ready_under_one_id_whatever_made_it_so() -> None:
    rows = [correlated(event, "o-11") for event in (CREATED, PAID, PAID_AGAIN)]

    for last in rows:
        outcome = run(trigger.rules, inserted(last), responses={Query: rows})

        (event,) = outcome.events
        assert (event["id"], event["type"], event["partition_key"]) == (
            "order-ready.o-11",
            "order-ready",
            "o-11",
        )
        assert [each["id"] for each in event["triggers"]] == [
            "o-11.created",
            "o-11.payment-1",
        ]


# --8<-- [end:ready]


def test_an_order_is_evaluated_once_in_a_batch() -> None:
    rows = [correlated(event, "o-11") for event in (CREATED, PAID, PAID_AGAIN)]

    outcome = run(trigger.rules, inserted(*rows), responses={Query: rows})

    assert [type(request) for request in outcome.requests] == [Query, PutEvent]


def test_an_order_is_not_ready_before_both_are_there() -> None:
    for events in ([CREATED], [PAID], [PAID, PAID_AGAIN]):
        rows = [correlated(event, "o-11") for event in events]

        assert run(trigger.rules, inserted(*rows), responses={Query: rows}).events == []


def test_a_customer_becomes_a_regular_with_the_third_order() -> None:
    orders = [
        correlated(Order(number).created(NOW), "c-01.orders", "orders")
        for number in (1, 11, 21, 31)
    ]

    def told_of(number: int) -> list[dict[str, Any]]:
        return run(
            trigger.rules, inserted(orders[0]), responses={Query: orders[:number]}
        ).events

    assert told_of(2) == []
    for number in (3, 4):
        (event,) = told_of(number)
        assert (event["id"], event["customer"]) == (
            "customer-became-regular.c-01",
            {"id": "c-01"},
        )
        assert event["partition_key"] == "c-01"


def test_an_expired_order_is_told_and_a_row_removed_before_its_time_is_not() -> None:
    due = NOW // 1000
    row = {**collected(CREATED), "ttl": due, "expire": True}
    removals = [{"old_image": row, "timestamp": removed} for removed in (due - 1, due)]

    outcome = run(trigger.rules, to_dynamodb_records(removals))

    (event,) = outcome.events
    assert (event["type"], event["order"]["id"], event["timestamp"] // 1000) == (
        "order-created-expired",
        "o-11",
        due,
    )
