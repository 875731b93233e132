from __future__ import annotations

from docs.examples.sinks.eventbridge_rules import rules
from powertools_stream.testing import run, to_sqs_records


# --8<-- [start:emit]
def test_an_accepted_order_is_published_with_its_total() -> None:
    order = {
        "id": "e-1",
        "type": "order-created",
        "lines": [{"price": 3}, {"price": 4}],
    }

    outcome = run(rules, to_sqs_records([order]))

    (event,) = outcome.events
    assert (event["id"], event["type"], event["total"]) == (
        "e-1.accept_order",
        "order-accepted",
        7,
    )


# --8<-- [end:emit]


def test_the_auditors_have_a_bus_of_their_own() -> None:
    accepted = {
        "id": "e-2",
        "type": "order-accepted",
        "timestamp": 1_767_225_600_000,
        "total": 7,
    }

    outcome = run(rules, to_sqs_records([accepted]))

    (request,) = outcome.requests
    assert request.bus_name.endswith("event-bus/audit")
    assert outcome.events[0]["id"] == "e-2.audit"
