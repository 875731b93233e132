"""From values to JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from powertools_stream.errors import InvalidRequestError
from powertools_stream.payloads.conversions import NO_JSON, is_finite, json_form, short_repr

__all__ = ["EncodedObject", "from_json", "to_json"]

# How deep a NaN is looked for, to name its path.
_MAX_DEPTH = 20


class EncodedObject(dict[str, Any]):
    """An object whose JSON is known, so that it is not encoded again. It is never changed.

    Parameters
    ----------
    value
        The object.
    text
        Its JSON.
    """

    __slots__ = ("text",)

    def __init__(self, value: Mapping[str, Any], text: str) -> None:
        super().__init__(value)
        self.text = text


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
    if type(value) is EncodedObject:
        return value.text
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
    """Return the value that a JSON text holds. All JSON that this library reads is read here.

    Of a key that an object has twice, the last value counts. Half a surrogate pair is data like any other.

    Raises
    ------
    ValueError
        The text is not JSON: `json.JSONDecodeError` or `UnicodeDecodeError`. ``NaN`` and ``Infinity``, which Python
        takes, are not JSON. Integers of thousands of digits, and what is nested deeper than the interpreter's stack,
        are refused as well.
    """
    if not isinstance(text, str):
        text = text.decode(json.detect_encoding(text), "strict")
    try:
        # The scanner itself: `decode` would look for white space around the value first, which takes a third of the
        # time that a small record takes.
        value, end = _scan(text, 0)
        if end == len(text) or not text[end:].strip(_WHITE_SPACE):
            return value
    except StopIteration:
        pass
    except RecursionError:
        raise _too_deep(text) from None
    try:
        # White space in front, or an error: it says which.
        return _DECODER.decode(text)
    except RecursionError:
        raise _too_deep(text) from None


def _plain(value: Any) -> Any:
    """Return what JSON is to be made of for a value that it does not know."""
    plain = json_form(value)
    if plain is NO_JSON:
        raise TypeError(
            f"Expected a value that JSON can hold, but found {type(value).__qualname__}: {short_repr(value)}"
        )
    return plain


def _encodable(text: str, value: Any) -> str:
    """Escape what is beyond ASCII if half a surrogate pair stands in the text: UTF-8 has no bytes for that."""
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
        return None if is_finite(value) else path
    if depth > _MAX_DEPTH or isinstance(value, str | int | None):
        return None
    for step, inner in _children(value):
        if (found := _path_of_nan(inner, f"{path}.{step}" if path else step, depth + 1)) is not None:
            return found
    return None


def _children(value: Any) -> Iterable[tuple[str, Any]]:
    if not isinstance(value, dict | list | tuple):
        value = json_form(value)
    if isinstance(value, dict):
        return [(str(key), inner) for key, inner in value.items()]
    return [(str(index), inner) for index, inner in enumerate(value)] if isinstance(value, list | tuple) else []


def _too_deep(text: str) -> json.JSONDecodeError:
    return json.JSONDecodeError("nested too deeply", text[:100], 0)


def _refuse_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
_ASCII_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_plain)
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_scan = _DECODER.scan_once  # type: ignore[attr-defined]  # it is what a decoder is made of
_WHITE_SPACE = " \t\n\r"
