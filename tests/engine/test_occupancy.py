"""A processor serves one batch at a time."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch import EventType, process_partial_response

from powertools_stream import FaultPolicy, RuleRegistry, StreamProcessor
from powertools_stream.errors import ConfigurationError
from powertools_stream.flavors import task
from powertools_stream.outcomes import Reason
from powertools_stream.testing import to_sqs_records


def _event(*ids: str) -> dict[str, Any]:
    return to_sqs_records([{"id": one, "type": "x"} for one in ids])


def test_a_processor_that_is_entered_again_from_one_of_its_rules_says_so_and_the_batch_goes_on() -> None:
    rules = RuleRegistry()
    processor = StreamProcessor(rules=rules, on_fault=FaultPolicy.PUBLISH, bus_name=None)
    done: list[str] = []

    @rules.register(task)
    def again(uow: Any) -> None:
        if uow.event["id"] == "2":
            processor.process_event(_event("inner"))
        done.append(uow.event["id"])

    response = processor.process_event(_event("1", "2", "3"))

    assert done == ["1", "3"]
    assert len(response["batchItemFailures"]) == 1
    (fault,) = processor.faults
    assert isinstance(fault.error, ConfigurationError)
    assert fault.reason is Reason.CONFIGURATION
    assert "from within which it is called" in str(fault.error)


def test_a_second_thread_is_refused_and_nothing_of_it_is_acknowledged() -> None:
    entered, go_on = threading.Event(), threading.Event()

    def execute(uow: Any) -> None:
        entered.set()
        go_on.wait(5)

    processor = StreamProcessor(rules=[{"id": "r", "flavor": task, "execute": execute}])
    responses: list[Any] = []
    thread = threading.Thread(target=lambda: responses.append(processor.process_event(_event("1"))), name="first")
    thread.start()
    entered.wait(5)

    with pytest.raises(ConfigurationError, match="at work on another batch, on another thread"):
        processor.process_event(_event("2"))
    with pytest.raises(ConfigurationError):
        process_partial_response(_event("2"), lambda record: None, processor, None)

    go_on.set()
    thread.join(5)
    assert responses == [{"batchItemFailures": []}]
    assert processor.process_event(_event("3")) == {"batchItemFailures": []}


def test_each_thread_reads_the_response_to_its_own_batch() -> None:
    processor = StreamProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    read: dict[str, Any] = {}
    first_is_done, second_is_done = threading.Event(), threading.Event()

    def fails(record: Any) -> None:
        raise ValueError(record.message_id)

    def first() -> None:
        with processor(_event("1")["Records"], fails):
            processor.process()
        first_is_done.set()
        second_is_done.wait(5)
        read["first"] = processor.response()

    def second() -> None:
        first_is_done.wait(5)
        with processor(_event("2")["Records"], lambda record: None):
            processor.process()
        read["second"] = processor.response()
        second_is_done.set()

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(read["first"]["batchItemFailures"]) == 1
    assert read["second"] == {"batchItemFailures": []}


def test_what_another_thread_has_processed_can_be_read_here() -> None:
    processor = StreamProcessor(rules=[{"id": "r", "flavor": task, "execute": lambda uow: 1}])
    thread = threading.Thread(target=processor.process_event, args=(_event("1"),))
    thread.start()
    thread.join(5)

    assert [result.rule_id for result in processor.results] == ["r"]


def test_two_processors_may_be_nested() -> None:
    inner = StreamProcessor(rules=[{"id": "inner", "flavor": task, "execute": lambda uow: 1}])
    outer = StreamProcessor(
        rules=[{"id": "outer", "flavor": task, "execute": lambda uow: inner.process_event(_event("i"))}]
    )

    assert outer.process_event(_event("1", "2")) == {"batchItemFailures": []}


def test_a_batch_that_ended_in_an_error_leaves_the_processor_free() -> None:
    def execute(uow: Any) -> None:
        raise KeyboardInterrupt

    processor = StreamProcessor(rules=[{"id": "r", "flavor": task, "execute": execute}])
    with pytest.raises(KeyboardInterrupt):
        processor.process_event(_event("1"))

    with pytest.raises(KeyboardInterrupt):
        processor.process_event(_event("1"))


def test_a_thread_that_ended_without_a_batch_does_not_keep_the_processor() -> None:
    processor = StreamProcessor(EventType.SQS)
    thread = threading.Thread(target=lambda: processor(_event("1")["Records"], lambda record: None))
    thread.start()
    thread.join(5)

    assert processor.process_event(_event("2")) == {"batchItemFailures": []}
