"""Excerpts: what is left of a record that is too large to be kept whole."""

from __future__ import annotations

from typing import Any

__all__ = ["short_fields"]

_LONGEST = 1_024
"""Characters of a text that is kept: AWS's identifiers and ARNs are shorter."""

_MOST = 2_048
"""Characters that are kept, names included."""


def short_fields(fields: Any) -> dict[str, Any]:
    """Return the short fields of an object, under their own names and in their own objects.

    Fields near the top come first, and arrays and long texts are left out. A record's identifiers are short and near
    the top, while its payload is long, or further down.

    Parameters
    ----------
    fields
        A value as `safe_json` makes it. What is no object has no fields.
    """
    kept: dict[str, Any] = {}
    room = _MOST
    level = [(fields, kept)] if isinstance(fields, dict) else []
    while level:
        below = []
        for given, taken in level:
            for name, value in given.items():
                is_object = isinstance(value, dict)
                length = len(name) + (2 if is_object else _length(value))
                if length > room:
                    continue
                room -= length
                taken[name] = {} if is_object else value
                if is_object:
                    below.append((value, taken[name]))
        level = below
    return kept


def _length(value: Any) -> int:
    length = _MOST if isinstance(value, list) else len(str(value))
    return length if length <= _LONGEST else _MOST + 1
