"""What a checkpoint says, as a text: hashes of events, by the rules that are done with them."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

__all__ = ["Marks", "mark_of", "marks_from", "name_of", "text_of"]

Marks = Mapping[bytes, frozenset[str]]
"""Which rules are done with which event: their ids, by the event's mark."""

_BYTES = 8
# An item of DynamoDB has 400 KB, its attributes' names and its key included.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
_MAX_CHARACTERS = 350_000


def mark_of(*parts: Any) -> bytes:
    """Return the mark of an event: 8 bytes of a hash of what names it."""
    return _digest(parts)[:_BYTES]


def name_of(*parts: Any) -> str:
    """Return a name for what has no short one of its own."""
    return _digest(parts).hex()[:32]


def text_of(marks: Marks) -> str:
    """Return marks as a text; of those that are too many, as many as fit.

    Each mark stands there once, with others of the same rules: most events of a batch have the same.
    """
    by_rules: dict[tuple[str, ...], list[bytes]] = {}
    for mark, rule_ids in marks.items():
        by_rules.setdefault(tuple(sorted(rule_ids)), []).append(mark)
    return json.dumps(list(_packed(by_rules)))


def marks_from(text: str) -> dict[bytes, frozenset[str]]:
    """Return the marks in a text.

    Raises
    ------
    ValueError, TypeError
        It is no text of marks.
    """
    marks: dict[bytes, frozenset[str]] = {}
    for rule_ids, packed in json.loads(text):
        if not isinstance(rule_ids, list):
            raise TypeError(f"Expected a list of rules, but found {rule_ids!r}.")
        whole = b64decode(packed, validate=True)
        for start in range(0, len(whole), _BYTES):
            marks[whole[start : start + _BYTES]] = frozenset(rule_ids)
    return marks


def _packed(by_rules: Mapping[tuple[str, ...], list[bytes]]) -> Iterator[tuple[tuple[str, ...], str]]:
    room = _MAX_CHARACTERS
    for rule_ids, marks in sorted(by_rules.items()):
        room -= len(json.dumps(rule_ids)) + 16
        fitting = max(0, room) * 3 // 4 // _BYTES
        if not fitting:
            return
        packed = b64encode(b"".join(sorted(marks)[:fitting])).decode()
        room -= len(packed)
        yield rule_ids, packed


def _digest(parts: tuple[Any, ...]) -> bytes:
    # Half a surrogate pair has no bytes in UTF-8. A `repr` keeps "1" and 1 apart, and where one part ends.
    return sha256(repr(parts).encode(errors="backslashreplace")).digest()
