"""JSON that holds whatever a rule held, for fault events: it never fails."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from enum import Enum
from typing import Any

from powertools_stream.payloads.conversions import NO_JSON, is_finite, json_form, json_number, short_repr

__all__ = ["to_safe", "to_safe_json"]

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
# EventBridge reads integers as 64 bits.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
_MAX_INTEGER = 2**63 - 1
_MAX_DIGITS = 1_000
# EventBridge takes 1,000 levels. Python's own stack, under a caller's frames, takes fewer.
_MAX_LEVELS = 200
_FEW_LEVELS = 20
# Every value takes two bytes of JSON, its comma included: what lies beyond would not fit into an entry anyway. It
# keeps a value that refers to the same list again and again from growing without end.
_MAX_VALUES = 1_000_000


def to_safe_json(value: Any) -> str:
    """Return `to_safe` of a value as compact JSON that UTF-8 can carry. Never fails."""
    try:
        text = _ENCODER.encode(to_safe(value))
    except RecursionError:
        # The caller is near the end of the stack already.
        text = _ENCODER.encode(_Safe(levels=_FEW_LEVELS).convert(value))
    if text.isascii():
        return text
    # Half a surrogate pair is no Unicode text, and EventBridge would refuse the whole entry.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def to_safe(value: Any) -> Any:
    """Return a value as dicts, lists, strings and numbers that every JSON reader takes. Never fails.

    As `to_json` does, but nothing is refused: NaN, infinity and integers beyond 64 bits become strings, an exception
    its name and message, an unknown object its ``repr`` (cut at 1,000 characters), a key its text, a container inside
    itself ``"<cycle>"``. Below 200 levels, and after a million values, ``"<cut>"`` stands for the rest: EventBridge
    takes 1,000 levels and 1,000,000 bytes.
    """
    try:
        return _Safe(levels=_MAX_LEVELS).convert(value)
    except RecursionError:
        return _Safe(levels=_FEW_LEVELS).convert(value)


class _Safe:
    """One conversion of one value: what it has seen on the path, and how much is left."""

    def __init__(self, levels: int) -> None:
        self._levels = levels
        self._values = _MAX_VALUES
        self._path: set[int] = set()

    def convert(self, value: Any) -> Any:
        """Return the safe form of a value."""
        self._values -= 1
        if value is None or value is True or value is False or type(value) is str:
            return value
        if isinstance(value, Enum):
            return self.convert(value.value)
        if isinstance(value, int):
            return int(value) if -_MAX_INTEGER - 1 <= value <= _MAX_INTEGER else _digits(value)
        if isinstance(value, float | Decimal):
            return self._float(value)
        if isinstance(value, str):
            return str.__str__(value)
        if id(value) in self._path:
            return "<cycle>"
        if len(self._path) >= self._levels or self._values < 0:
            return "<cut>"
        self._path.add(id(value))
        try:
            return self._inside(value)
        finally:
            self._path.discard(id(value))

    def _inside(self, value: Any) -> Any:
        if isinstance(value, BaseException):
            return {"name": type(value).__name__, "message": _text(value)}
        try:
            plain = value if isinstance(value, dict | list | tuple) else json_form(value)
            if isinstance(plain, dict):
                return self._mapping(plain)
            if isinstance(plain, list | tuple):
                return [self.convert(inner) for inner in plain]
        except RecursionError:
            raise
        except Exception:  # a broken dump, property or iterator of the user's
            return short_repr(value)
        return short_repr(value) if plain is NO_JSON else self.convert(plain)

    def _mapping(self, mapping: dict[Any, Any]) -> dict[str, Any]:
        safe: dict[str, Any] = {}
        for key, inner in mapping.items():
            name = str.__str__(key) if isinstance(key, str) else _text(key)
            while name in safe:  # 1 and "1": neither may be lost
                name += "'"
            safe[name] = self.convert(inner)
        return safe

    def _float(self, value: float | Decimal) -> Any:
        if not is_finite(value):
            return str(value)
        if isinstance(value, float):
            return float(value)
        number = json_number(value)
        return self.convert(number if isinstance(number, int) or math.isfinite(number) else str(value))


def _digits(value: int) -> str:
    try:
        return str(int(value))
    except ValueError:  # more digits than Python is willing to write
        return hex(value)[:_MAX_DIGITS]


def _text(value: Any) -> str:
    try:
        text = str(value)
    except Exception:
        text = short_repr(value)
    return text
