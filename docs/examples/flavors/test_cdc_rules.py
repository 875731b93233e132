from __future__ import annotations

from docs.examples.flavors.cdc_rules import rules
from powertools_stream.flavors import cdc
from powertools_stream.testing import drive, run, to_dynamodb_records

KEY = {"pk": "o-1", "sk": "order"}


def test_a_payment_is_published_and_no_other_change() -> None:
    opened, paid, shipped = ({**KEY, "status": status, "total": 7} for status in ("OPEN", "PAID", "SHIPPED"))
    changes = [{"old_image": opened, "new_image": paid}, {"old_image": paid, "new_image": shipped}]

    outcome = run(rules, to_dynamodb_records(changes))

    (event,) = outcome.events
    assert event["type"] == "order-paid"
    assert event["order"] == {"id": "o-1", "total": 7}


def test_a_removed_order_tells_what_is_left() -> None:
    event = {"id": "1", "type": "order-deleted", "raw": {"new": None, "old": KEY}}

    outcome = drive(cdc, {"event": event}, rules["order_removed"], [[{"pk": "o-1", "sk": "line-1"}], {"EventId": "1"}])

    query, put = outcome.requests
    assert query.params["ExpressionAttributeValues"] == {":pk": "o-1"}
    assert put.event["lines_left"] == ["line-1"]
    assert "raw" not in put.event
