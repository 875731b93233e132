"""Environment variables, each read once in a batch: to read one takes Python as long as to parse a small record."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

from powertools_stream.environment.contexts import InContext

__all__ = ["batch_variables", "once_per_batch", "variable"]

T = TypeVar("T")

_known: ContextVar[dict[Any, Any] | None] = ContextVar("known", default=None)


def batch_variables() -> InContext[dict[Any, Any] | None]:
    """Inside of it, on this thread, an environment variable is what it was when it was first read."""
    return InContext(_known, {})


def variable(name: str) -> str | None:
    """Return an environment variable; None if it is not set."""
    known = _known.get()
    if known is None:
        return os.environ.get(name)
    if name not in known:
        known[name] = os.environ.get(name)
    value: str | None = known[name]
    return value


def once_per_batch(function: Callable[[], T]) -> Callable[[], T]:
    """Decorate a function of the environment alone, so that what it returns is worked out once in a batch.

    What it returns is shared, and must not be changed.
    """

    @wraps(function)
    def remembered() -> T:
        known = _known.get()
        if known is None:
            return function()
        if function not in known:
            known[function] = function()
        return cast("T", known[function])

    return remembered
