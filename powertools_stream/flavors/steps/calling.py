"""The steps that flavors are made of. Each is a plain function, or a generator to be used with ``yield from``."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from types import CoroutineType, GeneratorType
from typing import Any

from pydantic import ConfigDict, Field

from powertools_stream.environment.tags import standard_tags
from powertools_stream.requests import PutEvent, Request
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import Rule
from powertools_stream.uow import Event, UnitOfWork

__all__ = [
    "PENDING",
    "PublishingRule",
    "Steps",
    "call",
    "get_items",
    "is_asked_for",
    "listed",
    "publish",
    "split",
    "tagged",
]

Steps = Generator[Any, Any, Any]
"""What a flavor with I/O is: it yields requests, and generators and coroutines to be run for it."""

PENDING = (CoroutineType, GeneratorType)
"""The types of a result that is still to be waited for."""


class PublishingRule(Rule):
    """What the rules of publishing flavors have in common.

    Parameters
    ----------
    bus_name
        The bus, or a function of the unit of work that names it; default: the processor's.
    source
        The ``Source`` of the entries; default: ``BUS_SRC``, then ``custom``.
    """

    model_config = ConfigDict(extra="forbid")

    bus_name: str | UserFunction | None = Field(default=None, description="a string or a function")
    source: str | None = Field(default=None, description="a string")


def call(function: UserFunction, /, *args: Any) -> Steps:
    """Call a user function, and wait for its result where it is async or asks for something itself."""
    result = function(*args)
    return (yield result) if isinstance(result, PENDING) else result


def is_asked_for(result: Any) -> bool:
    """Tell whether what a user function returned is a request, or a list of requests, rather than a result."""
    if type(result) is list and result:
        return all(isinstance(one, Request) for one in result)
    return isinstance(result, Request)


def listed(made: Any, rule: Rule, field: str, noun: str) -> list[Any]:
    """Return what a function of the user's returned as a list: one mapping, several, or none.

    Parameters
    ----------
    field
        The function's, for the message.
    noun
        What one of them is, for the message: ``"an event"``.

    Raises
    ------
    TypeError
        It returned something else.
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


def publish(event: Event, uow: UnitOfWork, rule: PublishingRule) -> Steps:
    """Publish an event on the rule's bus."""
    bus_name = rule.bus_name
    if callable(bus_name):
        bus_name = yield from call(bus_name, uow)
    return (yield PutEvent(event, bus_name=bus_name, source=rule.source))


def tagged(event: Mapping[str, Any], rule: Rule) -> Event:
    """Return an event ready to be published: with the standard tags under its own, and without a key that is None."""
    tags = event.get("tags")
    result = {**event, "tags": {**standard_tags(rule.id), **(tags if isinstance(tags, Mapping) else {})}}
    if result.get("partition_key", "") is None:
        del result["partition_key"]
    return result


def split(uow: UnitOfWork, values: Any, target_field: str) -> list[UnitOfWork]:
    """Make a unit of work of each value: it stands under ``target_field``.

    A value that was itself made of the unit of work (it holds the same record or event) is taken as it is.

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
    """Get items by their keys; ``{"RequestItems": {table: {"Keys": …}}}``, for several tables, is taken as well."""
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
