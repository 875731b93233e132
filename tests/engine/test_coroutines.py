from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
import types
from collections.abc import Generator
from typing import Any

import pytest

from powertools_stream import FaultPolicy, StreamProcessor, UnitOfWork
from powertools_stream.engine.coroutines import _interruptible
from powertools_stream.engine.deadline import NO_DEADLINE
from powertools_stream.engine.interrupter import Interrupter
from powertools_stream.flavors import task
from powertools_stream.outcomes import Reason
from powertools_stream.requests import Call
from powertools_stream.testing import FakeConnector, run
from tests.engine.store import numbered


def test_coroutines_of_a_batch_run_side_by_side_on_one_loop_kept_between_batches() -> None:
    loops: set[int] = set()
    under_way = 0
    most = 0

    async def execute(uow: UnitOfWork) -> None:
        nonlocal under_way, most
        loops.add(id(asyncio.get_running_loop()))
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1

    processor = StreamProcessor(rules=[{"id": "async", "flavor": task, "execute": execute}])
    for _ in range(2):
        assert processor.process_event(numbered(5)) == {"batchItemFailures": []}

    assert most == 5
    assert len(loops) == 1


def test_in_lambda_coroutines_run_on_the_loop_that_what_was_opened_at_cold_start_belongs_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAMBDA_TASK_ROOT", "/var/task")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loops = list[Any]()

    async def execute(uow: UnitOfWork) -> None:
        loops.append(asyncio.get_running_loop())
        await loop.create_task(asyncio.sleep(0))  # on another loop, this would be an error

    try:
        processors = [StreamProcessor(rules=[{"id": "r", "flavor": task, "execute": execute}]) for _ in range(2)]
        for processor in (*processors, *processors):
            assert processor.process_event(numbered(2)) == {"batchItemFailures": []}
        assert loop.run_until_complete(asyncio.sleep(0, "usable")) == "usable"
    finally:
        asyncio.set_event_loop(None)
        loop.close()

    assert set(loops) == {loop}


async def _inside_a_loop(rules: Any, event: Any) -> Any:
    return run(rules, event)


def test_a_coroutine_inside_a_running_loop_is_a_clear_error() -> None:

    async def execute(uow: UnitOfWork) -> None: ...

    rules = [{"id": "async", "flavor": task, "execute": execute}]
    outcome = asyncio.run(_inside_a_loop(rules, numbered(1)))

    assert "found a loop running already" in str(outcome.faults[0].error)


def test_many_coroutines_that_end_together_are_all_waited_for_and_no_longer() -> None:
    async def short(n: int) -> int:
        await asyncio.sleep(n % 3 / 10_000)
        return n

    def asks(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, UnitOfWork]:
        total = 0
        for n in range(5):
            answers = yield [short(n), Call(int, n), short(n + 1)]
            total += sum(answers)
        return uow.extend(total=total)

    for _ in range(10):
        outcome = run([{"id": "asks", "flavor": asks}], numbered(20), max_workers=4)

        assert [result.uow["total"] for result in outcome.results] == [35] * 20


def test_a_coroutine_that_cancels_itself_or_ends_by_a_base_exception_fails_at_once() -> None:
    async def execute(uow: UnitOfWork) -> None:
        await asyncio.sleep(0)
        n = uow.event["n"]
        if n == 1:
            raise asyncio.CancelledError
        if n == 2:
            raise GeneratorExit
        if n == 3:
            raise SystemExit(1)
        if n == 4:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(1)

    processor = StreamProcessor(rules=[{"id": "async", "flavor": task, "execute": execute, "ordered": False}])

    started = time.monotonic()
    response = processor.process_event(numbered(6))

    assert time.monotonic() - started < 1
    assert len(response["batchItemFailures"]) == 4
    assert [type(fault.error) for fault in processor.faults[:3]] == [asyncio.CancelledError, GeneratorExit, SystemExit]


def test_one_that_cancels_all_tasks_sets_no_other_record_aside() -> None:
    async def execute(uow: UnitOfWork) -> None:
        await asyncio.sleep(0.01 * uow.event["n"])
        if uow.event["n"] == 1:
            for one in asyncio.all_tasks():
                one.cancel()
            raise ValueError("mine")
        await asyncio.sleep(0.05)

    processor = StreamProcessor(
        rules=[{"id": "async", "flavor": task, "execute": execute, "ordered": False}],
        raise_on_entire_batch_failure=False,
    )

    response = processor.process_event(numbered(3))

    assert len(response["batchItemFailures"]) >= 1
    if sys.version_info >= (3, 11):  # earlier nobody can tell who has cancelled a task
        assert [fault.reason for fault in processor.faults if not isinstance(fault.error, ValueError)] in (
            [Reason.RETRYABLE] * 2,
            [Reason.RETRYABLE],
            [],
        )


def test_no_step_of_a_coroutine_of_one_batch_runs_in_the_next(
    lambda_context: Any, caplog: pytest.LogCaptureFixture
) -> None:
    invocation = 0
    steps: list[tuple[int, int]] = []

    async def leftover(mine: int) -> None:
        while True:
            steps.append((mine, invocation))
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.001)

    async def execute(uow: UnitOfWork) -> None:
        if uow.event["n"] == 0:
            await leftover(invocation)  # swallows its cancellation
        if uow.event["n"] == 1:
            asyncio.get_running_loop().create_task(leftover(invocation))  # nobody waits for it
        await asyncio.sleep(0.005)

    processor = StreamProcessor(
        rules=[{"id": "async", "flavor": task, "execute": execute, "ordered": False}],
        raise_on_entire_batch_failure=False,
    )
    for _ in range(3):
        invocation += 1
        response = processor.process_event(numbered(3), lambda_context(remaining_ms=400))
        assert len(response["batchItemFailures"]) == 1

    assert {mine for mine, _ in steps} == {1, 2, 3}
    assert all(mine == now for mine, now in steps)
    assert "left behind with their event loop" in caplog.text


def test_a_leftover_that_blocks_does_not_hold_up_the_next_invocation(lambda_context: Any) -> None:
    async def execute(uow: UnitOfWork) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            time.sleep(60)

    processor = StreamProcessor(
        rules=[{"id": "async", "flavor": task, "execute": execute}], raise_on_entire_batch_failure=False
    )
    for _ in range(2):
        started = time.monotonic()
        processor.process_event(numbered(2), lambda_context(remaining_ms=600))
        assert time.monotonic() - started < 5, "more than there is, for slow machines, and less than what blocks"


def test_a_task_that_was_there_before_the_batch_lives_on() -> None:
    ticks: list[int] = []

    async def tick() -> None:
        while True:
            ticks.append(len(ticks))
            await asyncio.sleep(0.001)

    processor = StreamProcessor(
        rules=[{"id": "async", "flavor": task, "execute": lambda uow: asyncio.sleep(0.005)}],
    )
    processor.process_event(numbered(1))
    loop: Any = processor._engine._coroutines._loop
    ticking = loop.create_task(tick())
    for _ in range(2):
        processor.process_event(numbered(1))

    assert not ticking.done()
    assert len(ticks) > 2
    ticking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        loop.run_until_complete(ticking)


def test_an_async_rule_inside_a_running_loop_is_the_deployments_fault() -> None:
    async def execute(uow: UnitOfWork) -> None: ...

    processor = StreamProcessor(
        rules=[{"id": "async", "flavor": task, "execute": execute}],
        on_fault=FaultPolicy.PUBLISH,
        connectors=[FakeConnector()],
        bus_name="bus",
        raise_on_entire_batch_failure=False,
    )

    async def main() -> Any:
        return processor.process_event(numbered(1))

    assert len(asyncio.run(main())["batchItemFailures"]) == 1
    assert [fault.reason for fault in processor.faults] == [Reason.CONFIGURATION]


def test_a_coroutine_that_stops_its_loop_does_no_harm_to_the_others() -> None:
    async def execute(uow: UnitOfWork) -> None:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0)
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0.001)

    processor = StreamProcessor(rules=[{"id": "async", "flavor": task, "execute": execute}])

    for _ in range(2):
        assert processor.process_event(numbered(5)) == {"batchItemFailures": []}


def test_coroutines_that_are_cancelled_before_they_begin_fail_at_once() -> None:
    async def execute(uow: UnitOfWork) -> None:
        if uow.event["n"] == 0:
            for one in asyncio.all_tasks():
                one.cancel()
        await asyncio.sleep(0.001)

    processor = StreamProcessor(
        rules=[{"id": "async", "flavor": task, "execute": execute, "ordered": False}],
        raise_on_entire_batch_failure=False,
    )

    response = processor.process_event(numbered(5))  # without a deadline, it would wait for ever

    assert len(response["batchItemFailures"]) == 5
    began, *others = [fault.reason for fault in processor.faults]
    assert set(others) == {Reason.RETRYABLE}
    # Before Python 3.11 a task does not tell whether it was cancelled from outside.
    assert began is (Reason.RETRYABLE if sys.version_info >= (3, 11) else Reason.FAULT)


@types.coroutine
def _pause() -> Generator[None, None, None]:
    yield


@pytest.mark.parametrize(("fate", "cleans_up"), [("waiting", True), ("closed", True), ("left behind", False)])
def test_a_coroutine_that_is_thrown_away_says_nothing_and_runs_no_step_of_an_invocation_that_is_over(
    fate: str, cleans_up: bool
) -> None:
    steps: list[str] = []

    async def execute() -> None:
        try:
            await _pause()
        finally:
            steps.append("cleaned up")

    interrupter, coroutine = Interrupter(NO_DEADLINE), execute()
    driven = _interruptible(coroutine, interrupter, None, None)
    driven.send(None)
    if fate == "closed":
        coroutine.close()
    elif fate == "left behind":
        interrupter.leave_behind()
        thread = threading.Thread(target=driven.close)
        thread.start()
        thread.join()
        assert steps == []
    driven.close()

    assert steps == (["cleaned up"] if cleans_up else [])
    coroutine.close()
