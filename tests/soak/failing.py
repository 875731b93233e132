"""The ways in which user code fails. Whatever hangs ends by itself after some seconds, or a run could last for ever."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from powertools_stream import RetryableError

__all__ = ["FINAL", "HANGING", "IN_COROUTINES", "fail", "fail_in_coroutine"]


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("an error that cannot be printed")


class OddError(Exception):
    """An error that looks like one of boto3's, and is none."""

    response = 5


def _spin(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


def _sleep_on(seconds: float) -> None:
    """Swallow what cuts it off, once, and end then."""
    try:
        time.sleep(seconds)
    except BaseException:
        time.sleep(0.01)


def _switch_off(seconds: float) -> None:
    """Take the timer away from whoever uses it, and hang."""
    with suppress(ValueError):  # not on the main thread
        signal.setitimer(signal.ITIMER_REAL, 0)
    time.sleep(seconds)


_ERRORS: dict[str, Callable[[], BaseException]] = {
    "ValueError": lambda: ValueError("a rule that cannot do it"),
    "RetryableError": lambda: RetryableError("a rule that may do it later"),
    "SystemExit": lambda: SystemExit(1),
    "GeneratorExit": GeneratorExit,
    "CancelledError": asyncio.CancelledError,
    "StopIteration": lambda: StopIteration(5),
    "unprintable error": UnprintableError,
    "odd error": lambda: OddError("an error with a response that is no mapping"),
    "lone surrogate": lambda: ValueError("not to be encoded: \ud800"),
}
_HANGS: dict[str, Callable[[float], None]] = {
    "spin": _spin,
    "sleep": _sleep,
    "sleep on": _sleep_on,
    "switch off": _switch_off,
}
FINAL = frozenset(_ERRORS) - {"RetryableError"}
"""What does not pass by itself, so that a policy may set the record aside for it."""

IN_COROUTINES = frozenset({"await", "swallow", "cancel all"})
"""What only coroutines do."""

HANGING = frozenset(_HANGS) | {"await", "swallow"}
"""What ends at the deadline only."""


def fail(kind: str, hangs_for: float) -> None:
    """Fail in this way, in a function; in a way of coroutines: not at all."""
    if kind in _ERRORS:
        raise _ERRORS[kind]()
    if kind in _HANGS:
        _HANGS[kind](hangs_for)


async def fail_in_coroutine(kind: str, hangs_for: float, step: Callable[[], None]) -> None:
    """Fail in this way, in a coroutine.

    Parameters
    ----------
    step
        To be called whenever the coroutine goes on.
    """
    if kind == "await":
        await asyncio.sleep(hangs_for)
        step()
    elif kind == "swallow":
        await _swallow(hangs_for, step)
    elif kind == "cancel all":
        for task in asyncio.all_tasks():
            task.cancel()
        await asyncio.sleep(0)
    else:
        fail(kind, hangs_for)


async def _swallow(seconds: float, step: Callable[[], None]) -> None:
    """Go on when cancelled, three times."""
    for _ in range(3):
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            step()
            await asyncio.sleep(0)
            step()
