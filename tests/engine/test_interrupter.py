"""User code that does not keep to the deadline, whatever it does to the signals."""

from __future__ import annotations

import asyncio
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel, model_validator

from powertools_stream import FaultPolicy, RetryableError, StreamProcessor
from powertools_stream.errors import DeadlineError
from powertools_stream.flavors import task
from powertools_stream.outcomes import Reason
from powertools_stream.requests import Call
from powertools_stream.sources import SQSSource
from powertools_stream.testing import FakeConnector, run, to_sqs_records

Context = Callable[..., Any]

EVENTS = to_sqs_records([{"id": str(n), "type": "x", "n": n} for n in range(3)])


SOON = 5.0
"""Seconds: more than the invocations have, since a test machine may be slow, and less than what hangs in them."""


def _hang() -> None:
    while True:
        time.sleep(10)


def _spin() -> None:
    while True:
        pass


@pytest.fixture(autouse=True)
def _handler_is_put_back() -> Iterator[None]:
    before = signal.getsignal(signal.SIGALRM)
    yield
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.parametrize("hang", [_hang, _spin])
@pytest.mark.parametrize(
    "tamper",
    [
        lambda: None,
        lambda: signal.alarm(0),
        lambda: signal.setitimer(signal.ITIMER_REAL, 0),
        lambda: signal.signal(signal.SIGALRM, signal.SIG_IGN),
        lambda: signal.signal(signal.SIGALRM, lambda *_: None),
    ],
    ids=["nothing", "alarm", "timer", "ignored", "handler"],
)
def test_what_a_rule_does_to_the_alarm_does_not_keep_the_next_from_being_cut_off(
    tamper: Callable[[], Any], hang: Callable[[], None], lambda_context: Context
) -> None:
    def execute(uow: Any) -> None:
        if uow.event["n"] == 0:
            tamper()
        elif uow.event["n"] == 1:
            hang()

    started = time.monotonic()
    outcome = run([{"id": "r", "flavor": task, "execute": execute}], EVENTS, context=lambda_context(remaining_ms=1_200))

    assert time.monotonic() - started < SOON
    assert [fault.reason for fault in outcome.faults] == [Reason.UNFINISHED] * 2
    assert len(outcome.response["batchItemFailures"]) == 2


@pytest.mark.parametrize("tamper", [lambda: signal.alarm(0), lambda: signal.signal(signal.SIGALRM, signal.SIG_IGN)])
def test_a_rule_that_switches_the_alarm_off_and_hangs_is_cut_off(
    tamper: Callable[[], Any], lambda_context: Context
) -> None:
    def execute(uow: Any) -> None:
        tamper()
        _spin()

    started = time.monotonic()
    outcome = run([{"id": "r", "flavor": task, "execute": execute}], EVENTS, context=lambda_context(remaining_ms=1_200))

    assert time.monotonic() - started < SOON
    assert {fault.reason for fault in outcome.faults} == {Reason.UNFINISHED}


def test_a_regular_expression_without_end_is_cut_off(lambda_context: Context) -> None:
    rule = {"id": "r", "flavor": task, "event_type": re.compile("a*" * 12 + "!"), "execute": lambda uow: None}
    events = to_sqs_records([{"id": "1", "type": "a" * 300}, {"id": "2", "type": "a"}])

    started = time.monotonic()
    outcome = run([rule], events, context=lambda_context(remaining_ms=800))

    assert time.monotonic() - started < SOON
    assert [fault.reason for fault in outcome.faults] == [Reason.UNFINISHED] * 2


def test_a_predicate_that_raises_makes_the_error_a_fault_and_one_that_hangs_is_cut_off(
    lambda_context: Context,
) -> None:
    def predicate(error: BaseException) -> bool:
        if "hang" in str(error):
            _hang()
        raise AttributeError("no such thing")

    def execute(uow: Any) -> None:
        raise ValueError("hang" if uow.event["n"] == 2 else "raise")

    outcome = run(
        [{"id": "r", "flavor": task, "execute": execute}],
        EVENTS,
        context=lambda_context(remaining_ms=800),
        retryable=predicate,
    )

    assert [type(fault.error) for fault in outcome.faults] == [ValueError] * 3
    # Of the last one nobody knows whether it passes by itself.
    assert [fault.reason for fault in outcome.faults] == [Reason.FAULT, Reason.FAULT, Reason.UNFINISHED]


def _raises_from(uow: Any) -> None:
    try:
        time.sleep(50)
    except BaseException as error:
        raise ValueError("wrapped") from error


def _raises_from_none(uow: Any) -> None:
    try:
        time.sleep(50)
    except BaseException:
        raise ValueError("wrapped") from None


def _raises_finally(uow: Any) -> None:
    try:
        time.sleep(50)
    finally:
        raise ValueError("instead")


async def _raises_in_coroutine(uow: Any) -> None:
    _raises_from(uow)


def _raises_in_generator(uow: Any) -> Iterator[Any]:
    yield Call(int)
    _raises_from_none(uow)


class _Model(BaseModel):
    @model_validator(mode="before")
    @classmethod
    def _check(cls, values: Any) -> Any:
        _raises_from(values)


@pytest.mark.parametrize(
    "fields",
    [
        {"execute": _raises_from},
        {"execute": _raises_from_none},
        {"execute": _raises_finally},
        {"execute": _raises_in_coroutine},
        {"execute": _raises_in_generator},
        {"execute": lambda uow: None, "filters": [_raises_from]},
        {"execute": lambda uow: None, "event_type": _raises_from_none},
        {"execute": lambda uow: None, "event_model": _Model},
        {"emit": lambda uow, template: _raises_from(uow)},
    ],
    ids=["from", "from none", "finally", "coroutine", "generator", "filter", "event type", "model", "emit"],
)
def test_what_user_code_makes_of_the_interruption_is_no_fault(fields: dict[str, Any], lambda_context: Context) -> None:
    outcome = run(
        [{"id": "r", "flavor": task, **fields}],
        EVENTS,
        on_fault=FaultPolicy.PUBLISH,
        context=lambda_context(remaining_ms=800),
    )

    assert [fault.reason for fault in outcome.faults] == [Reason.UNFINISHED] * 3
    assert len(outcome.response["batchItemFailures"]) == 3


async def _spin_in_task() -> None:
    _spin()


async def _waits_for_a_task(uow: Any) -> None:
    await asyncio.create_task(_spin_in_task())


async def _leaves_a_task(uow: Any) -> None:
    tasks.append(asyncio.create_task(_spin_in_task()))
    await asyncio.sleep(30)


async def _calls_back(uow: Any) -> None:
    asyncio.get_running_loop().call_soon(_spin)
    await asyncio.sleep(30)


tasks: list[Any] = []


@pytest.mark.parametrize("execute", [_waits_for_a_task, _leaves_a_task, _calls_back])
def test_a_task_of_the_users_own_that_never_lets_go_is_cut_off(
    execute: Callable[[Any], Any], lambda_context: Context
) -> None:
    rules = [{"id": "r", "flavor": task, "execute": execute}, {"id": "other", "flavor": task, "execute": _noop}]
    processor = StreamProcessor(rules=rules, raise_on_entire_batch_failure=False)

    started = time.monotonic()
    response = processor.process_event(EVENTS, lambda_context(remaining_ms=800))
    took = time.monotonic() - started

    assert took < SOON
    assert len(response["batchItemFailures"]) == 3
    assert {fault.reason for fault in processor.faults} <= {Reason.UNFINISHED, Reason.RETRYABLE}
    # The next invocation goes on as if nothing had been.
    processor = StreamProcessor(rules=[{"id": "other", "flavor": task, "execute": _noop}])
    assert processor.process_event(EVENTS, lambda_context(remaining_ms=5_000)) == {"batchItemFailures": []}


async def _noop(uow: Any) -> None:
    await asyncio.sleep(0)


class _Hanging(FakeConnector):
    """Hangs in its own code on the main thread."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self._method = method

    def entries(self, request: Any) -> Any:
        if self._method == "entries":
            _hang()
        return super().entries(request)

    def answer(self, request: Any, responses: Any) -> Any:
        if self._method == "answer":
            _hang()
        return super().answer(request, responses)


@pytest.mark.parametrize("method", ["entries", "answer"])
def test_a_connector_of_the_users_own_that_hangs_is_cut_off(method: str, lambda_context: Context) -> None:
    started = time.monotonic()
    outcome = run(
        [{"id": "r", "flavor": task, "emit": "done"}],
        EVENTS,
        connectors=[_Hanging(method)],
        context=lambda_context(remaining_ms=800),
    )

    assert time.monotonic() - started < SOON
    assert {fault.reason for fault in outcome.faults} == {Reason.UNFINISHED}
    assert len(outcome.response["batchItemFailures"]) == 3


def test_an_observer_of_calls_that_hangs_does_not_hold_up_the_response(lambda_context: Context) -> None:
    class Observer:
        def on_call(self, details: Any) -> None:
            _hang()

        def on_record_failed(self, details: Any) -> None: ...

    rules = [{"id": "r", "flavor": task, "emit": "done"}]
    processor = StreamProcessor(rules=rules, bus_name="bus", connectors=[FakeConnector()], observers=[Observer()])

    started = time.monotonic()
    processor.process_event(EVENTS, lambda_context(remaining_ms=800))

    assert time.monotonic() - started < SOON


def test_an_observer_or_a_handler_that_hangs_does_not_hold_up_the_response(lambda_context: Context) -> None:
    class Observer:
        def on_call(self, details: Any) -> None: ...

        def on_record_failed(self, details: Any) -> None:
            _hang()

    class Processor(StreamProcessor):
        def failure_handler(self, record: Any, exception: Any) -> Any:
            _hang()

    def execute(uow: Any) -> None:
        if uow.event["n"]:
            raise RetryableError("not now")

    processor = Processor(rules=[{"id": "r", "flavor": task, "execute": execute}], observers=[Observer()])

    started = time.monotonic()
    response = processor.process_event(EVENTS, lambda_context(remaining_ms=1_000))

    assert time.monotonic() - started < SOON
    assert len(response["batchItemFailures"]) == 2


def test_on_another_thread_a_hang_is_left_behind_and_the_response_goes_out(lambda_context: Context) -> None:
    ends = threading.Event()
    seen: list[int] = []

    def execute(uow: Any) -> None:
        seen.append(uow.event["n"])
        if uow.event["n"] == 1 and not ends.is_set():
            ends.wait(20)

    processor = StreamProcessor(rules=[{"id": "r", "flavor": task, "execute": execute}])
    responses: list[Any] = []

    def invoke() -> None:
        responses.append(processor.process_event(EVENTS, lambda_context(remaining_ms=800)))

    started = time.monotonic()
    thread = threading.Thread(target=invoke)
    thread.start()
    thread.join(5)
    assert time.monotonic() - started < SOON
    assert [len(response["batchItemFailures"]) for response in responses] == [2]
    assert seen == [0, 1]

    # While it hangs nothing is started beside it; once it has ended, all goes on.
    invoke()
    assert len(responses[-1]["batchItemFailures"]) == 3
    assert seen == [0, 1]
    ends.set()
    invoke()
    assert responses[-1] == {"batchItemFailures": []}
    assert seen == [0, 1, 0, 1, 2]


def test_what_was_cut_off_says_so(lambda_context: Context) -> None:
    outcome = run(
        [{"id": "r", "flavor": task, "execute": lambda uow: _hang()}], EVENTS, context=lambda_context(remaining_ms=500)
    )

    assert all(isinstance(fault.error, DeadlineError) for fault in outcome.faults)


@pytest.mark.parametrize("hanging", ["read", "event_type", "filter", "execute"])
def test_nothing_goes_on_behind_what_was_left_behind(hanging: str, lambda_context: Context) -> None:
    ends = threading.Event()
    steps: list[str] = []

    def step(name: str) -> bool:
        steps.append(name)
        if name == hanging:
            ends.wait(20)
        return True

    class Source(SQSSource):
        def read(self, record: Any) -> Any:
            step("read")
            return super().read(record)

    rules = [
        {
            "id": "first",
            "flavor": task,
            "event_type": lambda _: step("event_type"),
            "execute": lambda _: step("execute"),
        },
        {"id": "second", "flavor": task, "filters": [lambda _: step("filter")], "execute": lambda _: step("execute")},
    ]
    processor = StreamProcessor(rules=rules, source=Source(), raise_on_entire_batch_failure=False)
    responses: list[Any] = []

    def invoke() -> None:
        responses.append(processor.process_event(EVENTS, lambda_context(remaining_ms=400)))

    thread = threading.Thread(target=invoke)
    thread.start()
    thread.join(SOON)
    ends.set()
    for left in [thread for thread in threading.enumerate() if thread.name == "powertools-stream-batch"]:
        left.join(SOON)

    assert [len(response["batchItemFailures"]) for response in responses] == [3]
    assert steps[-1] == hanging
    assert steps.count(hanging) == 1
