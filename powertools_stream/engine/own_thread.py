"""Runs a batch on a thread of its own if user code cannot be interrupted: a hang is left behind there."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from powertools_stream.engine.dispatch.workers import Stuck

if TYPE_CHECKING:
    from powertools_stream.engine.deadline import Deadline

__all__ = ["OwnThreads"]

_GRACE = 0.1
"""Seconds in which a batch notices by itself that its deadline has passed."""


class OwnThreads:
    """The threads on which batches are run, and those of them that were left behind."""

    def __init__(self) -> None:
        self._left_behind: dict[threading.Thread, float] = {}

    def run(self, function: Callable[[], bool], deadline: Deadline) -> bool | None:
        """Call a function on a thread of its own, with the context variables of this one.

        Returns
        -------
        What it returns; None: it has not returned in time, and is left behind.
        """
        outcome: list[bool] = []
        errors: list[BaseException] = []

        def work() -> None:
            try:
                outcome.append(function())
            except BaseException as error:
                errors.append(error)

        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(work,), name="powertools-stream-batch", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads
            return function()
        started = time.monotonic()
        thread.join(deadline.remaining + _GRACE)
        if errors:
            raise errors[0]
        if outcome:
            return outcome[0]
        self._left_behind[thread] = started
        return None

    def wait_for_left_behind(self, until: float) -> bool:
        """Wait for what was left behind to end; False: the time (`time.monotonic`) came first."""
        for thread in list(self._left_behind):
            thread.join(max(0.0, min(until - time.monotonic(), 3600.0)))
            if not thread.is_alive():
                del self._left_behind[thread]
        return not self._left_behind

    def stuck(self) -> list[Stuck]:
        """Return what was left behind and has not ended."""
        return [Stuck("a rule", since) for since in self._left_behind.values()]
