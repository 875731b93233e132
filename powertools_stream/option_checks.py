"""How the options of the processor are checked: each by itself, by what its field says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from importlib import import_module
from inspect import iscoroutinefunction
from typing import Any, TypeVar

__all__ = [
    "are_made",
    "are_made_with",
    "are_names",
    "has",
    "has_plain",
    "instance_of",
    "is_listed",
    "is_name",
    "is_tracer",
    "mistake",
    "number_from",
    "option",
    "switch",
]

T = TypeVar("T")


def option(default: T, takes: str, accepts: Callable[[Any], bool], error: type[Exception] = TypeError) -> T:
    """Return the field of an option that is checked by itself.

    Parameters
    ----------
    default
        Its value if it is not given, which is not checked.
    takes
        What it takes, for the message.
    accepts
        Tells whether a value is such.
    error
        What is raised if it is not.
    """
    field_: T = field(default=default, metadata={"takes": takes, "accepts": accepts, "error": error})
    return field_


def switch(default: bool) -> bool:
    """Return the field of an option that is on or off: what merely counts as true, such as ``"no"``, is a mistake."""
    return option(default, "True or False", lambda value: isinstance(value, bool))


def instance_of(module: str, name: str) -> Callable[[Any], bool]:
    """Tell an instance of a class that a function need not load if it does not use it."""
    return lambda value: isinstance(value, getattr(import_module(f"powertools_stream.{module}"), name))


def number_from(least: float) -> Callable[[Any], bool]:
    """Tell a number that is not too small."""
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= least


def has(*methods: str) -> Callable[[Any], bool]:
    """Tell an object, not its class, by its methods: whose class it is of need not be known, or loaded."""
    return lambda value: (
        not isinstance(value, type) and all(callable(getattr(value, method, None)) for method in methods)
    )


def has_plain(*methods: str) -> Callable[[Any], bool]:
    """Tell an object by its methods, none of which is ``async def``: nobody would await it."""
    return lambda value: (
        has(*methods)(value) and not any(iscoroutinefunction(getattr(value, method)) for method in methods)
    )


def is_name(value: Any) -> bool:
    """Tell a text."""
    return isinstance(value, str)


def is_listed(value: Any) -> bool:
    """Tell several values."""
    return isinstance(value, list | tuple | set | frozenset)


def is_tracer(value: Any) -> bool:
    """Tell Powertools' Tracer, or another object whose provider opens subsegments."""
    return not isinstance(value, type) and has("in_subsegment")(getattr(value, "provider", None))


def are_made(values: Any) -> bool:
    """Tell whether these are several objects, none of them a class that somebody forgot to call."""
    return isinstance(values, list | tuple) and not any(isinstance(value, type) for value in values)


def are_made_with(*methods: str) -> Callable[[Any], bool]:
    """Tell several objects, each of which has some methods."""
    return lambda values: are_made(values) and all(has(*methods)(value) for value in values)


def are_names(values: Any) -> bool:
    """Tell several texts; one text is not several."""
    return is_listed(values) and all(isinstance(value, str) for value in values)


def mistake(name: str, takes: str, found: Any, error: type[Exception] = TypeError) -> Exception:
    """Return the error of an option that holds what it does not take."""
    from powertools_stream.rules.diagnostics import shown

    return error(f"StreamProcessor({name}=…) takes {takes}; got {shown(found)}.")
