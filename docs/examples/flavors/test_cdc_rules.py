from __future__ import annotations

from docs.examples.flavors.cdc_rules import rules
from powertools_stream.flavors import cdc
from powertools_stream.testing import drive, run, to_dynamodb_records

KEY = {"pk": "o-1", "sk": "order"}


def test_a_payment_is_published_and_no_other_change() -> None:
    opened, paid, shipped = (
        {**KEY, "status": status, "total": 7} for status in ("OPEN", "PAID", "SHIPPED")
    )
    changes = [
        {"old_image": opened, "new_image": paid},
        {"old_image": paid, "new_image": shipped},
    ]

    outcome = run(rules, to_dynamodb_records(changes))

    (event,) = outcome.events
    assert event["type"] == "order-paid"
    assert event["order"] == {"id": "o-1", "total": 7}


def test_a_basket_tells_of_each_product_and_of_nothing_else() -> None:
    basket, filled = (
        {"pk": "b-1", "sk": "basket", "skus": set(skus)} for skus in ("ab", "bcd")
    )
    seen = {**filled, "seen": 1}

    outcome = run(
        rules,
        to_dynamodb_records(
            [
                {"old_image": basket, "new_image": filled},
                {"old_image": filled, "new_image": seen},
            ]
        ),
    )

    told = [(event["type"], event["sku"]) for event in outcome.events]
    assert told == [
        ("product-added", "c"),
        ("product-added", "d"),
        ("product-removed", "a"),
    ]


def test_a_removed_order_tells_what_is_left() -> None:
    event = {"id": "1", "type": "order-deleted", "raw": {"new": None, "old": KEY}}

    outcome = drive(
        cdc,
        {"event": event},
        rules["order_removed"],
        [[{"pk": "o-1", "sk": "line-1"}], {"EventId": "1"}],
    )

    query, put = outcome.requests
    assert query.params["ExpressionAttributeValues"] == {":pk": "o-1"}
    assert put.event["lines_left"] == ["line-1"]
    assert "raw" not in put.event
