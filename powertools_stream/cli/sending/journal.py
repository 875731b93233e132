"""The journal of a command that sends: what is about to be sent, what is done, and what failed, as lines of JSON.

Each line is on the disk before anything else happens, so that a run that was killed at any moment goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from powertools_stream.cli.status import CannotRunError

__all__ = ["Journal", "is_journal", "journal_path"]

_VERSION = 1
_NAME = "powertools-stream"


def journal_path(command: str, location: str, to: str = "") -> Path:
    """Return the default journal of a command and a location, a file in the working directory.

    It is the same however the location is spelled: ``lake``, ``./lake/``, or the whole path.

    Examples
    --------
    >>> journal_path("resubmit", "s3://lake/faults").name
    'resubmit-s3-lake-faults-6551c593.jsonl'
    """
    location = f"{_spelled(location)} {to}".rstrip()
    readable = re.sub(r"[^A-Za-z0-9]+", "-", location).strip("-")[:60] or "input"
    digest = hashlib.sha256(location.encode(errors="surrogatepass")).hexdigest()[:8]
    return Path(f"{command}-{readable}-{digest}.jsonl")


def is_journal(document: Any) -> bool:
    """Tell whether the first line of a file says that it is a journal."""
    return isinstance(document, dict) and document.get("journal") == _NAME


def _spelled(location: str) -> str:
    if re.match(r"sqs://|https?://|arn:", location):
        return f"sqs://{re.split('[:/]', location.rstrip('/'))[-1]}"
    if "://" in location:
        return location.rstrip("/")
    if location == "-":
        return location
    path, here = Path(location).resolve(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


class Journal:
    """What a command has sent. A context manager, within which it can be written, by one process at a time.

    Parameters
    ----------
    path
        The file; it is made when it is first written.
    command
        Which command it is of: the journal of another one is refused.

    Attributes
    ----------
    path
        The file.
    done
        What is done: by the key of each, up to which time, in ms.
    in_doubt
        The keys of what was being sent when the last run ended: whether it has arrived is not known.

    Raises
    ------
    CannotRunError
        The file is no journal of the command, or cannot be read.
    """

    def __init__(self, path: Path, command: str) -> None:
        self.path = path
        self._command = command
        self._file: IO[bytes] | None = None
        self._sending: dict[str, int] = {}
        self.done: dict[str, int] = {}
        self.in_doubt: frozenset[str] = frozenset()
        self._load()

    def is_done(self, key: str, at: int) -> bool:
        """Tell whether something is done.

        Parameters
        ----------
        at
            Its time, in ms: what happened after the last sending is not done.
        """
        return self.done.get(key, -1) >= at

    def sending(self, items: Mapping[str, int], to: str) -> None:
        """Note what is about to be sent.

        Parameters
        ----------
        items
            The time of each, in ms, by its key.
        to
            Where to, for whoever reads the journal.
        """
        self._sending.update(items)
        self._write({"sending": dict(items), "to": to})

    def settled(self, done: Iterable[str], failed: Mapping[str, str] | None = None) -> None:
        """Note what has become of it; what is in neither is in doubt until it is sent again."""
        done, failed = list(done), dict(failed or {})
        self._settle(done, failed)
        self._write({"done": done, "failed": failed})

    def __enter__(self) -> Journal:
        is_new = not self.path.exists()
        try:
            self._file = self.path.open("ab", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._claim(self._file)
        except BaseException:
            self._file.close()
            raise
        if is_new:
            _sync_folder(self.path.parent)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing it gives the lock back, and so does the end of the process, whatever ends it.
        if self._file is not None:
            self._file.close()
            self._file = None

    def _claim(self, file: IO[bytes]) -> None:
        if not _lock(file):
            raise CannotRunError(
                f"Expected the journal {self.path} to be free, but another run is using it. Wait for its end, or name "
                "another file with --journal if the two send nothing in common."
            )
        # Another run may have written between the reading and the lock.
        self._load()
        whole = _whole_lines(self._content())
        if whole.endswith(b"\n") or not whole:
            file.truncate(len(whole))
        else:
            self._append(file, b"\n")
        if not whole:
            self._write(self._head)

    @property
    def _head(self) -> dict[str, Any]:
        return {"journal": _NAME, "version": _VERSION, "command": self._command}

    def _load(self) -> None:
        self._sending, self.done = {}, {}
        content = self._content()
        lines = _whole_lines(content).splitlines()
        for number, line in enumerate(lines, 1):
            try:
                self._read(json.loads(line), is_first=number == 1)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                raise self._foreign(number) from None
        if not lines and not _begins_alike(content, json.dumps(self._head)[:-1].encode()):
            # What was not written to its end would be cut off, and with it a file that is none of ours.
            raise self._foreign(1)
        self.in_doubt = frozenset(self._sending)

    def _foreign(self, number: int) -> CannotRunError:
        return CannotRunError(
            f"Expected {self.path} to be a journal of {self._command!r}, but line {number} is none of one. "
            "Name another file with --journal."
        )

    def _unwritable(self, error: OSError) -> CannotRunError:
        return CannotRunError(
            f"Cannot write the journal {self.path}: {error.strerror}. Name another file with --journal."
        )

    def _read(self, entry: Mapping[str, Any], *, is_first: bool) -> None:
        if is_first:
            if (entry["journal"], entry["version"], entry["command"]) != (_NAME, _VERSION, self._command):
                raise ValueError(entry)
        elif "sending" in entry:
            self._sending.update({str(key): int(at) for key, at in entry["sending"].items()})
        else:
            self._settle(entry["done"], entry["failed"])

    def _settle(self, done: Iterable[str], failed: Iterable[str]) -> None:
        for key in done:
            self.done[key] = max(self._sending.pop(key, -1), self.done.get(key, -1))
        for key in failed:
            self._sending.pop(key, None)

    def _content(self) -> bytes:
        try:
            if self.path.exists() and not self.path.is_file():
                raise CannotRunError(f"Cannot read the journal {self.path}: it is no file.")
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise CannotRunError(f"Cannot read the journal {self.path}: {error.strerror}") from error

    def _write(self, entry: Mapping[str, Any]) -> None:
        if self._file is None:
            raise RuntimeError("Expected the journal to have been entered: `with journal: …`.")
        moment = datetime.now(tz=timezone.utc).isoformat(timespec="milliseconds")
        self._append(self._file, json.dumps({**entry, "at": moment}).encode() + b"\n")

    def _append(self, file: IO[bytes], line: bytes) -> None:
        try:
            left = memoryview(line)
            while left:  # a disk that is nearly full takes a part of it
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error


def _whole_lines(content: bytes) -> bytes:
    """Return what was written to its end: the run may have been killed in the middle of a line."""
    end = content.rfind(b"\n") + 1
    try:
        json.loads(content[end:])
    except (ValueError, RecursionError):
        return content[:end]
    # Only its line end is missing, which an editor may have taken away.
    return content


def _begins_alike(first: bytes, second: bytes) -> bool:
    return first.startswith(second) or second.startswith(first)


if sys.platform == "win32":

    def _lock(file: IO[bytes]) -> bool:
        import msvcrt

        # A byte that is never written, for a lock keeps others from reading as well.
        file.seek(1 << 40)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        file.seek(0, os.SEEK_END)
        return True

    def _sync_folder(folder: Path) -> None:
        """Do nothing: Windows does it itself."""

else:

    def _lock(file: IO[bytes]) -> bool:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _sync_folder(folder: Path) -> None:
        """Put the name of a new file on the disk as well."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
