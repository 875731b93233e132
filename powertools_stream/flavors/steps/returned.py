"""What a user function returned: a value, or something that is to be carried out. Nothing is ignored in silence."""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Iterator
from decimal import Decimal
from functools import lru_cache
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, Literal

from powertools_stream.errors import RunError
from powertools_stream.requests import Request
from powertools_stream.uow import UnitOfWork

__all__ = ["PENDING", "VALUES", "Steps", "carried_out", "is_asked_for", "settled"]

Steps = Generator[Any, Any, Any]
"""What a flavor with I/O is: it yields requests, and generators and coroutines to be run for it."""

PENDING = (CoroutineType, GeneratorType)
"""The types of a result that is still to be waited for."""

VALUES = frozenset({type(None), bool, int, float, str, bytes, Decimal, UnitOfWork, dict})
"""The types of most results, which are told at a glance."""

_SEVERAL = (list, tuple, set, frozenset)

_Kind = Literal["value", "request", "pending", "refused"]


def is_asked_for(returned: Any) -> bool:
    """Tell whether something is to be carried out of what a user function returned, rather than left as a value.

    Lists and tuples are looked into, to any depth. A mapping is a value, whatever it holds: to look into it would cost
    each record of each rule a good part of what the rule costs.
    """
    if type(returned) in VALUES:
        return False
    if isinstance(returned, _SEVERAL):
        return not VALUES.issuperset(map(type, returned)) and any(not _is_value(one) for one in _flat(returned))
    return not _is_value(returned)


def carried_out(returned: Any, rule_id: str, field: str) -> Steps:
    """Carry out what a user function returned, and return what comes of it.

    Requests, coroutines, generators, and lists of these, nested or not, are carried out; what a coroutine or a
    generator returns may ask for more. The answers come as lists, as what was asked for. A value comes back as it is.

    Parameters
    ----------
    rule_id, field
        Whose function it was, for the message.

    Raises
    ------
    RunError
        It cannot be carried out, or there are values beside what can.
    """
    if not is_asked_for(returned):
        return returned
    if problem := _problem(returned):
        _close(returned)
        raise RunError(
            f"Rule {rule_id!r}: expected what {field} returns to be a value, a request, a coroutine, a generator, or a "
            f"list of requests and their like, found {problem}"
        )
    if isinstance(returned, Request):
        return (yield returned)
    if isinstance(returned, _SEVERAL):
        return (yield [one if isinstance(one, Request) else carried_out(one, rule_id, field) for one in returned])
    return (yield from carried_out((yield _pending(returned)), rule_id, field))


def settled(returned: Any) -> Steps:
    """Return what a user function returned, once it has ended: a coroutine, a generator, or several in a list.

    Requests stay as they are: it is for the flavor to say what they are for.

    Raises
    ------
    RunError
        It cannot be waited for.
    """
    if isinstance(returned, list | tuple) and not VALUES.issuperset(map(type, returned)):
        return returned if all(map(_is_settled, returned)) else (yield [settled(one) for one in returned])
    if _is_settled(returned):
        return returned
    if problem := _refusal(returned):
        raise RunError(f"Expected a function to return a value, a coroutine or a generator, found {problem}")
    return (yield from settled((yield _pending(returned))))


def _kind_of(returned: Any) -> _Kind:
    kind: Any = type(returned)
    return _kind_of_type(kind)


@lru_cache(maxsize=1_024)
def _kind_of_type(kind: Any) -> _Kind:
    if issubclass(kind, Request):
        return "request"
    # Futures, those of `concurrent.futures` and of `asyncio` alike.
    if issubclass(kind, AsyncGeneratorType) or hasattr(kind, "add_done_callback"):
        return "refused"
    return "pending" if issubclass(kind, (*PENDING, Awaitable)) else "value"


def _is_value(returned: Any) -> bool:
    if isinstance(returned, type):
        return not issubclass(returned, Request)
    return _kind_of(returned) == "value"


def _is_settled(returned: Any) -> bool:
    return _kind_of(returned) in ("value", "request")


def _pending(returned: Any) -> Any:
    return returned if isinstance(returned, PENDING) else _awaited(returned)


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _flat(returned: Any) -> Iterator[Any]:
    for one in returned:
        if isinstance(one, _SEVERAL):
            yield from _flat(one)
        else:
            yield one


def _problem(returned: Any) -> str | None:
    """Say why something cannot be carried out, and what to do; None: it can."""
    if not isinstance(returned, _SEVERAL):
        return _refusal(returned)
    leaves = list(_flat(returned))
    if problem := next(filter(None, map(_refusal, leaves)), None):
        return f"among several things {problem}"
    if isinstance(returned, set | frozenset) or any(isinstance(one, set | frozenset) for one in returned):
        return f"a set of {_names(leaves)}. Return a list: what is carried out has an order."
    if any(map(_is_value, leaves)):
        return (
            f"{_names(leaves)} in one list. Leave out what is not to be carried out; values beside requests are "
            "returned by a generator that yields the requests."
        )
    return None


def _refusal(returned: Any) -> str | None:
    """Say why one thing cannot be carried out, and what to do; None: it can, or it is a value."""
    if isinstance(returned, type) and issubclass(returned, Request):
        return f"the class {returned.__name__}. Make one of it: {returned.__name__}(…)."
    if isinstance(returned, AsyncGeneratorType):
        return (
            "an async generator. Await what it does in a coroutine, and return the result; or yield requests instead."
        )
    if _kind_of(returned) == "refused":
        return (
            f"{_name(returned)}. Await it in a coroutine, and return the result; or return Call(function, …), which "
            "runs the function on a worker."
        )
    return None


def _name(one: Any) -> str:
    return "None" if one is None else f"a {type(one).__name__}"


def _names(leaves: list[Any]) -> str:
    return " and ".join(dict.fromkeys(map(_name, leaves)))


def _close(returned: Any) -> None:
    """Close what has not been started, or Python would warn that it was never awaited."""
    for one in _flat(returned if isinstance(returned, _SEVERAL) else ()):
        if isinstance(one, PENDING):
            one.close()
