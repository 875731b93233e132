"""Worker threads: what cannot be started, and what is left behind."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from powertools_stream import RetryPolicy, StreamProcessor, UnitOfWork, flavor
from powertools_stream.engine.dispatch.workers import WorkerPool
from powertools_stream.errors import RetryableError
from powertools_stream.flavors import task
from powertools_stream.outcomes import Reason
from powertools_stream.requests import Call
from powertools_stream.testing import to_sqs_records


class _Job:
    def __init__(self, done: list[int], hold: threading.Event | None = None) -> None:
        self.has_begun = threading.Event()
        self._done = done
        self._hold = hold

    def __str__(self) -> str:
        return "a job"

    def carry_out(self, dismissed: threading.Event) -> None:
        self.has_begun.set()
        if self._hold is not None:
            self._hold.wait(10)
        self._done.append(1)


def _fail_starts(monkeypatch: pytest.MonkeyPatch, failing: set[int]) -> None:
    """Let the starts of worker threads with these numbers fail, counted from 1."""
    start, starts = threading.Thread.start, [0]

    def flaky(self: threading.Thread) -> None:
        if self.name == "powertools-stream":
            starts[0] += 1
            if starts[0] in failing:
                raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", flaky)


def test_a_job_for_which_no_thread_can_be_started_is_refused_and_the_next_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _fail_starts(monkeypatch, {1})
    pool, done = WorkerPool(2), list[int]()

    with pytest.raises(RuntimeError, match="can't start"):
        pool.submit(_Job(done))
    job = _Job(done)
    pool.submit(job)

    assert job.has_begun.wait(5)
    pool.abandon()
    assert pool.wait_for_abandoned(time.monotonic() + 5)
    assert done == [1]


def test_a_thread_that_is_there_does_what_one_that_cannot_be_started_would_have_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _fail_starts(monkeypatch, {2, 3})
    pool, done = WorkerPool(4), list[int]()

    for _ in range(3):
        pool.submit(_Job(done))

    deadline = time.monotonic() + 5
    while len(done) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert done == [1, 1, 1]


@pytest.mark.parametrize("failing", [{1}, {1, 2}, {2}, {3}, set(range(1, 100))])
def test_each_request_is_answered_once_whichever_thread_does_not_start(
    monkeypatch: pytest.MonkeyPatch, failing: set[int]
) -> None:
    _fail_starts(monkeypatch, failing)
    answered: list[str] = []

    @flavor()
    def two(uow: UnitOfWork, rule: Any) -> Any:
        for _ in range(2):
            try:
                yield [Call(time.sleep, 0.01), Call(time.sleep, 0.01)]
            finally:
                answered.append(uow.event["id"])

    processor = StreamProcessor(
        rules=[{"id": "two", "flavor": two}],
        raise_on_entire_batch_failure=False,
        retry=RetryPolicy(max_attempts=1),
    )
    event = to_sqs_records([{"id": str(n), "type": "x"} for n in range(4)])

    started = time.monotonic()
    processor.process_event(event)

    assert time.monotonic() - started < 5
    assert all(fault.reason is Reason.RETRYABLE for fault in processor.faults)
    assert all(isinstance(fault.error, RetryableError) for fault in processor.faults)
    assert all(answered.count(str(n)) <= 2 for n in range(4))

    monkeypatch.undo()
    assert processor.process_event(event) == {"batchItemFailures": []}


def test_an_abandoned_group_of_threads_goes_when_it_has_ended() -> None:
    pool, hold = WorkerPool(1), threading.Event()
    job = _Job([], hold)
    pool.submit(job)
    assert job.has_begun.wait(5)
    group = weakref.ref(pool._group)
    pool.abandon()

    assert [stuck.what for stuck in pool.stuck()] == ["a job"]
    assert not pool.wait_for_abandoned(time.monotonic())
    hold.set()
    assert pool.wait_for_abandoned(time.monotonic() + 5)

    gc.collect()
    assert pool.stuck() == []
    assert group() is None


def test_a_call_that_hangs_is_named_with_its_rule_in_every_later_invocation(
    lambda_context: Any, caplog: pytest.LogCaptureFixture
) -> None:
    hold = threading.Event()
    processor = StreamProcessor(
        rules=[{"id": "stuck", "flavor": task, "execute": lambda uow: Call(hold.wait, 20)}],
        raise_on_entire_batch_failure=False,
    )
    event = to_sqs_records([{"id": "1", "type": "x"}])

    for _ in range(2):
        assert len(processor.process_event(event, lambda_context(remaining_ms=300))["batchItemFailures"]) == 1
    hold.set()

    (line,) = [record.getMessage() for record in caplog.records if "Nothing is processed" in record.getMessage()]
    assert "call Call of stuck, for 0 s" in line
    assert "exit_if_stuck" in line
    assert processor.process_event(event, lambda_context(remaining_ms=3_000)) == {"batchItemFailures": []}


@pytest.fixture
def _idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process use no CPU, whatever else the machine has to do."""
    monkeypatch.setattr(time, "process_time", lambda: 0.0)


# -- How many ----------------------------------------------------------------------------------------------------------
class _Gauge:
    """Measures how many jobs are under way at a time."""

    def __init__(self) -> None:
        self.most = self.done = 0
        self._under_way = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self._under_way += 1
            self.most = max(self.most, self._under_way)

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._under_way -= 1
            self.done += 1


class _Measured:
    def __init__(self, gauge: _Gauge, work: Callable[[], object]) -> None:
        self._gauge = gauge
        self._work = work

    def __str__(self) -> str:
        return "a job that is measured"

    def carry_out(self, dismissed: threading.Event) -> None:
        with self._gauge:
            self._work()


def _sleep() -> None:
    time.sleep(0.01)


def _most_at_a_time(pool: WorkerPool, jobs: int, work: Callable[[], object]) -> int:
    gauge = _Gauge()
    for _ in range(jobs):
        pool.submit(_Measured(gauge, work))
    deadline = time.monotonic() + 20
    while gauge.done < jobs and time.monotonic() < deadline:
        time.sleep(0.01)
    assert gauge.done == jobs
    return gauge.most


@pytest.mark.usefixtures("_idle")
def test_jobs_that_wait_while_services_take_their_time_get_more_threads() -> None:
    pool = WorkerPool(20)

    assert 8 < _most_at_a_time(pool, 400, _sleep) <= 20
    assert _most_at_a_time(pool, 5, _sleep) <= 5


def test_there_are_no_more_threads_if_the_cpu_has_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "process_time", time.monotonic)

    assert _most_at_a_time(WorkerPool(32), 100, _sleep) <= 8


@pytest.mark.parametrize("size", [1, 3, 8])
@pytest.mark.usefixtures("_idle")
def test_there_are_never_more_threads_than_are_allowed(size: int) -> None:
    assert _most_at_a_time(WorkerPool(size), 60, _sleep) == size


@pytest.mark.usefixtures("_idle")
def test_after_a_service_was_throttled_there_are_fewer() -> None:
    pool = WorkerPool(20)
    assert _most_at_a_time(pool, 400, _sleep) > 8

    for _ in range(3):
        pool.slow_down()
    _most_at_a_time(pool, 40, _sleep)  # each thread ends after its job

    assert _most_at_a_time(pool, 60, _sleep) <= 8


@pytest.mark.parametrize("failing", [set(range(9, 100)), {9, 10, 11}])
def test_a_thread_more_that_cannot_be_started_costs_nothing(failing: set[int], monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_starts(monkeypatch, failing)

    assert _most_at_a_time(WorkerPool(20), 200, _sleep) >= 8


@pytest.mark.usefixtures("_idle")
def test_jobs_that_wait_are_begun_as_soon_as_the_main_thread_has_to_wait_for_them() -> None:
    pool, gauge, hold = WorkerPool(32), _Gauge(), threading.Event()
    for _ in range(20):
        pool.submit(_Measured(gauge, lambda: hold.wait(10)))

    waiting, relieved = [pool.has_waiting_jobs], []
    for _ in range(3):
        relieved.append(pool.relieve(time.monotonic() - 0.002, 0.0))
        waiting.append(pool.has_waiting_jobs)

    assert relieved == [True, True, False]
    assert waiting == [True, True, False, False]

    until = time.monotonic() + 10
    while gauge.most < 20 and time.monotonic() < until:
        time.sleep(0.01)
    hold.set()
    assert gauge.most == 20


@pytest.mark.parametrize(("cpu", "throttled"), [(0.002, False), (0.0, True)])
def test_jobs_wait_if_the_cpu_has_no_time_or_a_service_was_throttled(
    cpu: float, throttled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "process_time", lambda: cpu)
    pool, gauge, hold = WorkerPool(32), _Gauge(), threading.Event()
    for _ in range(20):
        pool.submit(_Measured(gauge, lambda: hold.wait(10)))
    if throttled:
        pool.slow_down()

    assert not pool.relieve(time.monotonic() - 0.002, 0.0)

    hold.set()


def test_calls_that_wait_for_a_worker_get_one_before_the_first_call_ends(lambda_context: Any) -> None:
    gauge, together = _Gauge(), threading.Barrier(12)

    def meet() -> None:
        with gauge:
            together.wait(10)  # needs more than the first eight

    def execute(uow: UnitOfWork) -> Call:
        return Call(meet)

    rules = [{"id": "r", "flavor": task, "execute": execute, "ordered": False}]
    processor = StreamProcessor(rules=rules)

    assert processor.process_event(to_sqs_records([{"type": "x"}] * 12)) == {"batchItemFailures": []}
    assert gauge.most == 12
