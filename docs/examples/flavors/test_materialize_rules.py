from __future__ import annotations

from typing import Any

from docs.examples.flavors.materialize_rules import rules
from powertools_stream.flavors import materialize
from powertools_stream.testing import drive

ACCEPTED = {
    "id": "e-1",
    "type": "order-accepted",
    "timestamp": 5,
    "partition_key": "o-1",
    "total": 7,
}
CREATED = {
    "id": "e-2",
    "type": "order-created",
    "timestamp": 5,
    "order": {"lines": [{"id": "l-1", "price": 3}, {"id": "l-2", "price": 4}]},
}


def test_an_accepted_order_is_kept() -> None:
    outcome = drive(
        materialize, {"event": ACCEPTED}, rules["keep_order"], [{"Attributes": {}}]
    )

    (request,) = outcome.requests
    assert request.params["Key"] == {"pk": "o-1", "sk": "order"}
    assert request.params["ExpressionAttributeValues"] == {
        ":total": 7,
        ":timestamp": 5,
        ":latched": True,
    }
    assert outcome.result["update_response"] == {"Attributes": {}}


# --8<-- [start:fallback]
def test_a_line_that_comes_late_is_counted() -> None:
    failed: dict[str, Any] = {}
    updated = {"Attributes": {"late": 5}}

    outcome = drive(
        materialize, {"event": CREATED}, rules["keep_line"], [updated, failed, updated]
    )

    assert [request.params["Key"] for request in outcome.requests] == [
        {"pk": "l-1"},
        {"pk": "l-2"},
        {"pk": "l-2"},
    ]
    assert ["fallback_update_request" in result for result in outcome.results] == [
        False,
        True,
    ]


# --8<-- [end:fallback]


def test_an_invoice_is_kept_as_an_object() -> None:
    event = {
        "id": "e-3",
        "type": "order-invoiced",
        "invoice": {"id": "i-1", "total": 7},
    }

    outcome = drive(
        materialize, {"event": event}, rules["keep_invoice"], [{"ETag": '"1"'}]
    )

    (request,) = outcome.requests
    assert request.params == {
        "Key": "invoices/i-1.json",
        "Body": {"id": "i-1", "total": 7},
    }
