from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from powertools_stream import RuleRegistry, StreamProcessor, stream_processor
from powertools_stream.flavors import task
from powertools_stream.outcomes import Reason, RecordOutcome
from powertools_stream.payloads.completion import complete
from powertools_stream.requests import GetItems
from powertools_stream.sources import DynamoDBSource, Source, SQSSource
from powertools_stream.testing import FakeConnector, run, to_dynamodb_records, to_kinesis_records, to_sqs_records
from powertools_stream.uow import Event, Record
from tests.conftest import LambdaContext


class Orders(Source):
    """A source with several orders in a record, each of which needs an answer."""

    name: ClassVar[str] = "orders"
    answers_each: ClassVar[bool] = True
    needs_results: ClassVar[bool] = True

    def recognises(self, record: Mapping[str, Any]) -> bool:
        return "orders" in record

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        return event.get("letters")

    def read(self, record: Record) -> list[Event] | Generator[Any, Any, list[Event]]:
        events = [complete({"id": order, "type": "order"}, record["number"], 1, None) for order in record["orders"]]
        return self._slowly(events) if record.get("slowly") else events

    def _slowly(self, events: list[Event]) -> Generator[Any, Any, list[Event]]:
        yield GetItems({"Keys": [{"pk": "1"}]}, table_name="orders")
        return events

    def identifier(self, record: Record) -> Any:
        return record["number"]

    def answer(self, event: Mapping[str, Any], outcomes: Sequence[RecordOutcome]) -> dict[str, Any]:
        return {
            outcome.record["number"]: "failed"
            if outcome.is_reported
            else [result["result"] for result in outcome.results if "result" in result]
            for outcome in outcomes
        }


def _letters(*orders: list[str], **fields: Any) -> dict[str, Any]:
    return {"letters": [{"number": str(n), "orders": ids, **fields} for n, ids in enumerate(orders)]}


def _refuse_b(uow: Any) -> str:
    if uow.event["id"] == "b":
        raise ValueError("no b")
    return str(uow.event["id"])


_RULE = {"id": "r", "flavor": task, "execute": _refuse_b}


@pytest.mark.parametrize("slowly", [False, True])
def test_a_record_that_carries_several_events_runs_each_of_them(slowly: bool) -> None:
    outcome = run([_RULE], _letters(["a", "c"], [], ["d"], slowly=slowly), source=Orders())

    assert [result.uow["result"] for result in outcome.results] == ["a", "c", "d"]
    assert outcome.response == {"0": ["a", "c"], "1": [], "2": ["d"]}


def test_a_record_has_failed_if_one_of_its_events_has() -> None:
    outcome = run([_RULE], _letters(["a", "b", "c"], ["d"]), source=Orders())

    assert outcome.response == {"0": "failed", "1": ["d"]}
    assert [fault.record_id for fault in outcome.faults] == ["0"]


def _refuse(uow: Any) -> None:
    raise ValueError(uow.event["id"])


def test_each_event_of_a_record_has_a_fault_event_of_its_own() -> None:
    connector = FakeConnector()
    rule = {"id": "r", "flavor": task, "execute": _refuse}

    outcome = run([rule], _letters(["a", "b"]), source=Orders(), connectors=[connector])

    ids = [event["id"] for event in connector.published]
    assert len(set(ids)) == len(ids) == 2
    assert [str(fault.error) for fault in outcome.faults] == ["a", "b"]


def test_a_record_with_several_events_in_one_group_fails_once() -> None:
    connector = FakeConnector()
    rule = {"id": "r", "flavor": task, "execute": _refuse, "compact": {"group_key": "event.type"}}

    outcome = run([rule], _letters(["a", "b"], ["c", "d"]), source=Orders(), connectors=[connector])

    assert [fault.record_id for fault in outcome.faults] == ["0", "1"]
    assert len(connector.published) == 1
    assert outcome.response == {"0": "failed", "1": "failed"}


def test_an_answer_says_of_records_that_were_not_finished_that_they_failed(
    lambda_context: Callable[..., LambdaContext],
) -> None:
    def hang(uow: Any) -> str:
        if uow.event["id"] == "b":
            time.sleep(10)
        return str(uow.event["id"])

    rule = {"id": "r", "flavor": task, "execute": hang}

    outcome = run([rule], _letters(["a"], ["b"], ["c"]), source=Orders(), context=lambda_context(400))

    assert outcome.response == {"0": ["a"], "1": "failed", "2": "failed"}
    assert {fault.reason for fault in outcome.faults} == {Reason.UNFINISHED}


def test_a_source_that_answers_each_record_never_fails_the_invocation() -> None:
    outcome = run([_RULE], _letters(["b"]), source=Orders(), raise_on_entire_batch_failure=True)

    assert outcome.response == {"0": "failed"}


def test_an_answer_has_the_results_though_the_decorator_keeps_none() -> None:
    @stream_processor(rules=[_RULE], source=Orders())
    def handler(event: Any, context: Any) -> dict[str, Any]:
        return {"from": "the handler"}

    assert handler(_letters(["a"]), None) == {"from": "the handler", "0": ["a"]}


def test_one_handler_receives_from_several_sources_and_each_has_its_options() -> None:
    rules = RuleRegistry()
    seen: list[tuple[str, Any]] = []
    rules.add(id="r", flavor=task, execute=lambda uow: seen.append((uow.event["type"], uow.event["partition_key"])))
    processor = StreamProcessor(rules=rules, source=[DynamoDBSource(pk="b"), SQSSource(fifo=True), Orders()])
    change = {"keys": {"a": "1", "b": "2"}, "new_image": {"a": "1", "b": "2", "sk": "thing"}}

    processor.process_event(to_dynamodb_records([change]))
    processor.process_event(to_sqs_records([{"body": {"type": "x"}, "group_id": "g"}]))
    processor.process_event(to_kinesis_records([{"data": {"type": "y"}, "partition_key": "k"}]))

    assert seen == [("thing-created", "2"), ("x", "g"), ("y", "k")]
    assert processor.process_event(_letters([])) == {"0": []}


class _TextlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_error_without_a_text_fails_its_record_only() -> None:
    def execute(uow: Any) -> None:
        if uow.event["n"] == 1:
            raise _TextlessError

    processor = StreamProcessor(rules=[{"id": "r", "flavor": task, "execute": execute}])
    event = to_sqs_records([{"type": "x", "n": n} for n in range(3)])

    response = processor.process_event(event)

    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}
    ((kind, error, _),) = processor.exceptions
    assert error is not None
    assert (kind, type(error.__cause__)) == (type(error), _TextlessError)
    assert "_TextlessError, whose text cannot be read" in str(error)
