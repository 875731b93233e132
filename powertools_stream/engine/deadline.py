"""The end of the time that an invocation has, and the interruption of user code that does not keep to it."""

from __future__ import annotations

import math
import signal
import threading
import time
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

from powertools_stream.errors import CutOffError
from powertools_stream.outcomes import Failed

__all__ = ["NO_DEADLINE", "Deadline", "Guard"]

_REPEAT = 0.1
"""Seconds until user code that swallowed the interruption is interrupted again."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When to stop, in seconds of `time.monotonic`.

    Parameters
    ----------
    at
        Nothing new is started, and nothing is waited for, after this.
    faults_at
        Fault events are published until this; what is left after it belongs to the response.
    """

    at: float = math.inf
    faults_at: float = math.inf

    @classmethod
    def of(cls, context: Any, margin: float) -> Deadline:
        """Read the deadline from Lambda's context.

        Parameters
        ----------
        context
            Lambda's context; one without ``get_remaining_time_in_millis`` has no deadline.
        margin
            Seconds to keep, at most a quarter of what is left now.
        """
        remaining_time = getattr(context, "get_remaining_time_in_millis", None)
        if not callable(remaining_time):
            return NO_DEADLINE
        remaining = remaining_time() / 1000
        margin = min(margin, remaining / 4)
        at = time.monotonic() + remaining - margin
        return cls(at=at, faults_at=at + margin / 2)

    @property
    def has_passed(self) -> bool:
        """Whether it is time to stop."""
        return time.monotonic() >= self.at

    @property
    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self.at - time.monotonic())


NO_DEADLINE = Deadline()


class Guard:
    """Raises `CutOffError` in user code that runs on the main thread when the deadline passes.

    An interval timer's signal, armed once per batch: it costs nothing while user code keeps to the time. It raises only
    while `running` is set, so never in the engine's own code. Where there is no such timer (Windows), or on another
    thread than the main one, user code is not interrupted.

    Parameters
    ----------
    deadline
        When to interrupt.
    """

    __slots__ = ("_deadline", "_previous_handler", "_previous_timer", "_started", "running")

    def __init__(self, deadline: Deadline) -> None:
        self.running = False
        self._deadline = deadline
        self._started: float | None = None
        self._previous_handler: Any = None
        self._previous_timer = (0.0, 0.0)

    def __enter__(self) -> Guard:
        possible = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if possible and self._deadline.at < math.inf:
            self._started = time.monotonic()
            self._previous_handler = signal.signal(signal.SIGALRM, self._ring)
            self._previous_timer = signal.setitimer(signal.ITIMER_REAL, max(self._deadline.remaining, 0.001), _REPEAT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.running = False
        if self._started is None:
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._previous_handler is not None:
            signal.signal(signal.SIGALRM, self._previous_handler)
        delay, interval = self._previous_timer
        if delay:
            elapsed = time.monotonic() - self._started
            signal.setitimer(signal.ITIMER_REAL, max(delay - elapsed, 0.001), interval)

    def attempt(self, function: Any, *args: Any) -> Any:
        """Call user code; return what it returns, or what it raises as `Failed`."""
        try:
            self.running = True
            try:
                return function(*args)
            finally:
                self.running = False
        except (Exception, CutOffError) as error:
            self.running = False
            return Failed(error)

    def _ring(self, signal_number: int, frame: FrameType | None) -> None:
        if self.running:
            raise CutOffError("The invocation is about to time out.")
