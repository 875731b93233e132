"""Large values travel compressed, in the form that aws-lambda-stream writes and reads.

A value whose JSON is larger than a threshold is replaced by a string: ``COMPRESSED``, then base64(gzip(JSON)).
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.errors import StreamError
from powertools_stream.payloads.json_text import from_json, to_json
from powertools_stream.payloads.limits import MAX_INFLATED_BYTES, MAX_VALUES, count_values, take_memory

__all__ = ["MARK", "Compression", "InflationError", "decompressed"]

_PREFIX = "COMPRESSED"
MARK = _PREFIX + "H4sI"
"""How a compressed value begins: base64 of gzip's first bytes is always the same. Other text is left as it is."""

# Who an event is, and where it belongs: read by those who do not read the rest.
_PLAIN = frozenset({"id", "type", "timestamp", "partition_key", "partitionKey", "tags", "s3", "err"})
# A value in a value in a value: nobody compresses more often.
_MAX_DEPTH = 8


class InflationError(StreamError, ValueError):
    """A compressed value cannot be read: it is broken, or it inflates beyond the limit."""


@dataclass(frozen=True, slots=True)
class Compression:
    """Which values of an event are compressed when it is sent. What reads events reads compressed ones in any case.

    Parameters
    ----------
    threshold
        Bytes of JSON beyond which a value of an event is compressed.
    ignore
        The fields that are never compressed, besides those that say who the event is.

    Raises
    ------
    TypeError
        `ignore` is one name, and not several: each of its letters would be taken for one.
    """

    threshold: int = 10 * 1024
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given: object = self.ignore
        if isinstance(given, str):
            raise TypeError(f"Expected the names of fields to ignore, but found {given!r}. Pass a tuple: ({given!r},).")

    def compressed(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the event with its large values compressed; itself if it has none."""
        packed = {name: text for name, value in event.items() if (text := self._packed(name, value)) is not None}
        return {**event, **packed} if packed else event

    def _packed(self, name: str, value: Any) -> str | None:
        if name in _PLAIN or name in self.ignore or isinstance(value, bool | int | float | None):
            return None
        # What is compressed already; and what is surely short: no character takes more than six bytes of JSON.
        if isinstance(value, str) and (value.startswith(MARK) or 6 * len(value) + 2 <= self.threshold):
            return None
        text = to_json(value)
        if len(text) <= self.threshold and (text.isascii() or len(text.encode()) <= self.threshold):
            return None
        import gzip

        # No time in the header: the same event is the same bytes on every attempt.
        return _PREFIX + b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode("ascii")


def decompressed(value: Any, record_id: str | None = None, *, max_bytes: int = MAX_INFLATED_BYTES) -> Any:
    """Return a value with what is compressed in it read, at any depth.

    What holds nothing compressed is the same object again; what does is a new one, so that nothing is changed.

    Parameters
    ----------
    record_id
        The record that it comes from. What all records of a batch inflate is limited as well.
    max_bytes
        How many bytes all of it may take once inflated: a few bytes can stand for gigabytes.

    Raises
    ------
    InflationError
        It takes more, it holds more than a million values, or it cannot be read.
    RetryableError
        Other records of the batch have taken the memory that there is.
    """
    try:
        return _Inflater(max_bytes, record_id).read(value, 0)
    except RecursionError:
        raise InflationError("Expected a value with compressed ones in it, found one nested too deep.") from None


class _Inflater:
    """Reads the compressed values of one record, as long as there is room for them."""

    def __init__(self, max_bytes: int, record_id: str | None) -> None:
        self._record_id = record_id
        self._max_bytes = max_bytes
        self._bytes_left = max_bytes
        self._values_left = MAX_VALUES

    def read(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return self._read_text(value, depth) if value.startswith(MARK) else value
        if kind is dict:
            changed = {name: read for name, inner in value.items() if (read := self.read(inner, depth)) is not inner}
            return {**value, **changed} if changed else value
        if kind is list:
            items = [self.read(inner, depth) for inner in value]
            return items if any(read is not inner for read, inner in zip(items, value, strict=True)) else value
        return value

    def _read_text(self, text: str, depth: int) -> Any:
        if depth >= _MAX_DEPTH:
            raise InflationError(f"Expected values that were compressed at most {_MAX_DEPTH} times, found more.")
        try:
            inflated = self._inflate(b64decode(text[len(_PREFIX) :], validate=True))
            value = from_json(inflated)
            return self.read(value, depth + 1) if MARK in inflated else value
        except InflationError:
            raise
        except (ValueError, zlib.error) as error:
            # `from None`: the parser's error holds all of the text.
            found = f"one that cannot be read ({type(error).__name__})"
            raise InflationError(f"Expected a compressed value to be base64 of gzip of JSON, found {found}.") from None

    def _inflate(self, data: bytes) -> str:
        """Return the text that was compressed, once it is known that there is room for what it holds."""
        inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        content = inflater.decompress(data, self._bytes_left + 1)
        if len(content) > self._bytes_left:
            raise InflationError(
                f"Expected compressed values of at most {self._max_bytes} bytes once inflated, found more."
            )
        if not inflater.eof or inflater.unused_data:
            raise InflationError("Expected a compressed value to be one gzip stream, found one that is broken.")
        values = count_values(content, self._values_left)
        if values > self._values_left:
            raise InflationError(f"Expected compressed values that hold at most {MAX_VALUES} values, found more.")
        self._bytes_left -= len(content)
        self._values_left -= values
        text = content.decode()
        if not take_memory(text, values, self._record_id):
            raise InflationError(
                "Expected compressed values that take at most half of the function's memory, found larger ones."
            )
        return text
