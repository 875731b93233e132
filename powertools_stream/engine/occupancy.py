"""Keeps a processor to one batch at a time: two at once would mix their records."""

from __future__ import annotations

import threading

from powertools_stream.errors import ConfigurationError

__all__ = ["Occupancy"]


class Occupancy:
    """Who uses the processor now. Nobody waits: a second user gets an error, and none of its records are touched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._depth = 0

    def claim(self) -> None:
        """Take the processor for a batch of this thread; it is taken until the last `leave`.

        Raises
        ------
        ConfigurationError
            It is taken: by another thread, or by a batch that has begun and from within which it is called.
        """
        me = threading.current_thread()
        with self._lock:
            taken_by = self._thread
            if taken_by is not None and taken_by.is_alive() and (taken_by is not me or self._depth):
                raise ConfigurationError(
                    "Expected a processor that is free, but found it at work on another batch"
                    + (", from within which it is called." if taken_by is me else f", on thread {taken_by.name!r}.")
                    + " A processor serves one invocation at a time: make one for each thread, or for each purpose."
                )
            self._thread, self._depth = me, 0

    def enter(self) -> None:
        """Begin with the batch, or with a part of it."""
        if self._thread is not threading.current_thread():
            self.claim()
        self._depth += 1

    def leave(self) -> None:
        """End what the last `enter` has begun."""
        with self._lock:
            self._depth -= 1
            if self._depth <= 0:
                self._thread, self._depth = None, 0
