"""Keeps a processor to one batch at a time: two at once would mix their records."""

from __future__ import annotations

import threading

from powertools_stream.errors import ConfigurationError

__all__ = ["Occupancy"]


class Occupancy:
    """Who uses the processor now. Nobody waits: a second user gets an error, and none of its records are touched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._depth = 0

    def claim(self) -> None:
        """Take the processor for a batch of this thread; it is taken until the last `leave`.

        Raises
        ------
        ConfigurationError
            It is taken: by another thread, or by a batch that has begun and from within which it is called.
        """
        me = threading.get_ident()
        with self._lock:
            if self._thread is not None and (self._depth if self._thread == me else _is_alive(self._thread)):
                raise ConfigurationError(
                    "Expected a processor that is free, but found it at work on another batch"
                    + (", from within which it is called." if self._thread == me else ", on another thread.")
                    + " A processor serves one invocation at a time: make one for each thread, or for each purpose."
                )
            self._thread, self._depth = me, 0

    def enter(self) -> None:
        """Begin with the batch, or with a part of it."""
        if self._thread != threading.get_ident():
            self.claim()
        self._depth += 1

    def leave(self) -> None:
        """End what the last `enter` has begun."""
        self._depth -= 1
        if not self._depth:
            self._thread = None


def _is_alive(thread: int) -> bool:
    return any(one.ident == thread for one in threading.enumerate())
