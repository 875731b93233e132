"""Events in files, on this machine or from standard input."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from powertools_stream.cli.aws import Account
from powertools_stream.cli.lake.base import Lake
from powertools_stream.cli.lake.documents import documents, unzipped
from powertools_stream.cli.lake.layout import may_hold
from powertools_stream.cli.lake.reading import Reading
from powertools_stream.cli.lake.selection import Selection
from powertools_stream.cli.sending.journal import is_journal
from powertools_stream.cli.status import CannotRunError

__all__ = ["FileLake", "documents_in"]

_STEP = 256 * 1024
_HEAD = 512
"""How many bytes of a file are looked at to tell whether it is text."""


class FileLake(Lake):
    """Events in a file, or in all files below a folder, by name.

    Parameters
    ----------
    path
        The file or folder; None: standard input.
    """

    def __init__(self, path: Path | None, account: Account) -> None:
        super().__init__(account)
        if path is not None and not path.exists():
            raise CannotRunError(f"Expected a file or a folder with events, found none at {path}.")
        self._path = path

    def documents(self, selection: Selection) -> Iterator[tuple[str, Any]]:
        """Yield what is in the files, except for folders of another time, as in a copy of a lake."""
        if self._path is None:
            yield from documents_in(sys.stdin.buffer, "standard input", self.reading)
            return
        files = [self._path] if self._path.is_file() else list(_files(self._path, "", selection))
        self.reading.expect(sum(file.stat().st_size for file in files))
        for file in files:
            with _opened(file) as stream:
                yield from _without_journal(documents_in(stream, str(file), self.reading))


def _without_journal(documents: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield nothing of a journal: it lies in the lake if the lake is the working directory."""
    for place, document in documents:
        if is_journal(document):
            return
        yield place, document


def documents_in(stream: IO[bytes], place: str, reading: Reading) -> Iterator[tuple[str, Any]]:
    """Yield the documents of one file, each with its place: ``"faults.jsonl:17"``."""
    measured = cast("io.BufferedReader", io.BufferedReader(_Measured(stream, reading), _STEP))
    reading.files += 1
    errors: list[str] = []

    def refuse(line: int, why: str) -> None:
        if not errors:  # otherwise it is half a document, since the gzip has ended in it
            reading.warn(f"{place}:{line}", why)

    try:
        content = unzipped(measured, errors.append)
        if b"\0" in content.peek(_HEAD)[:_HEAD]:
            reading.warn(place, "Expected lines of JSON, plain or gzip, found binary data.")
        else:
            for line, document in documents(content, refuse):
                yield f"{place}:{line}", document
    except OSError as error:
        raise CannotRunError(f"Cannot read {place}: {error.strerror or error}.") from error
    for why in errors:
        reading.warn(place, why)


class _Measured(io.RawIOBase):
    """A stream that tells how much of it was read."""

    def __init__(self, stream: IO[bytes], reading: Reading) -> None:
        self._stream = stream
        self._reading = reading

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read1(len(buffer)) if hasattr(self._stream, "read1") else self._stream.read(len(buffer))
        self._reading.advance(len(data))
        buffer[: len(data)] = data
        return len(data)


def _files(folder: Path, below: str, selection: Selection) -> Iterator[Path]:
    for entry in _entries(folder):
        name = f"{below}{entry.name}"
        if entry.is_dir():
            if may_hold(f"{name}/", selection):
                yield from _files(entry, f"{name}/", selection)
        elif entry.stat().st_size:
            yield entry


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder, without hidden files, in the order of S3's keys."""
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise CannotRunError(f"Cannot read {folder}: {error.strerror or error}.") from error
    return sorted(entries, key=lambda entry: f"{entry.name}/" if entry.is_dir() else entry.name)


def _opened(file: Path) -> IO[bytes]:
    try:
        return file.open("rb")
    except OSError as error:
        raise CannotRunError(f"Cannot read {file}: {error.strerror or error}.") from error
