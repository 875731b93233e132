"""`on_unmatched="fault"`: an event that no rule matches is a fault of its record."""

from __future__ import annotations

from typing import Any

import pytest

from powertools_stream import FaultPolicy, RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.errors import UnmatchedEventError
from powertools_stream.flavors import evaluate, task
from powertools_stream.outcomes import Reason
from powertools_stream.testing import run, to_dynamodb_records, to_sqs_records
from tests.engine.test_observation import Watching


def rules(**fields: Any) -> RuleRegistry:
    registry = RuleRegistry()
    registry.add(id="r", flavor=task, event_type="e", execute=lambda uow: None, **fields)
    return registry


def events(*types: str, **fields: Any) -> dict[str, Any]:
    return to_sqs_records([{"id": str(n), "type": name, "n": n, **fields} for n, name in enumerate(types)])


@pytest.mark.parametrize("observers", [[], [Watching()]])
def test_a_type_without_a_rule_and_values_without_one_are_faults(observers: list[Any]) -> None:
    registry = rules(filters=[lambda uow: uow.event["n"] != 2])

    outcome = run(registry, events("e", "other", "e"), on_unmatched="fault", observers=observers)

    assert len(outcome.response["batchItemFailures"]) == 2
    for fault, event_type in zip(outcome.faults, ("other", "e"), strict=True):
        assert isinstance(fault.error, UnmatchedEventError)
        assert f"none for one of type '{event_type}'" in str(fault.error)
        assert (fault.rule_id, fault.reason) == ("undefined", Reason.FAULT)
        assert fault.event is not None
        assert fault.event["uow"]["event"]["type"] == event_type


def test_by_default_it_is_done() -> None:
    outcome = run(rules(), events("other"))

    assert outcome.response == {"batchItemFailures": []}


def test_its_record_is_set_aside_if_the_policy_says_so() -> None:
    outcome = run(rules(), events("other"), on_unmatched="fault", on_fault=FaultPolicy.PUBLISH)

    assert outcome.response == {"batchItemFailures": []}
    assert len(outcome.faults) == 1


def test_what_wants_to_be_left_alone_and_what_failed_anyway_are_none() -> None:
    def fails(uow: UnitOfWork) -> bool:
        raise ValueError("no")

    skipped = run(rules(), events("other", tags={"skip": True}), on_unmatched="fault")
    failed = run(rules(filters=[fails]), events("e"), on_unmatched="fault")
    unread = events("e")
    unread["Records"][0]["body"] = "no JSON"

    assert skipped.faults == []
    assert [type(fault.error) for fault in failed.faults] == [ValueError]
    assert len(run(rules(), unread, on_unmatched="fault").faults) == 1


def test_a_rule_for_what_a_flavor_prepares_is_a_match() -> None:
    registry = rules()
    registry.add(id="complex", flavor=evaluate, event_type="order-created", emit="higher")
    row = {"pk": "1", "sk": "EVENT", "discriminator": "EVENT", "event": {"id": "1", "type": "order-created"}}
    other = {**row, "event": {"id": "1", "type": "order-deleted"}}

    outcome = run(registry, to_dynamodb_records([{"new_image": row}, {"new_image": other}]), on_unmatched="fault")

    assert [str(fault.record_id) for fault in outcome.faults] == [
        outcome.response["batchItemFailures"][0]["itemIdentifier"]
    ]


def test_it_takes_one_of_two_words() -> None:
    with pytest.raises(ValueError, match=r"on_unmatched=…\) takes 'ignore' or 'fault'; got 'error'"):
        StreamProcessor(rules=[], on_unmatched="error")  # type: ignore[arg-type]
