"""What a value is on the wire: JSON out, JSON in, and JSON for fault events, which must hold whatever a rule held."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, NoReturn
from uuid import UUID

from powertools_stream.errors import InvalidRequestError

__all__ = ["from_json", "to_json", "to_safe", "to_safe_json"]

_NO_JSON = object()


def to_json(value: Any) -> str:
    """Return a value as compact JSON.

    A `Decimal` becomes an int or the nearest double, a set a sorted list, bytes base64, a date its ISO form, a pydantic
    model its ``model_dump()``, a dataclass its fields, an `Enum` its value.

    Raises
    ------
    InvalidRequestError
        NaN or infinity, named by their path; a cycle; nesting deeper than the interpreter's stack. A `ValueError` too.
    TypeError
        A value or a key of a type that JSON has no form for.
    """
    try:
        text = _ENCODER.encode(value)
    except ValueError as error:
        raise _explained(value, error) from error
    except RecursionError as error:
        raise InvalidRequestError(
            "Expected a value that JSON can hold, but found one that is nested too deep."
        ) from error
    return text if text.isascii() else _encodable(text, value)


def from_json(text: str | bytes | bytearray) -> Any:
    """Return the value that a JSON text holds.

    Raises
    ------
    ValueError
        The text is not JSON: `json.JSONDecodeError` or `UnicodeDecodeError`. ``NaN`` and ``Infinity``, which Python
        takes, are not JSON, and neither is what is nested deeper than the interpreter's stack.
    """
    if not isinstance(text, str):
        text = text.decode(json.detect_encoding(text), "strict")
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise json.JSONDecodeError("Nested too deep", text[:100], 0) from None


def to_safe_json(value: Any) -> str:
    """Return `to_safe` of a value as compact JSON that UTF-8 can carry. Never fails."""
    try:
        text = _ENCODER.encode(to_safe(value))
    except RecursionError:
        # The caller stands near the end of the stack already.
        text = _ENCODER.encode(_Safe(levels=_FEW_LEVELS).convert(value))
    if text.isascii():
        return text
    # Half a surrogate pair is no Unicode text, and EventBridge would refuse the whole entry.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def to_safe(value: Any) -> Any:
    """Return a value as dicts, lists, strings and numbers that every JSON reader takes. Never fails.

    As `to_json` does, and where that would fail: NaN, infinity and integers beyond 64 bits become strings, an exception
    its name and message, an unknown object its ``repr`` (cut at 1,000 characters), a key its text, a container inside
    itself ``"<cycle>"``. Below 200 levels, and after a million values, ``"<cut>"`` stands for the rest: EventBridge
    takes 1,000 levels and 1,000,000 bytes.
    """
    try:
        return _Safe(levels=_MAX_LEVELS).convert(value)
    except RecursionError:
        return _Safe(levels=_FEW_LEVELS).convert(value)


def _plain(value: Any) -> Any:
    """Return what JSON is to be made of for a value that it does not know."""
    plain = _known(value)
    if plain is _NO_JSON:
        raise TypeError(f"Expected a value that JSON can hold, but found {type(value).__qualname__}: {_repr(value)}")
    return plain


def _known(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, set | frozenset):
        return _sorted(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return b64encode(value).decode("ascii")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID | PurePath):
        return str(value)
    return _container(value)


def _container(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, type):
        return _NO_JSON
    if callable(dump := getattr(value, "model_dump", None)):
        return dump()
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if hasattr(value, "__bytes__"):  # boto3's Binary
        return b64encode(bytes(value)).decode("ascii")
    # What a model's dump may still hold: URLs, secrets (masked by their text), …
    return str(value) if type(value).__module__.startswith("pydantic") else _NO_JSON


def _number(value: Decimal) -> int | float:
    if not value.is_finite():
        return float("nan")  # refused by the encoder, as is a float's
    # Not `int(value)`: 1E+1000000 would be a million digits.
    return int(value) if value == value.to_integral_value() and value.adjusted() < 400 else float(value)


def _sorted(values: Iterable[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=lambda value: (type(value).__name__, _repr(value)))


def _encodable(text: str, value: Any) -> str:
    """Escape what is beyond ASCII where half a surrogate pair stands in the text: UTF-8 has no bytes for that."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _ASCII_ENCODER.encode(value)
    return text


def _explained(value: Any, error: ValueError) -> InvalidRequestError:
    where = _path_of_nan(value, "", 0)
    if where is None:
        return InvalidRequestError(f"Expected a value that JSON can hold: {error}.")
    return InvalidRequestError(f"Expected numbers that JSON can hold, but found NaN or infinity at {where!r}.")


def _path_of_nan(value: Any, path: str, depth: int) -> str | None:
    if isinstance(value, float | Decimal):
        return None if _is_finite(value) else path
    if depth > _FEW_LEVELS or isinstance(value, str | int | None):
        return None
    for step, inner in _children(value):
        if (found := _path_of_nan(inner, f"{path}.{step}" if path else step, depth + 1)) is not None:
            return found
    return None


def _children(value: Any) -> Iterable[tuple[str, Any]]:
    if not isinstance(value, dict | list | tuple):
        value = _known(value)
    if isinstance(value, dict):
        return [(str(key), inner) for key, inner in value.items()]
    return [(str(index), inner) for index, inner in enumerate(value)] if isinstance(value, list | tuple) else []


def _refuse_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def _repr(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__qualname__}>"
    return text if len(text) <= _MAX_REPR else text[:_MAX_REPR] + "…"


# EventBridge reads integers as 64 bits.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
_MAX_INTEGER = 2**63 - 1
_MAX_REPR = 1_000
# EventBridge takes 1,000 levels. Python's own stack, under a caller's frames, takes fewer.
_MAX_LEVELS = 200
_FEW_LEVELS = 20
# Every value takes two bytes of JSON, its comma included: what lies beyond would not fit into an entry anyway. It
# keeps a value that refers to the same list again and again from growing without end.
_MAX_VALUES = 1_000_000


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
            plain = value if isinstance(value, dict | list | tuple) else _known(value)
            if isinstance(plain, dict):
                return self._mapping(plain)
            if isinstance(plain, list | tuple):
                return [self.convert(inner) for inner in plain]
        except RecursionError:
            raise
        except Exception:  # a broken dump, property or iterator of the user's
            return _repr(value)
        return _repr(value) if plain is _NO_JSON else self.convert(plain)

    def _mapping(self, mapping: dict[Any, Any]) -> dict[str, Any]:
        safe: dict[str, Any] = {}
        for key, inner in mapping.items():
            name = str.__str__(key) if isinstance(key, str) else _text(key)
            while name in safe:  # 1 and "1": neither may be lost
                name += "'"
            safe[name] = self.convert(inner)
        return safe

    def _float(self, value: float | Decimal) -> Any:
        if not _is_finite(value):
            return str(value)
        if isinstance(value, float):
            return float(value)
        number = _number(value)
        return self.convert(number if isinstance(number, int) or math.isfinite(number) else str(value))


def _is_finite(value: float | Decimal) -> bool:
    # math.isfinite raises on a signalling NaN.
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def _digits(value: int) -> str:
    try:
        return str(int(value))
    except ValueError:  # more digits than Python is willing to write
        return hex(value)[:_MAX_REPR]


def _text(value: Any) -> str:
    try:
        text = str(value)
    except Exception:
        text = _repr(value)
    return text


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
_ASCII_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_plain)
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
