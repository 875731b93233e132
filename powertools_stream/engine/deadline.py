"""The end of the time that an invocation has."""

from __future__ import annotations

import math
import time
from typing import Any

__all__ = ["NO_DEADLINE", "Deadline"]


class Deadline:
    """When to stop, in seconds of `time.monotonic`. It is never changed.

    Parameters
    ----------
    at
        Nothing new is started, and nothing is waited for, after this.
    faults_at
        Fault events are published until this.
    saved_by
        Checkpoints are saved until this.
    ends_at
        Observers and handlers of failed records are called until this; what is left after it belongs to the response.
    """

    __slots__ = ("at", "ends_at", "faults_at", "saved_by")

    def __init__(
        self,
        at: float = math.inf,
        faults_at: float = math.inf,
        ends_at: float = math.inf,
        saved_by: float = math.inf,
    ) -> None:
        self.at = at
        self.faults_at = faults_at
        self.saved_by = saved_by
        self.ends_at = ends_at

    @classmethod
    def of(cls, context: Any, margin: float) -> Deadline:
        """Read the deadline from Lambda's context.

        Parameters
        ----------
        context
            Lambda's context. One whose ``get_remaining_time_in_millis`` is missing, or returns no number above 0, as
            that of a mock or a stub in a test, has no deadline.
        margin
            Seconds to keep, at most a quarter of what is left now.
        """
        remaining_time = getattr(context, "get_remaining_time_in_millis", None)
        if not callable(remaining_time):
            return NO_DEADLINE
        milliseconds = remaining_time()
        is_number = isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool)
        if not is_number or not 0 < milliseconds < math.inf:
            return NO_DEADLINE
        remaining = milliseconds / 1000
        margin = min(margin, remaining / 4)
        at = time.monotonic() + remaining - margin
        return cls(at=at, faults_at=at + margin / 2, saved_by=at + margin * 5 / 8, ends_at=at + margin * 3 / 4)

    @property
    def has_passed(self) -> bool:
        """Whether it is time to stop."""
        return time.monotonic() >= self.at

    @property
    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self.at - time.monotonic())


NO_DEADLINE = Deadline()
