from __future__ import annotations

from docs.examples.migration.flavor import rules
from powertools_stream.requests import GetItems
from powertools_stream.testing import run, to_sqs_records

ADA = {"pk": "c-1", "name": "Ada"}


def test_customers_are_notified() -> None:
    shipped = {"id": "1", "type": "order-shipped", "customer_id": "c-1"}
    event = to_sqs_records(
        [{**shipped, "by_mail": True}, {**shipped, "by_mail": False}]
    )

    outcome = run(
        rules, event, responses={GetItems: {"Responses": {"customers": [ADA]}}}
    )

    assert [published["name"] for published in outcome.events] == ["Ada"]
