"""Worker threads of our own: daemons, kept between invocations, and left behind when they are stuck.

`concurrent.futures` does neither: it joins its threads when the interpreter ends, and cannot replace a stuck one.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from queue import SimpleQueue

__all__ = ["WorkerPool"]

Job = Callable[[threading.Event], None]
"""Does its work and delivers the outcome; is told by the flag that nobody waits for it any more."""


class _ThreadGroup:
    """Threads that work on one queue until they are dismissed."""

    def __init__(self, size: int) -> None:
        self.dismissed = threading.Event()
        self._size = size
        self._threads = 0
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._unfinished = 0
        self._changed = threading.Condition()

    def submit(self, job: Job) -> None:
        with self._changed:
            self._unfinished += 1
            starts_thread = self._threads < min(self._size, self._unfinished)
            self._threads += starts_thread
        self._jobs.put(job)
        if starts_thread:
            threading.Thread(target=self._work, name="powertools-stream", daemon=True).start()

    def dismiss(self) -> None:
        """Let idle threads end now and busy ones after their job; jobs that nobody has begun are dropped."""
        self.dismissed.set()
        for _ in range(self._threads):
            self._jobs.put(None)

    def wait(self, until: float) -> bool:
        """Wait until no job is under way; False: the time (`time.monotonic`) came first."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._unfinished, max(0.0, min(until - time.monotonic(), 3600.0)))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                if not self.dismissed.is_set():
                    job(self.dismissed)
            finally:
                del job  # an idle thread must not keep a batch alive
                with self._changed:
                    self._unfinished -= 1
                    self._changed.notify_all()


class WorkerPool:
    """Up to `size` threads that carry out jobs, in the order in which they came.

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
        """Have a job carried out."""
        self._group.submit(job)

    def abandon(self) -> None:
        """Leave behind whatever is under way, and go on with new threads."""
        self._group.dismiss()
        self._abandoned.append(self._group)
        self._group = self._new_group()

    def wait_for_abandoned(self, until: float) -> bool:
        """Wait for what was left behind to end; False: the time (`time.monotonic`) came first."""
        self._abandoned = [group for group in self._abandoned if not group.wait(until)]
        return not self._abandoned

    def _new_group(self) -> _ThreadGroup:
        group = _ThreadGroup(self.size)
        weakref.finalize(self, group.dismiss)  # its threads end with the processor that they work for
        return group
