"""The steps that flavors are built from. Each is a plain function, or a generator to use with ``yield from``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import GeneratorType
from typing import Any

from powertools_stream.flavors.steps.returned import PENDING, VALUES, Steps, settled
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import Rule
from powertools_stream.uow import UnitOfWork

__all__ = [
    "PENDING",
    "Steps",
    "call",
    "get_items",
    "listed",
    "split",
]


def call(function: UserFunction, /, *args: Any) -> Steps:
    """Call a user function, and wait for its result if it is async or asks for something itself."""
    result = function(*args)
    return result if type(result) in VALUES else (yield from settled(result))


def listed(made: Any, rule: Rule, field: str, noun: str) -> list[Any]:
    """Return the mappings that a user function returned (one, several, or none) as a list.

    Parameters
    ----------
    field
        The function's field, for the message.
    noun
        What one mapping stands for, for the message: ``"an event"``.

    Raises
    ------
    TypeError
        The function returned something else.
    """
    if made is None:
        return []
    several = isinstance(made, Iterable) and not isinstance(made, Mapping | str | bytes)
    values = list(made) if several else [made]
    for value in values:
        if not isinstance(value, Mapping):
            raise TypeError(
                f"Rule {rule.id!r}: {field} returns {noun} (a mapping), a list of {noun.split()[-1]}s or None; "
                f"got a {type(value).__name__}."
            )
    return values


def split(uow: UnitOfWork, values: Any, target_field: str) -> list[UnitOfWork]:
    """Return a unit of work for each value, which is in its ``target_field``.

    A value that is itself derived from the unit of work (it holds the same record or event) is used as it is.

    Parameters
    ----------
    values
        A list, or None for none.
    """
    if values is None:
        return []
    if not isinstance(values, list | tuple | set | frozenset | GeneratorType):
        raise TypeError(f"Expected a list to split the unit of work on; got a {type(values).__name__}.")
    return [UnitOfWork(value) if _is_of(value, uow) else UnitOfWork(uow, **{target_field: value}) for value in values]


def get_items(request: Mapping[str, Any], table_name: str | None = None) -> Steps:
    """Get items by their keys; ``{"RequestItems": {table: {"Keys": …}}}``, for several tables, is accepted too."""
    from powertools_stream.requests import GetItems

    tables = request.get("RequestItems")
    if tables is None:
        return (yield GetItems(request, table_name=table_name))
    answers = yield [GetItems(params, table_name=name) for name, params in tables.items()]
    return {"Responses": {name: items for answer in answers for name, items in answer["Responses"].items()}}


def _is_of(value: Any, uow: UnitOfWork) -> bool:
    return isinstance(value, dict) and any(
        uow.get(name) is not None and value.get(name) is uow[name] for name in ("record", "event")
    )
