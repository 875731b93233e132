"""What a user function returned: a value, or something that is to be carried out. Nothing is ignored in silence."""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from types import AsyncGeneratorType
from typing import Any

from powertools_stream.errors import RunError
from powertools_stream.requests import Request
from powertools_stream.rules.asking import PENDING, SEVERAL, VALUES, close, flat, is_asked_for, is_value, kind_of

__all__ = ["PENDING", "VALUES", "Steps", "carried_out", "is_asked_for", "settled"]

Steps = Generator[Any, Any, Any]
"""What a flavor with I/O is: it yields requests, and generators and coroutines to be run for it."""


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
        close(returned)
        raise RunError(
            f"Rule {rule_id!r}: expected what {field} returns to be a value, a request, a coroutine, a generator, or a "
            f"list of requests and their like, found {problem}"
        )
    if isinstance(returned, Request):
        return (yield returned)
    if isinstance(returned, SEVERAL):
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


def _is_settled(returned: Any) -> bool:
    return kind_of(returned) in ("value", "request")


def _pending(returned: Any) -> Any:
    return returned if isinstance(returned, PENDING) else _awaited(returned)


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _problem(returned: Any) -> str | None:
    """Say why something cannot be carried out, and what to do; None: it can."""
    if not isinstance(returned, SEVERAL):
        return _refusal(returned)
    leaves = list(flat(returned))
    if problem := next(filter(None, map(_refusal, leaves)), None):
        return f"among several things {problem}"
    if isinstance(returned, set | frozenset) or any(isinstance(one, set | frozenset) for one in returned):
        return f"a set of {_names(leaves)}. Return a list: what is carried out has an order."
    if any(map(is_value, leaves)):
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
    if kind_of(returned) == "refused":
        return (
            f"{_name(returned)}. Await it in a coroutine, and return the result; or return Call(function, …), which "
            "runs the function on a worker."
        )
    return None


def _name(one: Any) -> str:
    return "None" if one is None else f"a {type(one).__name__}"


def _names(leaves: list[Any]) -> str:
    return " and ".join(dict.fromkeys(map(_name, leaves)))
