"""A thread that interrupts the main thread if the timer does not: user code may have switched that off."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType
from typing import NoReturn, Protocol

__all__ = ["WATCHDOG"]

_REPEAT = 0.1
"""Seconds until it rings again."""

# Nobody uses it (the runtime of Go preempts its threads with it), and by default it does nothing.
_SIGNAL = getattr(signal, "SIGURG", None)


class _Watched(Protocol):
    def is_overdue(self) -> bool:
        """Tell whether user code runs beyond the deadline."""
        ...

    def cut_off(self) -> NoReturn:
        """Interrupt the user code, by a `CutOffError`."""
        ...


class Watchdog:
    """Rings when what it watches is overdue. One for the process; its thread is started with the first deadline."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[_Watched, float] = {}
        self._wakes_at = 0.0
        self._process: int | None = None
        self._is_possible = True

    def watch(self, watched: _Watched, until: float) -> None:
        """Watch something; called on the main thread.

        Parameters
        ----------
        until
            When it may be overdue for the first time (`time.monotonic` seconds).
        """
        with self._changed:
            self._watched[watched] = until
            if self._process != os.getpid():  # no thread survives a fork
                self._start()
            elif until < self._wakes_at:
                self._changed.notify()

    def forget(self, watched: _Watched) -> None:
        """Watch it no longer."""
        with self._changed:
            self._watched.pop(watched, None)

    def _start(self) -> None:
        self._process = os.getpid()
        if _SIGNAL is None or signal.getsignal(_SIGNAL) not in (signal.SIG_DFL, signal.SIG_IGN):
            return  # the signal is somebody else's: there is the timer only
        try:
            threading.Thread(target=self._run, name="powertools-stream-watchdog", daemon=True).start()
        except RuntimeError:  # no more threads
            return
        signal.signal(_SIGNAL, self._ring)

    def _run(self) -> None:
        main = threading.main_thread().ident
        while True:
            with self._changed:
                now = time.monotonic()
                overdue = [watched for watched, until in self._watched.items() if until <= now]
                for watched in overdue:
                    self._watched[watched] = now + _REPEAT
                self._wakes_at = min(self._watched.values(), default=now + 3600.0)
                rings = any(watched.is_overdue() for watched in overdue)
                if not rings:
                    self._changed.wait(self._wakes_at - now)
                    continue
            if main is not None and _SIGNAL is not None:
                signal.pthread_kill(main, _SIGNAL)
            time.sleep(_REPEAT)

    def _ring(self, signal_number: int, frame: FrameType | None) -> None:
        # On the main thread, which may be anywhere: without the lock, and only if the last one to be watched, which is
        # the innermost, is in user code now.
        innermost = next(reversed(self._watched), None) if self._watched else None
        if innermost is not None and innermost.is_overdue():
            innermost.cut_off()


WATCHDOG = Watchdog()
