"""What of a value that a user function returned is to be carried out, rather than left as it is."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Generator, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, Literal

from powertools_stream.errors import RunError
from powertools_stream.requests import Request
from powertools_stream.uow import UnitOfWork

__all__ = [
    "PENDING",
    "SEVERAL",
    "VALUES",
    "asking",
    "close",
    "flat",
    "is_asked_for",
    "is_value",
    "kind_of",
    "started_already",
]

PENDING = (CoroutineType, GeneratorType)
"""The types of a result that is still to be waited for."""

VALUES = frozenset({type(None), bool, int, float, str, bytes, Decimal, UnitOfWork, dict})
"""The types of most results, which are told at a glance."""

SEVERAL = (list, tuple, set, frozenset)
"""The types that are looked into."""

Kind = Literal["value", "request", "pending", "refused"]


def is_asked_for(returned: Any) -> bool:
    """Tell whether something is to be carried out of what a user function returned, rather than left as a value.

    Lists and tuples are looked into, to any depth. A mapping is a value, whatever it holds: to look into it would cost
    each record of each rule a good part of what the rule costs.
    """
    if type(returned) in VALUES:
        return False
    if isinstance(returned, SEVERAL):
        return not VALUES.issuperset(map(type, returned)) and any(not is_value(one) for one in flat(returned))
    return not is_value(returned)


def asking(returned: Any) -> Any:
    """Return the first thing that is to be carried out of what a function returned, in mappings too; None: nothing."""
    if isinstance(returned, Mapping):
        return next(filter(None, map(asking, returned.values())), None)
    if isinstance(returned, SEVERAL):
        return next(filter(None, map(asking, returned)), None)
    return None if is_value(returned) else returned


def kind_of(returned: Any) -> Kind:
    """Return what is to become of one thing."""
    kind: Any = type(returned)
    return _kind_of_type(kind)


@lru_cache(maxsize=1_024)
def _kind_of_type(kind: Any) -> Kind:
    if issubclass(kind, Request):
        return "request"
    # Futures, those of `concurrent.futures` and of `asyncio` alike.
    if issubclass(kind, AsyncGeneratorType) or hasattr(kind, "add_done_callback"):
        return "refused"
    return "pending" if issubclass(kind, (*PENDING, Awaitable)) else "value"


def is_value(returned: Any) -> bool:
    """Tell whether one thing is a value; the class of a request is none, but a mistake."""
    if isinstance(returned, type):
        return not issubclass(returned, Request)
    return kind_of(returned) == "value"


def flat(returned: Any) -> Iterator[Any]:
    """Yield what is in several things, to any depth."""
    for one in returned:
        if isinstance(one, SEVERAL):
            yield from flat(one)
        else:
            yield one


def close(returned: Any) -> None:
    """Close what has not been started, or Python would warn that it was never awaited."""
    for one in flat(returned if isinstance(returned, SEVERAL) else (returned,)):
        if isinstance(one, PENDING):
            one.close()


def started_already(generator: Generator[Any, Any, Any]) -> RunError | None:
    """Return the error of a generator that has been started already: it would give None, or what is left of it."""
    if inspect.getgeneratorstate(generator) == inspect.GEN_CREATED:
        return None
    name = getattr(generator, "__name__", "it")
    return RunError(
        f"Expected a generator that has not been started, but found {name!r} for the second time; a generator runs "
        f"once. Call {name}(…) again for each use: yield [{name}(…), {name}(…)]."
    )
