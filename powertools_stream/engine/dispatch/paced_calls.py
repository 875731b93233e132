"""Calls that wait for their turn. Pure but for the clock of the pacers: decides which may go; sends nothing."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from powertools_stream.call_options import Pacer
    from powertools_stream.engine.dispatch.chunks import Chunk

__all__ = ["PacedCalls"]


class _Queue:
    """The calls that wait for the same pacers."""

    __slots__ = ("chunks", "handed_over", "interval", "pacers")

    def __init__(self, pacers: tuple[Pacer, ...]) -> None:
        self.pacers = pacers
        self.interval = max(pacer.interval for pacer in pacers)
        self.chunks: deque[Chunk] = deque()
        self.handed_over: Chunk | None = None

    @property
    def free_at(self) -> float:
        return max(pacer.free_at for pacer in self.pacers)

    def next(self, now: float) -> Chunk | None:
        """Return the call whose turn has come; None: there is none."""
        # Until the last one has begun nobody knows how long the next has to wait: all workers may be busy.
        if not self.chunks or self.handed_over is not None or self.free_at > now:
            return None
        if not all(pacer.take() for pacer in self.pacers):  # a call that is sent again was faster
            return None
        chunk = self.chunks.popleft()
        self.handed_over = chunk if self.interval else None
        return chunk

    def last_turn(self, now: float) -> float:
        """Return when the turn of the last one comes, at the earliest."""
        return max(now, self.free_at) + self.interval * (len(self.chunks) - 1)


class PacedCalls:
    """Calls that wait for their turn, in the order in which they came.

    They wait here and not on worker threads, which others need. No time is promised to a call before it goes: what is
    late, or is sent again, moves all behind it, so that they never come in a heap.

    Parameters
    ----------
    deadline
        No turn comes at this time or later (seconds of the clock).
    clock
        Tells the time: that of the pacers.
    """

    def __init__(self, deadline: float, clock: Callable[[], float]) -> None:
        self._deadline = deadline
        self._clock = clock
        self._queues: dict[tuple[Pacer, ...], _Queue] = {}

    def __bool__(self) -> bool:
        return bool(self._queues)

    def add(self, chunk: Chunk) -> None:
        """Put a call at the end of its queue."""
        pacers = chunk.operation.pacers
        queue = self._queues.get(pacers)
        if queue is None:
            queue = self._queues[pacers] = _Queue(pacers)
        queue.chunks.append(chunk)

    def take(self) -> list[Chunk]:
        """Return the calls whose turn has come. Of those with a rate, `begun` is to be told when they have begun."""
        due = []
        for pacers, queue in list(self._queues.items()):
            while (chunk := queue.next(self._clock())) is not None:
                due.append(chunk)
            if not queue.chunks and queue.handed_over is None:
                del self._queues[pacers]
        return due

    def begun(self, chunk: Chunk) -> None:
        """Let the next one go when its turn comes."""
        queue = self._queues.get(chunk.operation.pacers)
        if queue is not None and queue.handed_over is chunk:
            queue.handed_over = None

    def give_up(self) -> list[Chunk]:
        """Return the calls whose turn comes too late; they wait no more."""
        late = []
        now = self._clock()
        for queue in self._queues.values():
            while queue.chunks and queue.last_turn(now) >= self._deadline:
                late.append(queue.chunks.pop())
        return late[::-1]

    @property
    def next_at(self) -> float:
        """When the next turn comes; inf: not before another call has begun or ended."""
        waiting = (queue.free_at for queue in self._queues.values() if queue.chunks and queue.handed_over is None)
        return min(waiting, default=math.inf)
