"""What a run leaves behind that it should not: threads, and errors that nobody catches."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from tests.soak.history import History

__all__ = ["SHOWS_LOG", "WORKERS", "left_threads", "noting_uncaught"]

SHOWS_LOG = bool(os.environ.get("SOAK_LOG"))
"""Whether the log, and what invocations raise, go to the standard error."""

WORKERS = "powertools-stream"
"""The name of the processor's worker threads; that of its other threads begins so."""

_WATCHDOG = "powertools-stream-watchdog"
_PATIENCE = 10.0


def left_threads(before: Collection[threading.Thread]) -> list[str]:
    """Return the threads that the processor has left; they get a moment to end."""
    until = time.monotonic() + _PATIENCE
    while True:
        gc.collect()  # more than once: a call that is about to end still holds it
        left = [one for one in threading.enumerate() if one not in before and one.name.startswith(WORKERS)]
        names = [one.name for one in left if one.name != _WATCHDOG]
        if not names or time.monotonic() > until:
            return names
        time.sleep(0.005)


class _Log(logging.Handler):
    """Writes as the runtime client does, which fails on text that cannot be encoded."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history
        self._stream = sys.stderr if SHOWS_LOG else None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
            text.encode()
        except Exception as error:
            self._history.uncaught.append(f"a log line that cannot be written: {error!r}")
        else:
            if self._stream is not None:
                print(text, file=self._stream)


@contextmanager
def noting_uncaught(history: History) -> Iterator[None]:
    """Take note of what nobody catches."""
    log = logging.getLogger("powertools_stream")
    asyncio_log = logging.getLogger("asyncio")
    handler = _Log(history)

    def unraisable(caught: Any) -> None:
        history.uncaught.append(f"{caught.err_msg or 'unraisable'}: {caught.exc_value!r} in {caught.object!r}")

    def in_thread(caught: Any) -> None:
        history.uncaught.append(f"in the thread {caught.thread.name}: {caught.exc_value!r}")

    with ExitStack() as stack:
        for one in (log, asyncio_log):
            stack.enter_context(patch.object(one, "propagate", False))
            stack.enter_context(patch.object(one, "handlers", [handler]))
        stack.enter_context(patch.object(sys, "unraisablehook", unraisable))
        stack.enter_context(patch.object(threading, "excepthook", in_thread))
        yield
