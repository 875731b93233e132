"""The calls of a batch: those that are under way on worker threads, and those that wait for their rate."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from queue import Empty, Queue
from typing import TYPE_CHECKING

from powertools_stream.engine.dispatch.chunk_call import NO_TURN, ChunkCall
from powertools_stream.engine.dispatch.paced_calls import PacedCalls
from powertools_stream.engine.failed import Failed
from powertools_stream.engine.observers import Observers
from powertools_stream.errors import DeadlineError, RetryableError

if TYPE_CHECKING:
    from powertools_stream.call_options import RetryPolicy
    from powertools_stream.engine.dispatch.chunks import Chunk
    from powertools_stream.engine.dispatch.workers import WorkerPool
    from powertools_stream.engine.interrupter import Attempt
    from powertools_stream.engine.observation import Observation
    from powertools_stream.outcomes import Observer

__all__ = ["CallRunner"]

_log = logging.getLogger("powertools_stream")

_LONGEST_WAIT = 3600.0
"""Seconds; a queue takes no infinite time-out."""


_MOMENT = 0.002
"""Seconds: the shortest time that shows whether the process has CPU to spare."""


class _Begun:
    """Says that a call with a rate goes now."""

    __slots__ = ("chunk",)

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk


class CallRunner:
    """Starts the calls of a batch, and returns those that have ended.

    Parameters
    ----------
    workers
        Carry the calls out.
    retry
        How entries are sent again that failed in passing.
    observers
        Told of each call that has ended.
    deadline
        No call is started, and none is tried again, at this time or later (`time.monotonic` seconds).
    wake
        Called on any thread when a call has ended, so that the main thread stops waiting for something else.
    attempt
        Calls user code, and returns what it raises as `Failed`.
    observation
        What observers see of the batch; None: nobody watches.

    Attributes
    ----------
    under_way
        How many calls have been started and not returned.
    are_observed
        Whether calls are made with the context variables of who asked for them.
    """

    def __init__(
        self,
        workers: WorkerPool,
        retry: RetryPolicy,
        observers: Sequence[Observer],
        deadline: float,
        wake: Callable[[], None],
        attempt: Attempt,
        observation: Observation | None = None,
    ) -> None:
        self.under_way = 0
        self.are_observed = observation is not None
        self._attempt = attempt
        self._observation = observation
        self._workers = workers
        self._retry = retry
        self._observers = Observers(observers, _log)
        self._deadline = deadline
        self._wake = wake
        # Made for the first call of their kind only: a queue costs as much as two records.
        self._paced: PacedCalls | None = None
        self._reports: Queue[ChunkCall | _Begun] | None = None

    def start(self, chunk: Chunk) -> None:
        """Make the call of a chunk, now or when its turn comes."""
        self.under_way += 1
        if self._reports is None:
            # Not a SimpleQueue: its get() waits for ever if a signal, such as the interrupter's, comes as its time runs
            # out.
            self._reports = Queue()
        if not chunk.operation.pacers:
            self._carry_out(chunk)
            return
        if self._paced is None:
            self._paced = PacedCalls(self._deadline, time.monotonic)
        self._paced.add(chunk)
        self._start_due(self._paced)

    def ended(self, timeout: float = 0.0) -> Sequence[ChunkCall]:
        """Return the calls that have ended; wait up to `timeout` seconds for the first."""
        if self._paced is not None:
            self._start_due(self._paced)
        reports = self._reports
        if reports is None or not self.under_way:
            return ()
        calls: list[ChunkCall] = []
        try:
            report = self._first(reports, timeout) if timeout > 0 else reports.get_nowait()
            while True:
                if isinstance(report, ChunkCall):
                    calls.append(report)
                elif self._paced is not None:
                    self._paced.begun(report.chunk)
                report = reports.get_nowait()
        except Empty:
            pass
        self.under_way -= len(calls)
        return calls

    def _first(self, reports: Queue[ChunkCall | _Begun], timeout: float) -> ChunkCall | _Begun:
        """Wait for the first report; if calls wait for a worker, which the CPU has time for, there are soon more.

        Raises
        ------
        Empty
            The time is over.
        """
        until, moment = time.monotonic() + min(timeout, _LONGEST_WAIT), _MOMENT
        while self._workers.has_waiting_jobs and until - (begun := time.monotonic()) > moment:
            cpu_before = time.process_time()
            try:
                return reports.get(timeout=moment)
            except Empty:
                if not self._workers.relieve(begun, cpu_before):
                    moment *= 2
        return reports.get(timeout=max(until - time.monotonic(), 0.001))

    def tell_observers(self, call: ChunkCall) -> None:
        """Tell the observers of a call that has ended."""
        for details in call.details:
            if type(self._attempt(self._observers.on_call, details)) is Failed:
                _log.error("An observer was cut off: the invocation is about to time out.")
            if self._observation is not None:
                self._observation.on_call(details)

    @property
    def next_turn(self) -> float:
        """When the turn of a call comes that waits for its rate (`time.monotonic` seconds); inf: none does."""
        return math.inf if self._paced is None else self._paced.next_at

    def on_begun(self, call: ChunkCall) -> None:
        """Let the next call with this rate wait for its turn; on the worker's thread."""
        self._tell(_Begun(call.chunk))

    def on_throttled(self) -> None:
        """Have fewer calls made at a time; on the worker's thread."""
        self._workers.slow_down()

    def on_completed(self, call: ChunkCall) -> None:
        """Have the main thread take the call; on the worker's thread."""
        self._tell(call)

    def _tell(self, report: ChunkCall | _Begun) -> None:
        assert self._reports is not None
        # The queue of its own batch: where a late answer goes, nobody looks any more.
        self._reports.put(report)
        self._wake()

    def _start_due(self, paced: PacedCalls) -> None:
        """Start the calls whose turn has come, and fail those for which it would come too late."""
        for chunk in paced.take():
            self._carry_out(chunk)
        for chunk in paced.give_up():
            self._call(chunk).fail(DeadlineError(NO_TURN))

    def _call(self, chunk: Chunk) -> ChunkCall:
        return ChunkCall(chunk, self._retry, self._deadline, self, self._observation)

    def _carry_out(self, chunk: Chunk) -> None:
        call = self._call(chunk)
        try:
            self._workers.submit(call)
        except (RuntimeError, MemoryError) as error:
            failed = RetryableError(f"No thread could be started for the call: {error}")
            failed.__cause__ = error
            call.fail(failed)
