from __future__ import annotations

from docs.examples.flavors.expired_rules import listener_rules, trigger_rules
from powertools_stream.testing import run, to_dynamodb_records, to_kinesis_records

DAY = 24 * 60 * 60
PLACED = 1_767_225_600
ORDER = {
    "id": "e-1",
    "type": "order-created",
    "timestamp": PLACED * 1000,
    "partition_key": "o-1",
}
CART = {
    "id": "e-2",
    "type": "cart-filled",
    "timestamp": PLACED * 1000 + 7,
    "partition_key": "c-1",
}


def test_the_rows_say_when_and_as_what_they_expire() -> None:
    order, cart = (
        put.params["Item"]
        for put in run(listener_rules, to_kinesis_records([ORDER, CART])).requests
    )

    assert (order["ttl"], order["expire"]) == (PLACED + 3 * DAY, True)
    assert (cart["ttl"], cart["expire"]) == (PLACED + DAY, "cart-left")


# --8<-- [start:expired]
def test_an_order_and_a_cart_expire_each_under_its_own_name() -> None:
    rows = [
        {
            "pk": "e-1",
            "sk": "EVENT",
            "ttl": PLACED + 3 * DAY,
            "expire": True,
            "event": ORDER,
        },
        {
            "pk": "e-2",
            "sk": "EVENT",
            "ttl": PLACED + DAY,
            "expire": "cart-left",
            "event": CART,
        },
    ]
    removals = [
        {"old_image": row, "timestamp": PLACED + 4 * DAY, "ttl_expired": True}
        for row in rows
    ]

    order, cart = run(
        trigger_rules, to_dynamodb_records(removals, table="events")
    ).events

    assert (order["type"], order["timestamp"]) == (
        "order-created-expired",
        (PLACED + 3 * DAY) * 1000,
    )
    assert (cart["type"], cart["timestamp"]) == ("cart-left", (PLACED + DAY) * 1000 + 7)
    assert order["triggers"] == [
        {"id": "e-1", "type": "order-created", "timestamp": PLACED * 1000}
    ]


# --8<-- [end:expired]


def test_two_rows_of_an_event_expire_twice_under_two_ids() -> None:
    collected = {
        "pk": "e-1",
        "sk": "EVENT",
        "ttl": PLACED + DAY,
        "expire": True,
        "event": ORDER,
    }
    correlated = {**collected, "pk": "o-1", "sk": "e-1", "discriminator": "CORREL"}
    removals = [
        {"old_image": row, "timestamp": PLACED + 2 * DAY}
        for row in (collected, correlated)
    ]

    one, other = run(
        trigger_rules, to_dynamodb_records(removals, table="events")
    ).events

    assert one["id"] != other["id"]
    assert one["triggers"] == other["triggers"]
