"""The interruption of user code that does not keep to the deadline."""

from __future__ import annotations

# Behind the public module, which makes enums of numbers: that costs each batch as much as two records.
import _signal as signal  # type: ignore[import-not-found]
import math
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from powertools_stream.engine.failed import Failed
from powertools_stream.engine.watchdog import WATCHDOG
from powertools_stream.errors import CutOffError

if TYPE_CHECKING:
    from powertools_stream.engine.deadline import Deadline

__all__ = ["Attempt", "Interrupter"]

Attempt = Callable[..., Any]
"""`Interrupter.attempt` of a batch: calls a function with arguments, and returns what it raises as `Failed`."""

_HAS_TIMER = hasattr(signal, "setitimer")

_REPEAT = 0.1
"""Seconds until user code that swallowed the interruption is interrupted again."""

_GRACE = 0.05
"""Seconds that an event loop gets to end by itself."""

_PAUSE = 0.25
"""Seconds until it is interrupted again: asyncio logs what has happened to the first one."""


class Interrupter:
    """Raises `CutOffError` in user code that runs on the main thread when the deadline passes.

    An interval timer's signal, armed once per batch: it costs nothing while user code keeps to the time. It raises only
    while user code runs (`attempt`), so never in the engine's own code.

    User code may set an alarm or a handler of its own. So the handler is put back with every record (`rearm`), and if
    no timer rings, the watchdog does, which is a thread: it comes too late only for code that has switched the timer
    off and then never lets another thread run, e.g. a regular expression that backtracks without end.

    Parameters
    ----------
    deadline
        When to interrupt.

    Attributes
    ----------
    is_in_loop
        Whether an event loop runs, and in it the user's own tasks besides what `attempt` knows of. It ends in time by
        itself, unless one of them does not let go of it.
    is_possible
        Whether user code on this thread can be interrupted: not on another thread than the main one, nor if there is no
        such timer (Windows).
    """

    __slots__ = (
        "_deadline",
        "_handler",
        "_has_rung",
        "_in_user_code",
        "_loop_ends_at",
        "_only_thread",
        "_previous_handler",
        "_previous_timer",
        "_started",
        "is_in_loop",
        "is_possible",
    )

    def __init__(self, deadline: Deadline) -> None:
        self.is_possible = _HAS_TIMER and threading.current_thread() is threading.main_thread()
        self._in_user_code = False
        self.is_in_loop = False
        self._loop_ends_at = deadline.at + _GRACE
        self._has_rung = False
        self._only_thread: int | None = None
        self._deadline = deadline
        self._handler: Any = None
        self._started: float | None = None
        self._previous_handler: Any = None
        self._previous_timer = (0.0, 0.0)

    def __enter__(self) -> Interrupter:
        if self.is_possible and self._deadline.at < math.inf:
            self._started = time.monotonic()
            self._handler = self._ring
            self._previous_handler = signal.signal(signal.SIGALRM, self._handler)
            self._previous_timer = signal.setitimer(signal.ITIMER_REAL, max(self._deadline.remaining, 0.001), _REPEAT)
            WATCHDOG.watch(self, self._deadline.at + _REPEAT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._in_user_code = False
        if self._started is None:
            return
        WATCHDOG.forget(self)
        self._handler = None  # a circle, which only the garbage collector would find
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._previous_handler is not None:
            signal.signal(signal.SIGALRM, self._previous_handler)
        delay, interval = self._previous_timer
        if delay:
            elapsed = time.monotonic() - self._started
            signal.setitimer(signal.ITIMER_REAL, max(delay - elapsed, 0.001), interval)

    def attempt(self, function: Any, *args: Any) -> Any:
        """Call user code; return what it returns, or what it raises as `Failed`.

        Whatever it raises, ``SystemExit`` and ``asyncio.CancelledError`` included, is its own failure; only
        ``KeyboardInterrupt`` ends the batch. Once user code was interrupted, what it raises is a `CutOffError`: it may
        have made another error of that.
        """
        if self._only_thread is not None and self._only_thread != threading.get_ident():
            raise CutOffError("The invocation is over.")
        before = self._in_user_code
        try:
            self._in_user_code = True
            try:
                return function(*args)
            finally:
                self._in_user_code = before
        except KeyboardInterrupt:
            raise
        except StopIteration as end:  # of a generator; its frames would be a circle
            return Failed(end.with_traceback(None))
        except BaseException as error:
            self._in_user_code = before
            return Failed(error if not self._has_rung or isinstance(error, CutOffError) else _cut_off(error))

    @property
    def is_in_user_code(self) -> bool:
        """Whether user code runs now."""
        return self._in_user_code

    def leave_behind(self) -> None:
        """Let nothing go on behind the user code that hangs on another thread than this one, once it returns."""
        self._only_thread = threading.get_ident()

    def rearm(self) -> None:
        """Put the handler of the signal back, if user code has left another one."""
        if self._started is not None and signal.getsignal(signal.SIGALRM) is not self._handler:
            signal.signal(signal.SIGALRM, self._handler)

    def disarm(self) -> None:
        """Interrupt nothing until user code runs again: the signal came between two steps of it."""
        self._in_user_code = False

    def is_overdue(self) -> bool:
        """Tell whether user code runs beyond the deadline."""
        return self._is_in_user_code() and self._deadline.has_passed

    def cut_off(self) -> NoReturn:
        """Interrupt user code; on the main thread, in the handler of a signal.

        Raises
        ------
        CutOffError
            Always.
        """
        self._has_rung = True
        self._loop_ends_at = time.monotonic() + _PAUSE
        raise CutOffError("The invocation is about to time out.")

    def _ring(self, signal_number: int, frame: FrameType | None) -> None:
        if self._is_in_user_code():
            self.cut_off()

    def _is_in_user_code(self) -> bool:
        return self._in_user_code or (self.is_in_loop and time.monotonic() > self._loop_ends_at)


def _cut_off(error: BaseException) -> CutOffError:
    """Return the interruption for what user code has made of it."""
    interruption = CutOffError("The invocation is about to time out.")
    interruption.__cause__ = error
    return interruption
