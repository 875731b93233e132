"""JSON documents in a file: one per line, one behind the other, over several lines, in an array.

Firehose puts records behind one another as they are, so there is nothing between them unless whoever sends them, or
the stream, adds a delimiter. https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-new-line-delimiter.html
"""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

__all__ = ["documents", "unzipped"]

Refuse = Callable[[int, str], None]
"""Is told of what cannot be read: in which line, and why."""

_PIECE = 1024 * 1024
"""How many bytes are read at once of a line: an object of Firehose may be one line of 128 MiB."""

_MAX_DOCUMENT = 128 * 1024 * 1024
"""How many bytes of something that does not end are kept."""

_SPACE = re.compile(r"[ \t\r\n]*")
# Where another document may begin behind one that is broken.
_NEXT = re.compile(r"(?<=[}\]\n])[ \t\r\n]*(?=\{)")
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_DECODER = json.JSONDecoder()


def unzipped(stream: io.BufferedReader) -> io.BufferedReader:
    """Return the content of a file, which may be gzip, whatever its name."""
    if stream.peek(2)[:2] == b"\x1f\x8b":
        return io.BufferedReader(cast("Any", gzip.GzipFile(fileobj=stream)), _PIECE)
    return stream


def documents(stream: io.BufferedReader, refuse: Refuse) -> Iterator[tuple[int, Any]]:
    """Yield the documents of a file, each with its line. In memory is one of them, and a little more.

    A document begins with a brace or a bracket at the beginning of a line, or behind another document. What cannot be
    read is refused, and reading goes on with the next one.
    """
    pending, first, number, is_at_start, enough = bytearray(), 1, 1, True, _PIECE
    for piece in iter(partial(stream.readline, _PIECE), b""):
        if pending and is_at_start and piece[:1] in (b"{", b"["):
            yield from _rest(pending, first, refuse)
            pending.clear()
        ends = piece.endswith(b"\n")
        if not pending:
            first, enough = number, _PIECE
            read = _line(piece) if is_at_start else _UNREAD
            if read is not _UNREAD:
                if read is not _NOTHING:
                    yield first, read
                number, is_at_start = number + ends, ends
                continue
        pending += piece
        if len(pending) >= enough:
            found, rest = _split(bytes(pending))
            yield from ((first, value) for value in found)
            pending[:] = rest
            enough = max(2 * len(pending), _PIECE)
        if len(pending) > _MAX_DOCUMENT:
            refuse(first, f"Expected a document of at most {_MAX_DOCUMENT} bytes, found more.")
            pending.clear()
        number, is_at_start = number + ends, ends
    yield from _rest(pending, first, refuse)


_UNREAD, _NOTHING = object(), object()


def _line(line: bytes) -> Any:
    """Return the document that a whole line is, as nearly all are."""
    if line.isspace():
        return _NOTHING
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return _UNREAD


def _split(data: bytes) -> tuple[list[Any], bytes]:
    """Return the documents with which a text begins, and what is behind them."""
    text = data.decode("utf-8", "surrogateescape")
    found: list[Any] = []
    position = _begin(text, 0)
    while position < len(text):
        try:
            value, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        if _NOT_UTF_8.search(text, position, end):
            break
        found.append(value)
        position = _begin(text, end)
    return found, text[position:].encode("utf-8", "surrogateescape")


def _rest(pending: bytearray, first: int, refuse: Refuse) -> Iterator[tuple[int, Any]]:
    """Yield the documents of a text behind which another one begins, or nothing."""
    rest = bytes(pending)
    while rest.strip():
        found, rest = _split(rest)
        yield from ((first, value) for value in found)
        if rest:
            refuse(first, _why(rest))
            rest = _behind_broken(rest)


def _behind_broken(data: bytes) -> bytes:
    text = data.decode("utf-8", "surrogateescape")
    found = _NEXT.search(text, 1)
    return b"" if found is None else text[found.end() :].encode("utf-8", "surrogateescape")


def _begin(text: str, position: int) -> int:
    return cast("re.Match[str]", _SPACE.match(text, position)).end()


def _why(data: bytes) -> str:
    try:
        json.loads(data)
    except UnicodeDecodeError as error:
        return f"Expected JSON in UTF-8, found a byte {error.start} that is none."
    except RecursionError:
        return "Expected JSON, found more levels than can be read."
    except ValueError as error:
        return f"Expected JSON, found text that is not: {error}."
    return "Expected JSON, found text that is not."
