"""Event types as alternatives of a pattern."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from powertools_stream.matching.backtracking import regex_parser
from powertools_stream.matching.event_types import EventTypes

__all__ = ["Types", "types_of"]

Types = tuple[Any, ...] | None
"""Alternatives for the type; None: any type, and none at all."""

_MAX_TEXTS = 50
"""How many texts a regular expression may stand for."""

_PARSER = regex_parser
_ENDS = (_PARSER.AT_END, _PARSER.AT_END_STRING)
_BEGINNINGS = (_PARSER.AT_BEGINNING, _PARSER.AT_BEGINNING_STRING)


@dataclass(frozen=True)
class _Found:
    types: Types
    is_exact: bool = False
    """Whether they take no other types."""


_ANY = _Found(None)


def types_of(event_type: EventTypes | None) -> tuple[Types, str]:
    """Return alternatives that take each type that a rule takes, and why they take others, too; empty: they do not."""
    if event_type is None:
        return None, ""
    if isinstance(event_type, str | list):
        names = [event_type] if isinstance(event_type, str) else event_type
        # An event without a type has the empty one.
        return (None, "") if "" in names else (tuple(dict.fromkeys(names)), "")
    if not isinstance(event_type, re.Pattern):
        return None, "its event_type is a function"
    found = _of_pattern(event_type)
    if found.is_exact:
        return found.types, ""
    how = "no operator for" if found.types is None else "only beginnings and ends to compare with"
    return found.types, f"filters have {how} its event_type {event_type.pattern!r}"


def _of_pattern(pattern: re.Pattern[str]) -> _Found:
    if pattern.flags & (re.IGNORECASE | re.MULTILINE):
        return _ANY
    return _of_items(list(_PARSER.parse(pattern.pattern, pattern.flags)))


def _of_items(items: Sequence[Any]) -> _Found:
    """Return alternatives for what is searched for anywhere in a type."""
    if len(items) == 1 and (branches := _branches(*items[0])):
        return _either([_of_items(list(branch)) for branch in branches])
    if items and _is_at(items[0], _BEGINNINGS):
        return _beginning(items[1:])
    if items and _is_at(items[-1], _ENDS):
        return _ending(items[:-1], is_strict=items[-1][1] is _PARSER.AT_END_STRING)
    return _ANY


def _either(found: Sequence[_Found]) -> _Found:
    if any(each.types is None for each in found):
        return _ANY
    types = dict.fromkeys(json.dumps(one) for each in found for one in each.types or ())
    return _Found(tuple(map(json.loads, types)), all(each.is_exact for each in found))


def _branches(operator: Any, argument: Any) -> Sequence[Any]:
    """Return what a choice, or a group, is made of; nothing if it is neither."""
    if operator is _PARSER.BRANCH:
        return list(argument[1])
    return [argument[-1]] if operator is _PARSER.SUBPATTERN and not (argument[1] or argument[2]) else []


def _beginning(items: Sequence[Any]) -> _Found:
    is_whole = bool(items) and _is_at(items[-1], (_PARSER.AT_END_STRING,))
    texts, is_complete = _starts(items[:-1] if is_whole else items)
    if is_whole and is_complete:
        return _Found(tuple(texts), is_exact=True)
    return _ANY if "" in texts else _Found(tuple({"prefix": text} for text in _shortest(texts)), is_complete)


def _shortest(texts: Sequence[str]) -> list[str]:
    """Return texts without those that begin with another of them."""
    return [text for text in texts if not any(text != each and text.startswith(each) for each in texts)]


def _starts(items: Sequence[Any]) -> tuple[list[str], bool]:
    """Return texts, with one of which whatever matches begins, and whether there is nothing behind them."""
    texts = [""]
    for operator, argument in items:
        more, is_complete = _texts(operator, argument)
        if not more or len(texts) * len(more) > _MAX_TEXTS:
            return texts, False
        texts = list(dict.fromkeys("".join(pair) for pair in product(texts, more)))
        if not is_complete:
            return texts, False
    return texts, True


def _texts(operator: Any, argument: Any) -> tuple[list[str], bool]:
    if operator is _PARSER.LITERAL:
        return [chr(argument)], True
    if operator is _PARSER.IN and all(kind is _PARSER.LITERAL for kind, _ in argument):
        return [chr(character) for _, character in argument], True
    found = [_starts(list(branch)) for branch in _branches(operator, argument)]
    texts = [text for each, _ in found for text in each]
    return texts, bool(found) and all(is_complete for _, is_complete in found)


def _ending(items: Sequence[Any], *, is_strict: bool) -> _Found:
    letters: list[str] = []
    for operator, argument in reversed(items):
        if operator is not _PARSER.LITERAL:
            break
        letters.insert(0, chr(argument))
    text = "".join(letters)
    # `$` also matches before a line break at the end.
    ends = [text] if is_strict else [text, f"{text}\n"]
    return _Found(tuple({"suffix": end} for end in ends), len(letters) == len(items)) if text else _ANY


def _is_at(item: Any, places: Sequence[Any]) -> bool:
    return item[0] is _PARSER.AT and item[1] in places
