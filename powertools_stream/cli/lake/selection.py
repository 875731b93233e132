"""Which events are meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from powertools_stream.cli.lake.moments import DAY

__all__ = ["Selection", "failed_types", "is_like"]


@dataclass(frozen=True)
class Selection:
    """Which events are meant. What is empty or None says nothing; ``*`` in a text stands for any text.

    Parameters
    ----------
    since, until
        From when to before when, in ms since 1970, by the event's ``timestamp``.
    types, ids
        Types and ids of events.
    functions, rules, errors
        ``tags.functionname`` and ``tags.pipeline``: of what has failed, or has published the event; ``err.name``.
    failed_types
        Of fault events: the types of the events that failed, ``uow.event.type``.
    late
        How much later than at its ``timestamp`` an event may have been stored, in ms. It limits where is looked.
    """

    since: int | None = None
    until: int | None = None
    types: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    failed_types: tuple[str, ...] = ()
    late: int = DAY

    def has(self, event: Mapping[str, Any]) -> bool:
        """Tell whether an event is one of them."""
        return (
            self.has_moment(event)
            and (not self.types or _is_like_one_of(self.types, event.get("type")))
            and (not self.ids or _is_like_one_of(self.ids, event.get("id")))
            and (not self.functions or _is_like_one_of(self.functions, _inner(event, "tags", "functionname")))
            and (not self.rules or _is_like_one_of(self.rules, _inner(event, "tags", "pipeline")))
            and (not self.errors or _is_like_one_of(self.errors, _inner(event, "err", "name")))
            and (not self.failed_types or any(_is_like_one_of(self.failed_types, each) for each in failed_types(event)))
        )

    def has_moment(self, event: Mapping[str, Any]) -> bool:
        """Tell whether an event is of the right time. One that tells no time is not, if there is a right one."""
        if self.since is None and self.until is None:
            return True
        at = event.get("timestamp")
        if not isinstance(at, int | float):
            return False
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def failed_types(fault: Mapping[str, Any]) -> list[Any]:
    """Return the types of the events that a fault event is about: one, or those of a compacted batch."""
    uow = fault.get("uow")
    if not isinstance(uow, dict):
        return []
    batch = uow.get("batch")
    units = [uow, *(batch if isinstance(batch, list) else ())]
    return [_inner(unit, "event", "type") for unit in units if isinstance(unit, dict)]


def is_like(pattern: str, text: str) -> bool:
    """Tell whether a text is like a pattern, in which ``*`` stands for any text.

    Examples
    --------
    >>> is_like("order-*", "order-paid"), is_like("order", "order-paid")
    (True, False)
    """
    return _expression(pattern).fullmatch(text) is not None


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _is_like_one_of(patterns: tuple[str, ...], value: Any) -> bool:
    return isinstance(value, str) and (value in patterns or any(is_like(pattern, value) for pattern in patterns))


def _inner(event: Mapping[str, Any], field: str, name: str) -> Any:
    inner = event.get(field)
    return inner.get(name) if isinstance(inner, dict) else None
