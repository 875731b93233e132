"""When several event source mappings that run have nothing left to do, though each may feed the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from powertools_stream.local.mappings.mapping import EventSourceMapping

__all__ = ["wait_until_quiet"]

_BETWEEN = 0.02


def wait_until_quiet(mappings: Sequence[EventSourceMapping[Any]], *, timeout: float) -> bool:
    """Wait until nothing is left in any source, and return whether that came about in time.

    Each mapping must run on a thread. What a function wrote for another one counts: every source must have been looked
    at after the last invocation of any function had ended. A message that waits for its visibility timeout, and a
    stream that cannot get past a record, are left.

    Parameters
    ----------
    mappings
        The mappings.
    timeout
        How long to wait at most, in seconds.

    Raises
    ------
    Exception
        What a mapping has raised on its thread: it no longer runs.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        looks, invocations = [mapping.looks for mapping in mappings], _invocations(mappings)
        # The look that is under way may have begun too early.
        if not _until(lambda since=looks: _all_looked_twice(mappings, since), deadline):  # type: ignore[misc]
            return False
        if all(mapping.is_quiet() for mapping in mappings) and _invocations(mappings) == invocations:
            return True
        time.sleep(_BETWEEN)
    return False


def _invocations(mappings: Sequence[EventSourceMapping[Any]]) -> int:
    return sum(mapping.invocations for mapping in mappings)


def _all_looked_twice(mappings: Sequence[EventSourceMapping[Any]], since: Sequence[int]) -> bool:
    for mapping in mappings:
        if mapping.error is not None:
            raise mapping.error
    return all(mapping.looks >= looks + 2 for mapping, looks in zip(mappings, since, strict=True))


def _until(holds: Callable[[], bool], deadline: float) -> bool:
    while not holds():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_BETWEEN)
    return True
