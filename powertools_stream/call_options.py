"""How calls are made: how fast they may follow each other, in which role, and how often they are tried."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["DEFAULT_CALL_OPTIONS", "CallOptions", "Pacer", "Rate", "RetryPolicy"]

Rate = tuple[float, float]
"""So many calls in so many seconds: ``(10, 1)``."""


class Pacer:
    """Hands out the times at which calls may go, evenly spaced. Thread-safe.

    Not a bucket of tokens: that would let as many calls through at once as the rate allows in all of its seconds, and
    what is to be protected would get them as a burst.

    Parameters
    ----------
    calls
        How many calls there may be at most…
    seconds
        … in this time.
    clock
        Tells the time, in seconds.

    Examples
    --------
    >>> pacer = Pacer(2, 1, clock=lambda: 100.0)
    >>> [pacer.reserve() for _ in range(3)]
    [100.0, 100.5, 101.0]
    """

    def __init__(self, calls: float, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        # Also not a number that is none: nothing is ever before it, so that calls would not be paced at all.
        if not (calls > 0 and 0 < seconds < math.inf):
            raise ValueError(f"Expected a rate of some calls in some seconds, such as (10, 1), found {calls, seconds}.")
        self.interval = seconds / calls
        self._clock = clock
        self._next = 0.0
        self._lock = threading.Lock()

    def reserve(self, before: float = math.inf) -> float | None:
        """Take the next free time (in seconds of the clock) and return it.

        Parameters
        ----------
        before
            None is returned, and nothing is taken, where the next free time is not before this one.
        """
        with self._lock:
            at = max(self._next, self._clock())
            if at >= before:
                return None
            self._next = at + self.interval
            return at

    def take(self) -> bool:
        """Take the turn that is free now; False: there is none, and nothing is taken."""
        with self._lock:
            now = self._clock()
            if self._next > now:
                return False
            self._next = now + self.interval
            return True

    def hold(self, until: float) -> None:
        """Let no turn come before this time (in seconds of the clock)."""
        with self._lock:
            self._next = max(self._next, until)

    def begun(self) -> None:
        """Say that a call goes now, perhaps later than its turn: the next one keeps its distance from this one."""
        self.hold(self._clock() + self.interval)

    @property
    def free_at(self) -> float:
        """When the next turn comes, as it looks now."""
        return self._next

    def __repr__(self) -> str:
        return f"Pacer(every {self.interval:g} s)"


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How the calls of a rule are made, whatever the service.

    Parameters
    ----------
    role_arn
        The role in which they are made; None: the function's own.
    pacer
        What they wait for; None: nothing.
    """

    role_arn: str | None = None
    pacer: Pacer | None = None


DEFAULT_CALL_OPTIONS = CallOptions()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How entries are sent again that failed in passing: exponential backoff with full jitter.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    Parameters
    ----------
    max_attempts
        How often an entry is sent at most.
    base_delay
        Seconds; the pause before attempt *n* + 1 is drawn between 0 and ``base_delay × 2ⁿ``.
    max_delay
        Seconds; no pause is longer.

    Raises
    ------
    ValueError
        There would be no attempt, or a pause of less than no time.
    """

    max_attempts: int = 5
    base_delay: float = 0.05
    max_delay: float = 5.0

    def __post_init__(self) -> None:
        # Without an attempt nothing would be sent, and every record would be done.
        given: object = self.max_attempts
        if not (isinstance(given, int) and given >= 1 and self.base_delay >= 0 and self.max_delay >= 0):
            raise ValueError(
                "Expected max_attempts to be a whole number, 1 or more, and base_delay and max_delay to be 0 or more, "
                f"but found {self}."
            )

    def pause(self, attempt: int) -> float:
        """Draw the pause in seconds after this attempt (1 for the first)."""
        return random.uniform(0, min(self.max_delay, self.base_delay * 2**attempt))
