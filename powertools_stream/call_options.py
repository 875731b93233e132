"""How calls are made: at what rate, in which role, and with how many attempts."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["DEFAULT_CALL_OPTIONS", "CallOptions", "Pacer", "Rate", "RetryPolicy"]

Rate = tuple[float, float]
"""A number of calls, and the seconds that they are spread over: ``(10, 1)``."""


class Pacer:
    """Spaces calls evenly, to keep to a rate. Thread-safe.

    Not a token bucket: that would let through the calls of a whole period at once, and the service that the rate
    protects would get them as a burst.

    Parameters
    ----------
    calls
        The maximum number of calls per period.
    seconds
        The length of the period.
    clock
        Returns the time, in seconds.

    Examples
    --------
    >>> pacer = Pacer(2, 1, clock=lambda: 100.0)
    >>> [pacer.reserve() for _ in range(3)]
    [100.0, 100.5, 101.0]
    """

    def __init__(self, calls: float, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        # This rejects NaN too: no time is before NaN, so calls would not be paced at all.
        if not (calls > 0 and 0 < seconds < math.inf):
            raise ValueError(f"Expected calls and seconds above 0, such as (10, 1), but found {calls, seconds}.")
        self.interval = seconds / calls
        self._clock = clock
        self._next = 0.0
        self._lock = threading.Lock()

    def reserve(self, before: float = math.inf) -> float | None:
        """Reserve the next free slot, and return its time in seconds of the clock.

        Parameters
        ----------
        before
            If the next free slot is not before this time, nothing is reserved and None is returned.
        """
        with self._lock:
            at = max(self._next, self._clock())
            if at >= before:
                return None
            self._next = at + self.interval
            return at

    def take(self) -> bool:
        """Take the next slot if it is free now, and return whether it was."""
        with self._lock:
            now = self._clock()
            if self._next > now:
                return False
            self._next = now + self.interval
            return True

    def hold(self, until: float) -> None:
        """Keep the next slot from coming before this time, in seconds of the clock."""
        with self._lock:
            self._next = max(self._next, until)

    def begun(self) -> None:
        """Record that a call starts now, perhaps later than its slot: the next one is spaced from this start."""
        self.hold(self._clock() + self.interval)

    @property
    def free_at(self) -> float:
        """When the next slot is free, as of now."""
        return self._next

    def __repr__(self) -> str:
        return f"Pacer(every {self.interval:g} s)"


class CallOptions(NamedTuple):
    """How the calls of a rule are made, whatever the service.

    Parameters
    ----------
    role_arn
        The role to assume for them; None: the function's own.
    pacer
        Spaces them; None: they are not paced.
    """

    role_arn: str | None = None
    pacer: Pacer | None = None


DEFAULT_CALL_OPTIONS = CallOptions()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How entries that fail with a passing error are retried: exponential backoff with full jitter.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    Parameters
    ----------
    max_attempts
        The maximum number of times that an entry is sent.
    base_delay
        In seconds; the pause before attempt *n* + 1 is drawn between 0 and ``base_delay × 2ⁿ``.
    max_delay
        The longest pause, in seconds.

    Raises
    ------
    ValueError
        There would be no attempt, or a delay is negative.
    """

    max_attempts: int = 5
    base_delay: float = 0.05
    max_delay: float = 5.0

    def __post_init__(self) -> None:
        # Without an attempt nothing would be sent, and every record would count as done.
        given: object = self.max_attempts
        if not (isinstance(given, int) and given >= 1 and self.base_delay >= 0 and self.max_delay >= 0):
            raise ValueError(
                "Expected max_attempts to be a whole number, 1 or more, and base_delay and max_delay to be 0 or more, "
                f"but found {self}."
            )

    def pause(self, attempt: int) -> float:
        """Draw the pause after this attempt (1 for the first), in seconds."""
        return random.uniform(0, min(self.max_delay, self.base_delay * 2**attempt))
