from __future__ import annotations

from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from powertools_stream import FaultPolicy, RetryableError, RuleRegistry, UnitOfWork
from powertools_stream.errors import MalformedRecordError, UnknownSourceError
from powertools_stream.flavors import task
from powertools_stream.outcomes import Disposition
from powertools_stream.sources import DistributedMapSource, ScheduleSource, source_of
from powertools_stream.testing import SourceSuite, run, to_distributed_map_event, to_s3_records
from powertools_stream.uow import Record

BATCH_INPUT = {"execution": "backfill-1"}


@pytest.fixture(autouse=True)
def invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-6955b900-0123456789abcdef01234567")


class TestDistributedMapSource(SourceSuite):
    def source(self) -> DistributedMapSource:
        return DistributedMapSource()

    def event(self) -> dict[str, Any]:
        return to_distributed_map_event([{"id": "1", "total": 1}, {"total": 2, "tags": {"a": "b"}}])

    def events(self) -> list[Any]:
        items = [{"type": "order-created", "partition_key": "c-1"}, to_s3_records(["a.json"])]
        return [self.event(), to_distributed_map_event(items, batch_input=BATCH_INPUT)]

    def malformed_record(self) -> Record:
        return {"Item": 5}


def test_an_item_is_the_event() -> None:
    assert DistributedMapSource().read({"Item": {"id": "1", "total": 1}}) == {
        "id": "1",
        "type": "",
        "timestamp": 1_767_225_600_000,
        "tags": {},
        "total": 1,
    }


def test_an_item_keeps_its_time_and_its_name_in_each_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    source = DistributedMapSource()
    first = source.read({"Item": {"total": 1, "time": "2025-12-31T00:00:00Z"}, "BatchInput": {"run": 1}})
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-6955b9ff-0123456789abcdef01234567")
    second = source.read({"Item": {"total": 1, "time": "2025-12-31T00:00:00Z"}, "BatchInput": {"run": 2}})

    assert first == second
    assert isinstance(first, dict)
    assert first["timestamp"] == 1_767_139_200_000
    assert source.record_id({"Item": {"total": 2}}) != first["id"]


def test_what_the_state_machine_gives_to_each_batch_is_in_the_record() -> None:
    rules = RuleRegistry()

    @rules.register(task, id="see")
    def see(uow: UnitOfWork) -> Any:
        return uow.record["BatchInput"]["execution"], uow.event["total"]

    outcome = run(rules, to_distributed_map_event([{"total": 1}, {"total": 2}], batch_input=BATCH_INPUT))

    assert [result.uow["result"] for result in outcome.results] == [("backfill-1", 1), ("backfill-1", 2)]


@pytest.mark.parametrize("item", ["text", 5, None, [1], True])
def test_an_item_that_is_no_object_is_malformed_and_says_what_can_make_it_one(item: Any) -> None:
    with pytest.raises(MalformedRecordError, match="as the state machine's ItemSelector can make it"):
        DistributedMapSource().read({"Item": item})


@pytest.mark.parametrize("event", [{"Items": {}}, {"Items": [1], "total": 5}, {"BatchInput": {}}])
def test_an_event_with_something_else_is_none_of_it(event: Any) -> None:
    assert DistributedMapSource().records(event) is None
    with pytest.raises(UnknownSourceError):
        source_of(event)


def test_an_empty_batch_is_a_success_and_a_batch_is_no_input_of_a_schedule() -> None:
    assert source_of({"Items": []}) is None
    assert not ScheduleSource().recognises({"Items": [{}]})


def failing(error: Exception, **fields: Any) -> RuleRegistry:
    rules = RuleRegistry()

    @rules.register(task, id="fail", **fields)
    def fail(uow: UnitOfWork) -> None:
        if uow.event["id"] == "bad":
            raise error

    return rules


BATCH = to_distributed_map_event([{"id": "good"}, {"id": "bad"}])


def test_an_item_that_fails_for_good_is_set_aside() -> None:
    outcome = run(failing(ValueError("no")), BATCH)

    (fault,) = outcome.faults
    assert (fault.error.args, outcome.response) == (("no",), {"batchItemFailures": []})
    assert fault.disposition is Disposition.SET_ASIDE


@pytest.mark.parametrize("error", [RetryableError("later"), TimeoutError("later")])
def test_a_passing_error_fails_the_invocation_so_that_the_state_machine_tries_again(error: Exception) -> None:
    with pytest.raises(BatchProcessingError, match="1 of 2 records failed"):
        run(failing(error), BATCH)


def test_without_a_bus_nothing_is_set_aside() -> None:
    with pytest.raises(BatchProcessingError):
        run(failing(ValueError("no")), BATCH, bus_name=None, fault_bus_name=None)


@pytest.mark.parametrize("policy", [FaultPolicy.REPORT, FaultPolicy.REPORT_AND_PUBLISH])
def test_a_policy_of_the_processor_or_of_a_rule_takes_precedence(policy: FaultPolicy) -> None:
    with pytest.raises(BatchProcessingError):
        run(failing(ValueError("no")), BATCH, on_fault=policy)
    with pytest.raises(BatchProcessingError):
        run(failing(ValueError("no"), on_fault=policy), BATCH)


def test_an_item_has_no_checkpoint_since_another_execution_may_have_the_same() -> None:
    assert DistributedMapSource().origin({"Item": {"id": "1"}}) is None
