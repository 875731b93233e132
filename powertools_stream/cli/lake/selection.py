"""Which events are meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Selection"]


@dataclass(frozen=True)
class Selection:
    """Which events are meant. What is empty or None says nothing.

    Parameters
    ----------
    since, until
        From when to before when, in ms since 1970, by the event's ``timestamp``.
    types, ids
        Types and ids of events.
    functions, rules, errors
        Of fault events: ``tags.functionname``, ``tags.pipeline``, ``err.name``.
    """

    since: int | None = None
    until: int | None = None
    types: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def has(self, event: Mapping[str, Any]) -> bool:
        """Tell whether an event is one of them."""
        raise NotImplementedError(event)
