"""JSON documents in a file: one per line, one behind the other, over several lines, in an array.

Firehose puts records behind one another as they are, so there is nothing between them unless whoever sends them, or
the stream, adds a delimiter. https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-new-line-delimiter.html
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
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


def unzipped(stream: io.BufferedReader, refuse: Callable[[str], None]) -> io.BufferedReader:
    """Return the content of a file, which may be gzip, whatever its name. It ends where the gzip has an error.

    Parameters
    ----------
    refuse
        Is told of the error.
    """
    if stream.peek(2)[:2] == b"\x1f\x8b":
        return io.BufferedReader(cast("Any", _Unzipped(stream, refuse)), _PIECE)
    return stream


class _Unzipped(io.RawIOBase):
    """What a gzip file holds, up to an error in it. Raised, the error would take with it what was read before."""

    def __init__(self, stream: io.BufferedReader, refuse: Callable[[str], None]) -> None:
        self._content = gzip.GzipFile(fileobj=stream)
        self._refuse = refuse
        self._is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = b"" if self._is_over else self._read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _read(self, count: int) -> bytes:
        try:
            return self._content.read1(count)  # `read` would want more, and lose what it has
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            self._is_over = True
            self._refuse(f"Expected gzip to its end, found an error in it: {error}.")
            return b""


def documents(stream: io.BufferedReader, refuse: Refuse) -> Iterator[tuple[int, Any]]:
    """Yield the documents of a file, each with its line. In memory is one of them, and a little more.

    A document begins with a brace or a bracket at the beginning of a line, or behind another document. What cannot be
    read is refused, and reading goes on with the next one.
    """
    return iter(_Reader(stream, refuse))


class _Reader:
    """Reads a file line by line; of a long line, piece by piece.

    Most lines are a document each. Otherwise lines and pieces are kept until the document in them ends.
    """

    def __init__(self, stream: io.BufferedReader, refuse: Refuse) -> None:
        self._stream = stream
        self._refuse = refuse
        self._line = 1
        self._is_at_start = True
        self._kept = bytearray()
        self._kept_from = 1
        self._enough = _PIECE

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        for piece in iter(partial(self._stream.readline, _PIECE), b""):
            if self._kept and self._is_at_start and piece[:1] in _BEGIN:
                yield from self._rest()
            yield from self._more(piece) if self._kept else self._first(piece)
            self._is_at_start = piece.endswith(b"\n")
            self._line += self._is_at_start
        yield from self._rest()

    def _first(self, piece: bytes) -> Iterator[tuple[int, Any]]:
        self._kept_from, self._enough = self._line, _PIECE
        read = _whole(piece)
        if read is _UNREAD:
            yield from self._more(piece)
            if piece.lstrip()[:1] not in _BEGIN and piece.endswith(b"\n"):
                yield from self._rest()
        elif read is not _NOTHING:
            yield self._line, read

    def _more(self, piece: bytes) -> Iterator[tuple[int, Any]]:
        """Add to what is kept, and look for documents in it as soon as it has doubled."""
        self._kept += piece
        if len(self._kept) >= self._enough:
            found, rest = _split(bytes(self._kept))
            yield from ((self._kept_from, value) for value in found)
            self._kept[:] = rest
            self._enough = max(2 * len(rest), _PIECE)
        if len(self._kept) > _MAX_DOCUMENT:
            self._refuse(self._kept_from, f"Expected a document of at most {_MAX_DOCUMENT} bytes, found more.")
            self._kept.clear()

    def _rest(self) -> Iterator[tuple[int, Any]]:
        """Read what is kept: behind it another document begins, or nothing."""
        rest = bytes(self._kept)
        self._kept.clear()
        while rest.strip():
            found, rest = _split(rest)
            yield from ((self._kept_from, value) for value in found)
            if rest:
                self._refuse(self._kept_from, _why(rest))
                rest = _behind_broken(rest)


_BEGIN = (b"{", b"[")
_UNREAD, _NOTHING = object(), object()


def _whole(line: bytes) -> Any:
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
        return f"Expected JSON, found text that is not: {getattr(error, 'msg', error)}."
    return "Expected JSON, found text that is not."
