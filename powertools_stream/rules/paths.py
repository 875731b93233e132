"""Paths into a unit of work, such as ``event.order.lines``, in JMESPath, which Powertools depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from powertools_stream.errors import RuleError

__all__ = ["check_path", "path_reader"]


@lru_cache(maxsize=256)
def path_reader(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return a function that reads a value from a unit of work, and returns None if there is none.

    Raises
    ------
    ValueError
        The path is not valid JMESPath.
    """
    names = path.split(".")
    if all(name.isidentifier() and name.isascii() for name in names):
        return lambda uow: _walk(uow, names)

    import jmespath  # Only paths with more than plain names need it.

    search: Callable[[Mapping[str, Any]], Any] = jmespath.compile(path).search
    return search


def check_path(path: str, *, rule_id: str, field: str) -> None:
    """Check a path when the rule is made.

    Raises
    ------
    RuleError
        The path is not valid JMESPath.
    """
    try:
        path_reader(path)
    except ValueError as error:
        raise RuleError(f"Rule {rule_id!r}: the field {field!r} is not a valid path: {error}", rule_id) from None


def _walk(value: Any, names: list[str]) -> Any:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
