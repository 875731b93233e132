"""The garbage collector, which has next to nothing to do in a batch: it is let run less often while one runs."""

from __future__ import annotations

import gc
import threading
from types import TracebackType

__all__ = ["COLLECTOR"]

_THRESHOLD = 100_000
"""How many objects are made before the collector looks through them; Python's own is 700, or 2,000.

Records, events and units of work refer to each other without circles, so that they go by themselves. To look through
them takes a batch of 10,000 records with 20 rules 40 µs a record, most of it for results that are kept.
"""


class _Collector:
    """Raises the threshold of the collector while a batch runs, on whatever thread, and then restores it.

    What the user has set is respected: a threshold that is higher, 0, which switches the collector off, and one that is
    set while the batch runs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._before: tuple[int, int, int] | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._running += 1
            if self._running == 1:
                before = gc.get_threshold()
                if 0 < before[0] < _THRESHOLD:
                    self._before = before
                    gc.set_threshold(_THRESHOLD, *before[1:])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._running -= 1
            if not self._running and self._before is not None:
                if gc.get_threshold()[0] == _THRESHOLD:
                    gc.set_threshold(*self._before)
                self._before = None


COLLECTOR = _Collector()
