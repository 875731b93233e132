"""JSON that holds whatever a rule held, for fault events: it never fails."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

from powertools_stream.errors import CutOffError
from powertools_stream.payloads.conversions import NO_JSON, is_finite, json_form, json_number, short_repr, text_of
from powertools_stream.payloads.masking import MASK, Masking

__all__ = [
    "JSON_TEXT",
    "SafeJson",
    "encodable",
    "joined",
    "listed",
    "of_safe",
    "read_json_texts",
    "safe_json",
    "to_safe",
    "to_safe_json",
]

JSON_TEXT = "<json>"
"""The only name in an object that stands for a value that lies too deep; it holds the value's JSON."""

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


class SafeJson:
    """A safe value, and what it is in JSON. It is never changed.

    Parameters
    ----------
    value
        The value, as `to_safe` makes it.
    text
        Its compact JSON.
    size
        The bytes of the text in UTF-8.
    is_cut
        Whether ``"<cut>"`` stands for values in it of which there were too many.
    """

    __slots__ = ("is_cut", "size", "text", "value")

    def __init__(self, value: Any, text: str, size: int, *, is_cut: bool = False) -> None:
        self.value = value
        self.text = text
        self.size = size
        self.is_cut = is_cut


def to_safe_json(value: Any) -> str:
    """Return `to_safe` of a value as compact JSON that UTF-8 can carry. Never fails."""
    return safe_json(value).text


def safe_json(
    value: Any, masking: Masking | None = None, *, max_values: int | None = None, keeps_depths: bool = True
) -> SafeJson:
    """Return `to_safe` of a value, with its compact JSON. Never fails.

    Parameters
    ----------
    masking
        As for `to_safe`.
    max_values
        After how many values the rest is cut; default: a million.
    keeps_depths
        Whether what lies too deep is kept as a text. If not, ``"<cut>"`` stands for it: nothing in a text could be
        found by its path.
    """
    try:
        safe = _Safe(_MAX_LEVELS, masking, max_values, keeps_depths)
        return of_safe(safe.convert(value), is_cut=safe.is_cut)
    except RecursionError:
        # The caller is near the end of the stack already.
        safe = _Safe(_FEW_LEVELS, masking, max_values, keeps_depths)
        return of_safe(safe.convert(value), is_cut=safe.is_cut)


def of_safe(safe: Any, *, is_cut: bool = False) -> SafeJson:
    """Return a safe value with its compact JSON."""
    text = _ENCODER.encode(safe)
    return SafeJson(safe, text, _size(text), is_cut=is_cut)


def joined(parts: Mapping[str, SafeJson]) -> SafeJson:
    """Make an object of values whose JSON is known, without encoding them again. The names are safe."""
    names = ",".join(map(_ENCODER.encode, parts))
    text = ",".join(f"{_ENCODER.encode(name)}:{part.text}" for name, part in parts.items())
    # The commas stand between the names as well; a colon follows each, and a brace stands at either end.
    size = _size(names) + sum(part.size for part in parts.values()) + len(parts) + 2
    is_cut = any(part.is_cut for part in parts.values())
    return SafeJson({name: part.value for name, part in parts.items()}, f"{{{text}}}", size, is_cut=is_cut)


def listed(parts: Sequence[SafeJson]) -> SafeJson:
    """Make an array of values whose JSON is known, without encoding them again."""
    size = sum(part.size for part in parts) + max(len(parts) - 1, 0) + 2
    is_cut = any(part.is_cut for part in parts)
    return SafeJson([part.value for part in parts], f"[{','.join(part.text for part in parts)}]", size, is_cut=is_cut)


def to_safe(value: Any, masking: Masking | None = None) -> Any:
    """Return a value as dicts, lists, strings and numbers that every JSON reader takes. Never fails.

    As `to_json` does, but nothing is refused: NaN, infinity and integers beyond 64 bits become strings, an exception
    its name and message, an unknown object its ``repr`` (cut at 1,000 characters), a key its text, a container inside
    itself ``"<cycle>"``, half a surrogate pair the sign for what cannot be shown. What lies below 200 levels becomes
    ``{"<json>": "…"}``, an object with its JSON, which `read_json_texts` puts back. After a million values ``"<cut>"``
    stands for the rest, and for what lies too deep if there are secrets. EventBridge takes 1,000 levels and 1,000,000
    bytes.

    Parameters
    ----------
    masking
        Masks secrets, in texts, in names and in what is made of objects; None: there are none.
    """
    return safe_json(value, masking).value


def read_json_texts(value: Any) -> Any:
    """Return what `to_safe` made of a value, with what lay too deep put back."""
    if isinstance(value, list):
        return [read_json_texts(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {JSON_TEXT}:
        return json.loads(value[JSON_TEXT])
    return {name: read_json_texts(inner) for name, inner in value.items()}


class _Safe:
    """One conversion of one value: what it has seen on the path, and how much is left."""

    def __init__(self, levels: int, masking: Masking | None, max_values: int | None, keeps_depths: bool) -> None:
        self.is_cut = False
        self._keeps_depths = keeps_depths
        self._levels = levels
        self._masking = masking or None
        self._values = _MAX_VALUES if max_values is None else max_values
        self._path: set[int] = set()

    def convert(self, value: Any) -> Any:
        """Return the safe form of a value."""
        kind = type(value)
        if kind is str:
            return value if self._masking is None and value.isascii() else self._string(value)
        if value is None or kind is bool:
            return value
        if kind is int or kind is float or kind is Decimal:
            return self._number(value)
        if not value and (kind is list or kind is dict):
            return value
        return self._inside(value, kind)

    def _inside(self, value: Any, kind: type[Any]) -> Any:
        """Convert what may hold other values, or may be anything."""
        path, identity = self._path, id(value)
        if identity in path:
            return "<cycle>"
        if len(path) >= self._levels:
            return self._depths(value)
        path.add(identity)
        try:
            if kind is dict:
                return self._mapping(value)
            return self._list(value) if kind is list else self._other(value)
        except (CutOffError, KeyboardInterrupt, RecursionError):
            raise
        except BaseException:  # a broken dump, property or iterator of the user's, whatever it raises
            return self._string(short_repr(value, self._mask))
        finally:
            path.discard(identity)

    def _list(self, values: Sequence[Any]) -> Any:
        self._values -= len(values)
        if self._values < 0:
            return self._cut()
        convert = self.convert
        return [convert(value) for value in values]

    def _mapping(self, mapping: dict[Any, Any]) -> Any:
        self._values -= len(mapping)
        if self._values < 0:
            return self._cut()
        convert, is_plain = self.convert, self._masking is None
        if JSON_TEXT in mapping and len(mapping) == 1 and self._keeps_depths and is_plain:
            return self._depths(mapping)  # the user's own: it is put back as it is
        safe: dict[str, Any] = {}
        for key, inner in mapping.items():
            if type(key) is str and is_plain and key.isascii():
                name = key
            else:
                name = self._string(str.__str__(key) if isinstance(key, str) else text_of(key))
            while name in safe:  # 1 and "1": neither may be lost
                name += "'"
            safe[name] = convert(inner)
        return safe

    def _depths(self, value: Any) -> Any:
        """Convert what lies too deep."""
        if not self._keeps_depths:
            return "<cut>"
        # A secret may be written otherwise in JSON.
        text = _json_of_any_depth(value, self._values) if self._masking is None else None
        return self._cut() if text is None else {JSON_TEXT: text}

    def _cut(self) -> str:
        self.is_cut = True
        return "<cut>"

    def _other(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return self.convert(value.value)
        if isinstance(value, int | float | Decimal):
            return self._number(value)
        if isinstance(value, str):
            return self._string(str.__str__(value))
        if isinstance(value, BaseException):
            return {"name": type(value).__name__, "message": self._string(text_of(value))}
        if isinstance(value, bytes | bytearray | memoryview) and self._masking and self._masking.hides(bytes(value)):
            return MASK
        plain = value if isinstance(value, dict | list | tuple) else json_form(value)
        if isinstance(plain, dict):
            return self._mapping(plain)
        if isinstance(plain, list | tuple):
            return self._list(plain)
        return self._string(short_repr(value, self._mask)) if plain is NO_JSON else self.convert(plain)

    def _string(self, text: str) -> str:
        return encodable(self._mask(text))

    def _mask(self, text: str) -> str:
        return text if self._masking is None else self._masking.text(text)

    def _number(self, value: float | Decimal) -> Any:
        if self._masking is not None and self._masking.hides(value):  # type: ignore[arg-type]
            return MASK
        if isinstance(value, int):
            return int(value) if -_MAX_INTEGER - 1 <= value <= _MAX_INTEGER else _digits(value)
        if not is_finite(value):
            return str(value)
        if isinstance(value, float):
            return float(value)
        number = json_number(value)
        return self.convert(number if isinstance(number, int) or math.isfinite(number) else str(value))


class _Written(str):
    """A piece of JSON among values that are still to be written."""

    __slots__ = ()


_SCALARS = frozenset((str, int, float, bool, type(None)))
_NO_JSON = object()
_COLON, _COMMA, _LIST_ENDS, _OBJECT_ENDS = map(_Written, ":,]}")


def _json_of_any_depth(value: Any, max_values: int) -> str | None:
    """Return the JSON of a value without recursion; None: it is no plain JSON, or has too many values."""
    written: list[str] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is _Written:
            written.append(item)
        elif kind is list or kind is dict:
            max_values -= len(item)
            written.append("[" if kind is list else "{")
            waiting += _inner(item) if max_values >= 0 else [_NO_JSON]
        elif kind in _SCALARS:
            written.append(json.dumps(item))
        else:
            return None
    return "".join(written)


def _inner(container: Any) -> list[Any]:
    """Return what is to be written of a list or a dict, the last first."""
    if type(container) is list:
        pieces: list[Any] = [piece for value in container for piece in (_COMMA, value)]
        return [_LIST_ENDS, *reversed(pieces[1:])]
    pieces = [piece for name, value in container.items() for piece in (_COMMA, _name(name), _COLON, value)]
    return [_OBJECT_ENDS, *reversed(pieces[1:])]


def _name(name: Any) -> Any:
    return name if type(name) is str else _NO_JSON


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def encodable(text: str) -> str:
    """Return a text that UTF-8 can carry: half a surrogate pair is no Unicode text, and EventBridge would refuse it."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _digits(value: int) -> str:
    try:
        return str(int(value))
    except ValueError:  # more digits than Python is willing to write
        return hex(value)[:_MAX_DIGITS]
