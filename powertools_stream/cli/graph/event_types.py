"""Which types of events a rule is for, and which it publishes, as far as that shows before it runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from powertools_stream import requests
from powertools_stream.cli.graph.model import UNKNOWN_TYPE
from powertools_stream.cli.needs.code import Reading, read_functions
from powertools_stream.cli.needs.names import Name
from powertools_stream.cli.needs.rules import functions_of_rule
from powertools_stream.cli.stack import may_match
from powertools_stream.flavors.steps.event_table import CollectingRule
from powertools_stream.matching.event_types import type_test
from powertools_stream.rules.rule import Rule

__all__ = [
    "Sources",
    "Taken",
    "emitted_by",
    "expiring",
    "is_whole",
    "latches",
    "may_be_equal",
    "sources_of",
    "taken_by",
]

Sources = Mapping[str, Reading]
"""What was read in the source of a rule's functions, by field."""


@dataclass(frozen=True)
class Taken:
    """The types of events that a rule is for.

    Parameters
    ----------
    names
        The types that it names.
    shown
        The types as a person reads them; empty: any.
    test
        Whether it may be for a type.
    """

    names: tuple[str, ...]
    shown: tuple[str, ...]
    test: Callable[[str], bool] = field(compare=False, repr=False)

    def may_be(self, event_type: str) -> bool:
        """Return whether the rule may be for events of this type, of which parts may be unknown."""
        if is_whole(event_type):
            return bool(self.test(event_type))
        return not self.names or any(may_be_equal(name, event_type) for name in self.names)


def is_whole(event_type: str) -> bool:
    """Return whether all of a type is known."""
    return not _UNKNOWN_PARTS.search(event_type)


def may_be_equal(one: str, other: str) -> bool:
    """Return whether two types may be the same, of which parts may be unknown."""
    return fnmatchcase(one, _pattern(other)) or fnmatchcase(other, _pattern(one))


def _pattern(event_type: str) -> str:
    return _UNKNOWN_PARTS.sub("*", event_type).replace("[", "[[]")


_UNKNOWN_PARTS = re.compile(r"[*?]")


def taken_by(rule: Rule) -> Taken:
    """Return the types of events that a rule is for."""
    wanted, pattern = rule.event_type, rule.event_pattern
    in_pattern = _names_in_pattern(pattern)

    def fits_pattern(event_type: str) -> bool:
        return pattern is None or may_match(pattern, {"type": event_type})

    if isinstance(wanted, str | list):
        names = tuple(dict.fromkeys([wanted] if isinstance(wanted, str) else wanted))
        return Taken(names, names, lambda event_type: event_type in names and fits_pattern(event_type))
    if callable(wanted):
        shown = f"by {_function_name(wanted)}"
        return Taken((), (shown,), fits_pattern)
    fits = type_test(wanted)
    shown_types = (f"/{wanted.pattern}/",) if isinstance(wanted, re.Pattern) else in_pattern
    names = in_pattern if wanted is None else ()
    return Taken(names, shown_types, lambda event_type: bool(fits(event_type)) and fits_pattern(event_type))


def _names_in_pattern(pattern: Mapping[str, Any] | None) -> tuple[str, ...]:
    wanted = (pattern or {}).get("type")
    values = wanted if isinstance(wanted, list) else []
    return tuple(value for value in values if isinstance(value, str))


def _function_name(function: Any) -> str:
    inner = getattr(function, "_user_function", function)
    name = str(getattr(inner, "__name__", type(inner).__name__))
    return "a function" if name == "<lambda>" else f"{name}()"


def sources_of(rule: Rule) -> Sources:
    """Read the source of a rule's functions."""
    return {name: read_functions(function, rule=rule) for name, function in functions_of_rule(rule).items()}


def emitted_by(rule: Rule, sources: Sources, taken: Taken) -> tuple[str, ...]:
    """Return the types of the events that a rule publishes; ``"?"`` for those that cannot be told.

    Those of the flavor `expired` are in the rows of its table: see `expiring`.
    """
    return tuple(dict.fromkeys([*_of_field(rule, sources, taken), *_of_requests(rule, sources)]))


def _of_field(rule: Rule, sources: Sources, taken: Taken) -> Iterator[str]:
    """Yield the types that the rule's flavor publishes."""
    if requests.PutEvent not in type(rule).asked(rule) or not _is_built_in(rule):
        return
    emit = rule.__dict__.get("emit")
    if isinstance(emit, str):
        yield emit
    elif callable(emit):
        yield from _texts(sources["emit"].types) or [UNKNOWN_TYPE]
    elif "to_event" in type(rule).user_functions:
        # What it does not set is as it was in the change, which has the type that the rule is for.
        own = _texts(sources["to_event"].types) if "to_event" in sources else []
        yield from own or taken.names or [UNKNOWN_TYPE]


def _of_requests(rule: Rule, sources: Sources) -> Iterator[str]:
    """Yield the types of events that functions of the user's publish themselves."""
    for name, source in sources.items():
        made = [each for each in source.made if issubclass(each.kind, requests.PutEvent)]
        if not made or (name in ("emit", "to_event") and _is_built_in(rule)):
            continue
        told = [text for each in made for text in _texts(each.types)]
        yield from told or _texts(source.types) or [UNKNOWN_TYPE]


def _texts(names: Iterable[Name]) -> list[str]:
    return [name.text if name.text and "${" not in name.text else UNKNOWN_TYPE for name in names]


def _is_built_in(rule: Rule) -> bool:
    return str(getattr(rule.flavor, "__module__", "")).startswith("powertools_stream.flavors.")


def expiring(rule: Rule, taken: Taken) -> tuple[str, ...]:
    """Return the types that the rows of a rule get when they expire; nothing if they do not say so."""
    expire = rule.expire if isinstance(rule, CollectingRule) else None
    if isinstance(expire, str):
        return (expire,)
    names = taken.names or (UNKNOWN_TYPE,)
    return tuple(f"{name}.expired" if "." in name else f"{name}-expired" for name in names) if expire else ()


def latches(sources: Sources) -> bool:
    """Return whether the rows that a rule writes say ``latched``, so that change data capture leaves them out."""
    return any(source.latches for source in sources.values())
