from __future__ import annotations

from typing import Any

from docs.examples.flavors.update_rules import rules
from powertools_stream.requests import GetItems, Query, UpdateItem
from powertools_stream.testing import run, to_dynamodb_records

CUSTOMER = {"pk": "c-1", "sk": "customer", "discriminator": "customer", "discount": 2}
ORDERS = [{"pk": "o-1", "product": "p-1"}, {"pk": "o-2", "product": "p-1"}]


# --8<-- [start:update]
def test_every_order_of_a_customer_is_priced_anew() -> None:
    answers: dict[Any, Any] = {
        Query: ORDERS,
        GetItems: {"Responses": {"shop": [{"pk": "p-1", "price": 9}]}},
    }
    change = {"new_image": CUSTOMER, "old_image": {**CUSTOMER, "discount": 1}}

    outcome = run(
        rules,
        to_dynamodb_records([change]),
        responses=lambda request: answers.get(type(request), {}),
    )

    updates = [
        request.params
        for request in outcome.requests
        if isinstance(request, UpdateItem)
    ]
    assert [update["Key"]["pk"] for update in updates] == ["o-1", "o-2"]
    assert all(
        update["ExpressionAttributeValues"] == {":price": 7} for update in updates
    )


# --8<-- [end:update]


def test_another_change_of_a_customer_prices_nothing() -> None:
    change = {"new_image": CUSTOMER, "old_image": {**CUSTOMER, "name": "Ada"}}

    assert run(rules, to_dynamodb_records([change])).requests == []
