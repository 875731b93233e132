"""What comes behind a record that may yet be reported waits until that is decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from powertools_stream import FaultPolicy, UnitOfWork, flavor
from powertools_stream.engine.batch import Failure, RecordState, RuleRun
from powertools_stream.engine.decisions import Decisions
from powertools_stream.engine.driver import Completion
from powertools_stream.engine.faults import FaultEvent
from powertools_stream.errors import RequestFailedError
from powertools_stream.flavors import task
from powertools_stream.outcomes import Disposition, Reason
from powertools_stream.requests import Call, PutEvent, Request
from powertools_stream.rules.compiled import plain_rule
from powertools_stream.sources import SQSSource
from powertools_stream.testing import Outcome, run, to_kinesis_records, to_sqs_records

REFUSED = RequestFailedError("AccessDeniedException", "no")


def _kinesis(*keys: str) -> dict[str, Any]:
    return to_kinesis_records(
        [{"data": {"id": str(n), "type": "x", "n": n}, "partition_key": key} for n, key in enumerate(keys)]
    )


def _run(rules: Sequence[Any], event: Any, bus_accepts: bool, **options: Any) -> Outcome:
    responses: dict[type[Request], Any] = {} if bus_accepts else {PutEvent: REFUSED}
    return run(rules, event, responses=responses, on_fault=FaultPolicy.PUBLISH, **options)


def _rule(seen: list[int], failing: int, **fields: Any) -> dict[str, Any]:
    def execute(uow: UnitOfWork) -> None:
        seen.append(uow.event["n"])
        if uow.event["n"] == failing:
            raise KeyError("poison")

    return {"id": "r", "flavor": task, "execute": execute, **fields}


@pytest.mark.parametrize(("bus_accepts", "started"), [(True, [0, 1, 2, 3]), (False, [0, 1, 3])])
def test_a_record_behind_poison_runs_if_that_is_set_aside_and_is_held_back_if_not(
    bus_accepts: bool, started: list[int]
) -> None:
    seen: list[int] = []

    outcome = _run([_rule(seen, failing=1)], _kinesis("b", "a", "a", "b"), bus_accepts)

    assert sorted(seen) == started
    assert [fault.disposition for fault in outcome.faults] == (
        [Disposition.SET_ASIDE] if bus_accepts else [Disposition.REPORTED] * 2
    )
    assert [fault.reason for fault in outcome.faults][1:] == ([] if bus_accepts else [Reason.HELD_BACK])


def test_a_generator_behind_poison_waits_as_well() -> None:
    seen: list[int] = []

    @flavor(ordered=True)
    def follows(uow: UnitOfWork, rule: Any) -> Any:
        yield Call(int)
        if uow.event["n"] == 0:
            raise KeyError("poison")
        seen.append(uow.event["n"])

    outcome = _run([{"id": "follows", "flavor": follows}], _kinesis("a", "b", "a", "a"), bus_accepts=False)

    assert seen == [1]
    assert [fault.reason for fault in outcome.faults] == [Reason.FAULT, Reason.HELD_BACK, Reason.HELD_BACK]


def test_another_ordered_rule_waits_for_the_record_too() -> None:
    seen: list[int] = []

    def note(uow: UnitOfWork) -> None:
        seen.append(uow.event["n"])

    rules = [_rule([], failing=0), {"id": "other", "flavor": task, "execute": note}]

    _run(rules, _kinesis("a", "a"), bus_accepts=False)

    assert seen == [0]


def test_a_rule_without_order_does_not_wait() -> None:
    seen: list[int] = []

    outcome = _run([_rule(seen, failing=0, ordered=False)], _kinesis("a", "a"), bus_accepts=False)

    assert seen == [0, 1]
    assert len(outcome.faults) == 1


def test_fault_events_that_nobody_waits_for_fill_one_call() -> None:
    def fails(uow: UnitOfWork) -> None:
        raise KeyError("poison")

    outcome = _run([{"id": "r", "flavor": task, "execute": fails}], _kinesis(*"abcdefgh"), bus_accepts=True)

    assert [fault.disposition for fault in outcome.faults] == [Disposition.SET_ASIDE] * 8
    assert outcome.response == {"batchItemFailures": []}


def test_several_failures_of_one_record_are_decided_together() -> None:
    seen: list[int] = []

    def fails(uow: UnitOfWork) -> None:
        if uow.event["n"] == 0:
            raise KeyError("poison")

    rules = [{"id": f"r{n}", "flavor": task, "execute": fails} for n in range(3)]
    rules.append({"id": "last", "flavor": task, "execute": lambda uow: seen.append(uow.event["n"])})

    outcome = _run(rules, _kinesis("a", "a", "a"), bus_accepts=True)

    assert seen == [0, 1, 2]
    assert [fault.disposition for fault in outcome.faults] == [Disposition.SET_ASIDE] * 3


@pytest.mark.parametrize("bus_accepts", [True, False])
def test_on_a_fifo_queue_the_group_waits(bus_accepts: bool) -> None:
    seen: list[int] = []
    event = to_sqs_records([{"id": str(n), "type": "x", "n": n} for n in range(3)])
    for record in event["Records"]:
        record["attributes"]["MessageGroupId"] = "g"

    outcome = _run(
        [_rule(seen, failing=0)], event, bus_accepts, source=SQSSource(fifo=True), raise_on_entire_batch_failure=False
    )

    assert seen == ([0, 1, 2] if bus_accepts else [0])
    assert len(outcome.response["batchItemFailures"]) == (0 if bus_accepts else 3)


def test_a_compacted_group_behind_poison_waits_for_all_of_its_keys() -> None:
    seen: list[str] = []

    def execute(uow: UnitOfWork) -> None:
        seen.append(uow.event["id"])
        if uow.event["id"] == "0":
            raise KeyError("poison")

    events = [
        {"data": {"id": "0", "type": "x", "c": "bad", "timestamp": 1}, "partition_key": "k1"},
        {"data": {"id": "1", "type": "x", "c": "c", "timestamp": 1}, "partition_key": "k1"},
        {"data": {"id": "2", "type": "x", "c": "c", "timestamp": 2}, "partition_key": "k2"},
    ]
    rule = {"id": "r", "flavor": task, "execute": execute, "compact": {"group_key": "event.c"}}

    outcome = _run([rule], to_kinesis_records(events), bus_accepts=False, raise_on_entire_batch_failure=False)

    assert seen == ["0"]
    assert [fault.reason for fault in outcome.faults] == [Reason.FAULT, Reason.HELD_BACK, Reason.HELD_BACK]


class _Driver:
    """Starts nothing: what is published stays on its way until `end`."""

    def __init__(self) -> None:
        self._publishing: list[Completion] = []

    def start_later(self, generator: Any, completion: Completion) -> None:
        self._publishing.append(completion)

    def end(self, *, is_accepted: bool) -> None:
        publishing, self._publishing = self._publishing, []
        for completion in publishing:
            completion.deliver(FaultEvent(completion.requester.failure, {}, is_whole=is_accepted))


def test_a_failure_behind_it_does_not_hide_one_that_is_being_decided() -> None:
    driver: Any = _Driver()
    decisions = Decisions(lambda state: "key", lambda failure: iter(()), driver)  # type: ignore[arg-type,return-value]
    states = [RecordState(position, {}) for position in range(4)]
    rule = plain_rule("r", lambda uow, rule: None, position=0)
    resumed: list[int] = []

    def fail(position: int) -> None:
        error = KeyError("poison")
        decisions.add(Failure(states[position], rule, error, Reason.FAULT, FaultPolicy.PUBLISH, UnitOfWork()))

    def waits(position: int) -> bool:
        run = RuleRun(rule, UnitOfWork(), states[position])
        run.is_ordered = True
        return decisions.are_awaited_by(run, lambda run: resumed.append(run.state.position))

    fail(0)
    assert waits(1)
    fail(2)
    assert waits(1)
    assert waits(3)
    driver.end(is_accepted=True)

    assert resumed == [1, 1, 3]
    assert not waits(1)
    assert not waits(3)
