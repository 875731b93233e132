"""Filters for change events: they compare the images of an item before and after, in ``event["raw"]``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from powertools_stream.errors import RuleError
from powertools_stream.uow import UnitOfWork

__all__ = ["appeared", "changed", "disappeared"]

_ANYTHING: Any = object()
_NOTHING: Mapping[str, Any] = {}


def changed(*names: str, to: Any = _ANYTHING, from_: Any = _ANYTHING) -> Callable[[UnitOfWork], bool]:
    """Make a filter that passes a change in which the value of one of the attributes changed.

    A missing attribute, and every attribute of a missing item, counts as None: an insert with a value, and the removal
    of one, are changes. An event without images does not pass.

    Parameters
    ----------
    names
        Names of top-level attributes, taken literally: dots and other special characters have no meaning.
    to, from_
        The value after and before the change, or a function that returns whether a value passes.

    Examples
    --------
    >>> paid = changed("status", to="PAID")
    >>> paid(UnitOfWork(event={"raw": {"new": {"status": "PAID"}, "old": {"status": "OPEN"}}}))
    True
    """
    _check_names("changed", names)
    fits_new, fits_old = _test(to), _test(from_)

    def is_changed(uow: UnitOfWork) -> bool:
        new, old = _images(uow)
        for name in names:
            after, before = new.get(name), old.get(name)
            if after != before and fits_new(after) and fits_old(before):
                return True
        return False

    return is_changed


def appeared(*names: str) -> Callable[[UnitOfWork], bool]:
    """Make a filter that passes a change in which one of the attributes got a value and had none before.

    A missing attribute and a null both count as no value.
    """
    _check_names("appeared", names)
    return changed(*names, to=_is_value, from_=_is_none)


def disappeared(*names: str) -> Callable[[UnitOfWork], bool]:
    """Make a filter that passes a change in which one of the attributes lost its value, or its item was removed."""
    _check_names("disappeared", names)
    return changed(*names, to=_is_none, from_=_is_value)


def _images(uow: UnitOfWork) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    raw = uow["event"].get("raw")
    if not isinstance(raw, dict):
        return _NOTHING, _NOTHING
    return raw.get("new") or _NOTHING, raw.get("old") or _NOTHING


def _test(wanted: Any) -> Callable[[Any], bool]:
    if wanted is _ANYTHING:
        return lambda value: True
    if callable(wanted):
        return lambda value: bool(wanted(value))
    return lambda value: bool(value == wanted)


def _is_none(value: Any) -> bool:
    return value is None


def _is_value(value: Any) -> bool:
    return value is not None


def _check_names(function: str, names: tuple[str, ...]) -> None:
    if not names or not all(isinstance(name, str) for name in names):
        raise RuleError(f"{function}() takes the names of attributes, e.g. {function}('status'); got {names!r}.")
