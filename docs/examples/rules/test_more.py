from __future__ import annotations

import pytest

from docs.examples.rules.more import rules
from powertools_stream import RuleRegistry
from powertools_stream.flavors import TaskRule
from powertools_stream.requests import UpdateItem
from powertools_stream.testing import run, to_sqs_records


def test_an_order_is_there_as_a_model() -> None:
    event = to_sqs_records(
        [
            {"id": "1", "type": "order-created", "total": 100},
            {"id": "2", "type": "order-created"},
        ]
    )

    outcome = run(rules, event)

    (fault,) = outcome.faults
    assert "total: Field required" in str(fault.error)
    assert [result.uow["result"] for result in outcome.results] == [119.0]


def test_positions_are_compacted() -> None:
    change = {"type": "position-changed", "partition_key": "p-1", "site": "s-1"}
    events = [
        {**change, "id": str(n), "timestamp": n, "at": n, "sequence": -n}
        for n in range(3)
    ]

    outcome = run(rules, to_sqs_records(events))

    (update,) = (
        request for request in outcome.requests if isinstance(request, UpdateItem)
    )
    assert update.params["ExpressionAttributeValues"] == {":at": 2, ":moves": 3}
    (by_site,) = (
        result.uow["result"]
        for result in outcome.results
        if result.rule_id == "by_site"
    )
    assert by_site == ["2", "1", "0"]


def test_events_of_our_own_and_of_recordings_are_not_tracked() -> None:
    shipped = {"type": "order-shipped", "parcel": "p-1"}
    tags = (
        {"source": "carrier"},
        {"source": "shop"},
        {"source": "carrier", "skip": True},
    )
    events = to_sqs_records(
        [{**shipped, "id": str(n), "tags": tag} for n, tag in enumerate(tags)]
    )

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("POWERTOOLS_SERVICE_NAME", "shop")
        outcome = run(rules, events)

    assert [event["id"] for event in outcome.events] == ["0.track"]


# --8<-- [start:switches]
def test_a_rule_that_is_switched_off_does_nothing() -> None:
    rules = RuleRegistry()
    for name in ("ship", "bill"):
        rules.add(TaskRule(id=name, event_type="order-paid", execute=lambda uow: None))

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DISABLED_PIPELINES", "bill,archive")
        outcome = run(rules, to_sqs_records([{"id": "1", "type": "order-paid"}]))

    assert [result.rule_id for result in outcome.results] == ["ship"]


# --8<-- [end:switches]
