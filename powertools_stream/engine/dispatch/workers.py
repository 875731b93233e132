"""Worker threads of our own: daemons, kept between invocations, and left behind when they are stuck.

`concurrent.futures` does neither: it joins its threads when the interpreter ends, and cannot replace a stuck one.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from queue import SimpleQueue
from typing import Protocol

__all__ = ["Job", "Stuck", "WorkerPool"]

_FIRST = 8
"""Threads that are there as soon as there is work for them. More come only if that is faster."""

_BUSY = 0.5
"""The part of its CPU that the process may use for more threads to make anything faster: else they wait for that."""

_TRUCE = 1.0
"""Seconds in which there are no more threads after a service has said that calls come too fast."""

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
_MEMORY_OF_ONE_CPU = 1_769

_LONGEST_WAIT = 3600.0
"""Seconds; a condition takes no infinite time-out."""


class Stuck:
    """What a thread is at.

    Parameters
    ----------
    what
        What it does.
    since
        When it has begun (`time.monotonic` seconds).
    """

    __slots__ = ("since", "what")

    def __init__(self, what: str, since: float) -> None:
        self.what = what
        self.since = since


class Job(Protocol):
    """Something to be done on a worker thread. As text, it says what it is."""

    def carry_out(self, dismissed: threading.Event) -> None:
        """Do it, and deliver the outcome; the flag says that nobody waits for it any more. Never raises."""


class _ThreadGroup:
    """Threads that work on one queue until they are dismissed."""

    def __init__(self, size: int) -> None:
        self.dismissed = threading.Event()
        self.finalizer: weakref.finalize[..., WorkerPool] | None = None
        self._size = size
        self._limit = min(size, _FIRST)
        self._busy = _BUSY * _cpus()
        self._may_grow_at = 0.0
        self._threads = 0
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._unfinished = 0
        self._changed = threading.Condition()
        self._running: dict[int, tuple[Job, float]] = {}

    def submit(self, job: Job) -> None:
        with self._changed:
            self._unfinished += 1
            starts_thread = self._threads < min(self._limit, self._unfinished)
            self._threads += starts_thread
        if starts_thread:
            try:
                self._start_thread()
            except BaseException:  # "can't start new thread", out of memory
                with self._changed:
                    self._threads -= 1
                    if not self._threads:
                        self._unfinished -= 1
                        raise
                # Those that there are will do the job as well.
        self._jobs.put(job)

    def slow_down(self) -> None:
        """Take note that a service wants fewer calls: half of the threads end, down to those of the beginning."""
        with self._changed:
            self._limit = max(min(self._size, _FIRST), self._limit // 2)
            self._may_grow_at = time.monotonic() + _TRUCE

    def running(self) -> list[Stuck]:
        """Return what is under way."""
        with self._changed:
            return [Stuck(str(job), since) for job, since in self._running.values()]

    def dismiss(self) -> None:
        """Let idle threads end now and busy ones after their job; jobs that nobody has begun are dropped."""
        self.dismissed.set()
        for _ in range(self._threads):
            self._jobs.put(None)

    def has_ended(self, until: float) -> bool:
        """Wait until no job of a dismissed group is under way; False: the time (`time.monotonic`) came first."""
        with self._changed:
            timeout = max(0.0, min(until - time.monotonic(), _LONGEST_WAIT))
            if not self._changed.wait_for(lambda: not self._unfinished, timeout):
                return False
        if self.finalizer is not None:
            self.finalizer.detach()  # else it would be kept as long as the pool
        return True

    def _start_thread(self) -> None:
        threading.Thread(target=self._work, name="powertools-stream", daemon=True).start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            begun, cpu_before = time.monotonic(), time.process_time()
            if not self.dismissed.is_set():
                self._running[threading.get_ident()] = (job, begun)
                job.carry_out(self.dismissed)
            del job  # an idle thread must not keep a batch alive
            is_idle = self._is_idle(begun, cpu_before)
            with self._changed:
                self._running.pop(threading.get_ident(), None)
                self._unfinished -= 1
                self._changed.notify_all()
                if self._threads > self._limit:
                    self._threads -= 1
                    return
            if is_idle:
                self._grow(1)

    def _is_idle(self, since: float, cpu_before: float) -> bool:
        """Tell whether the process has had CPU to spare since then: what was under way waited for services only."""
        return time.process_time() - cpu_before < (time.monotonic() - since) * self._busy

    def _grow(self, most: int) -> bool:
        """Start more threads if jobs wait and nobody minds; tell whether there are more."""
        with self._changed:
            more = min(most, self._unfinished - self._threads, self._size - self._limit)
            if more <= 0 or self.dismissed.is_set() or time.monotonic() < self._may_grow_at:
                return False
            self._limit += more
            self._threads += more
        for started in range(more):
            try:
                self._start_thread()
            except BaseException:  # those that there are do it
                with self._changed:
                    self._threads -= more - started
                return started > 0
        return True

    @property
    def has_waiting_jobs(self) -> bool:
        """Whether there are jobs that nobody has begun, and more threads might be started for them."""
        return self._unfinished > self._threads and self._limit < self._size

    def relieve(self, since: float, cpu_before: float) -> bool:
        """Start as many threads again as there are, if the process has been idle since then."""
        return self._is_idle(since, cpu_before) and self._grow(self._limit)


def _cpus() -> float:
    """Return how much of a CPU the function has, one at most: Python code runs on one thread at a time."""
    megabytes = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    return min(1.0, int(megabytes) / _MEMORY_OF_ONE_CPU) if megabytes.isdecimal() else 1.0


class WorkerPool:
    """Up to `size` threads that carry out jobs, in the order in which they came.

    There are up to 8 threads at first. If jobs wait although the CPU has time, because services take theirs to respond,
    there are more and more. If a service says that calls come too fast, there are fewer.

    Parameters
    ----------
    size
        How many threads there are at most.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._group = self._new_group()
        self._abandoned: list[_ThreadGroup] = []

    def submit(self, job: Job) -> None:
        """Have a job carried out.

        Raises
        ------
        RuntimeError, MemoryError
            No thread can be started, and there is none yet. The job is not carried out.
        """
        self._group.submit(job)

    @property
    def has_waiting_jobs(self) -> bool:
        """Whether there are jobs that nobody has begun, and more threads might be started for them."""
        return self._group.has_waiting_jobs

    def relieve(self, since: float, cpu_before: float) -> bool:
        """Have twice as many threads if the process has had CPU to spare; tell whether there are more.

        Parameters
        ----------
        since, cpu_before
            `time.monotonic` and `time.process_time` at the beginning of the time in question.
        """
        return self._group.relieve(since, cpu_before)

    def slow_down(self) -> None:
        """Take note that a service wants fewer calls. May be called on any thread."""
        self._group.slow_down()

    def abandon(self) -> None:
        """Leave behind whatever is under way, and go on with new threads."""
        self._group.dismiss()
        self._abandoned.append(self._group)
        self._group = self._new_group()

    def stuck(self) -> list[Stuck]:
        """Return the jobs that were left behind and have not ended."""
        return [job for group in self._abandoned for job in group.running()]

    def wait_for_abandoned(self, until: float) -> bool:
        """Wait for what was left behind to end; False: the time (`time.monotonic`) came first."""
        self._abandoned = [group for group in self._abandoned if not group.has_ended(until)]
        return not self._abandoned

    def _new_group(self) -> _ThreadGroup:
        group = _ThreadGroup(self.size)
        # Its threads end with the processor that they work for.
        group.finalizer = weakref.finalize(self, group.dismiss)
        return group
