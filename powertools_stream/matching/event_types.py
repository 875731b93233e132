"""Event types: an index that finds the rules for a type without testing each of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

__all__ = ["EventTypes", "TypeIndex", "type_test"]

EventTypes = str | list[str] | re.Pattern[str] | Callable[..., Any]
"""The ways in which a rule may name its event types."""

FAULT = "fault"
"""The type of fault events: a rule has to name it to get them."""

# Types come from outside. The cache of lookups is limited in the number of types and in their length, so that nobody
# can fill the function's memory with made-up types. EventBridge's DetailType has 128 characters at most:
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
_MAX_CACHED = 1024
_MAX_LENGTH = 256

T = TypeVar("T")


class TypeIndex(Generic[T]):
    """Finds the entries that are registered for an event type, in the order of registration, with one dict lookup.

    Parameters
    ----------
    entries
        The entries, each with its event types. A function cannot be indexed: its entry is a candidate for every type,
        and the function has to be called (see `CompiledRule.condition`).
    """

    __slots__ = ("_exact", "_found", "_open")

    def __init__(self, entries: Sequence[tuple[EventTypes | None, T]]) -> None:
        self._exact: dict[str, list[tuple[int, T]]] = {}
        self._open: list[tuple[int, T, Callable[[str], Any]]] = []
        for position, (types, entry) in enumerate(entries):
            if (names := _names(types)) is not None:
                for name in dict.fromkeys(names):
                    self._exact.setdefault(name, []).append((position, entry))
            else:
                self._open.append((position, entry, type_test(types)))
        self._found: dict[Any, tuple[T, ...]] = {}

    def candidates(self, event_type: Any) -> tuple[T, ...]:
        """Return the entries for a type; for a value that is not a string, only the entries that accept any type."""
        try:
            return self._found[event_type]
        except (KeyError, TypeError):
            return self._look_up(event_type)

    def _look_up(self, event_type: Any) -> tuple[T, ...]:
        if not isinstance(event_type, str):
            return self.candidates("")
        found = [*self._exact.get(event_type, ())]
        found += [(position, entry) for position, entry, fits in self._open if fits(event_type)]
        found.sort(key=_position)
        candidates = tuple(entry for _, entry in found)
        if len(event_type) <= _MAX_LENGTH:
            if len(self._found) >= _MAX_CACHED:
                self._found.clear()
            self._found[event_type] = candidates
        return candidates


def type_test(types: EventTypes | None) -> Callable[[str], Any]:
    """Make the test for types that the index cannot look up: a pattern, a function, or None."""
    if types is None:
        return _is_no_fault
    return types.search if isinstance(types, re.Pattern) else _is_anything


def _names(types: EventTypes | None) -> list[str] | None:
    if isinstance(types, str):
        return [types]
    return types if isinstance(types, list) else None


def _position(found: tuple[int, Any]) -> int:
    return found[0]


def _is_no_fault(event_type: str) -> bool:
    return event_type != FAULT


def _is_anything(event_type: str) -> bool:
    return True
