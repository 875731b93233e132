"""The interruption of user code that does not keep to the deadline."""

from __future__ import annotations

import math
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from powertools_stream.errors import CutOffError
from powertools_stream.outcomes import Failed

if TYPE_CHECKING:
    from powertools_stream.engine.deadline import Deadline

__all__ = ["Interrupter"]

_REPEAT = 0.1
"""Seconds until user code that swallowed the interruption is interrupted again."""


class Interrupter:
    """Raises `CutOffError` in user code that runs on the main thread when the deadline passes.

    An interval timer's signal, armed once per batch: it costs nothing while user code keeps to the time. It raises only
    while user code runs (`attempt`), so never in the engine's own code. If there is no such timer (Windows), or on
    another thread than the main one, user code is not interrupted.

    Parameters
    ----------
    deadline
        When to interrupt.
    """

    __slots__ = ("_deadline", "_in_user_code", "_previous_handler", "_previous_timer", "_started")

    def __init__(self, deadline: Deadline) -> None:
        self._in_user_code = False
        self._deadline = deadline
        self._started: float | None = None
        self._previous_handler: Any = None
        self._previous_timer = (0.0, 0.0)

    def __enter__(self) -> Interrupter:
        possible = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if possible and self._deadline.at < math.inf:
            self._started = time.monotonic()
            self._previous_handler = signal.signal(signal.SIGALRM, self._ring)
            self._previous_timer = signal.setitimer(signal.ITIMER_REAL, max(self._deadline.remaining, 0.001), _REPEAT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._in_user_code = False
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
            self._in_user_code = True
            try:
                return function(*args)
            finally:
                self._in_user_code = False
        except (Exception, CutOffError) as error:
            self._in_user_code = False
            return Failed(error)

    def disarm(self) -> None:
        """Interrupt nothing until user code runs again: the signal came between two steps of it."""
        self._in_user_code = False

    def _ring(self, signal_number: int, frame: FrameType | None) -> None:
        if self._in_user_code:
            raise CutOffError("The invocation is about to time out.")
