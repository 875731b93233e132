from __future__ import annotations

from docs.examples.flavors.correlate_rules import rules
from powertools_stream.testing import run, to_dynamodb_records

EVENT = {
    "id": "e-1",
    "type": "order-created",
    "timestamp": 1_767_225_600_000,
    "order": {"id": "o-1", "customer": "c-1"},
}
ROW = {
    "pk": "e-1",
    "sk": "EVENT",
    "discriminator": "EVENT",
    "data": "o-1",
    "ttl": 99,
    "event": EVENT,
}


# --8<-- [start:correlate]
def test_an_order_is_stored_under_its_id_and_under_its_customer() -> None:
    outcome = run(rules, to_dynamodb_records([{"new_image": ROW}], table="events"))

    by_order, by_customer = (put.params["Item"] for put in outcome.requests)
    assert (by_order["pk"], by_order["sk"], by_order["ttl"]) == ("o-1", "e-1", 99)
    assert (by_customer["pk"], by_customer["suffix"]) == ("c-1.loyalty", "loyalty")


# --8<-- [end:correlate]


def test_a_row_that_changes_is_not_correlated_again() -> None:
    change = {"new_image": ROW, "old_image": {**ROW, "ttl": 1}}

    assert run(rules, to_dynamodb_records([change], table="events")).requests == []
