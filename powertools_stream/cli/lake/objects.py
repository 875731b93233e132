"""Events in objects of S3, as Firehose writes them."""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from powertools_stream.cli.aws import Account, code_of, reaching_aws
from powertools_stream.cli.lake.base import Lake
from powertools_stream.cli.lake.files import documents_in
from powertools_stream.cli.lake.layout import EARLY, may_hold
from powertools_stream.cli.lake.selection import Selection
from powertools_stream.cli.status import CannotRunError

__all__ = ["S3Lake"]

_THREADS = 8
_AHEAD = 64 * 1024 * 1024
"""How many bytes of objects are fetched before they are needed, unless one is larger."""

_GONE = ("NoSuchKey", "InvalidObjectState")
"""An object that was deleted since it was listed, or lies in an archive, is one that cannot be read."""


@dataclass(frozen=True)
class _Object:
    key: str
    size: int


_Content = bytes | CannotRunError
"""What an object holds, or why it cannot be read."""


class S3Lake(Lake):
    """Events in a bucket, in the order of their keys.

    Folders are left out whose names tell another time, and objects that were written before what is selected.

    Parameters
    ----------
    location
        ``"s3://bucket/folder"``, ``"s3://bucket/folder/object.gz"``, or how keys begin, ``"s3://bucket/faults-*"``.
    """

    def __init__(self, location: str, account: Account) -> None:
        super().__init__(account)
        found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", location)
        if found is None or "*" in (found[2] or "")[:-1]:
            raise CannotRunError(
                "Expected s3://bucket/folder, or s3://bucket/begin-*, with a bucket of 3 to 63 lower-case letters, "
                f"digits, dots and hyphens; found {location!r}."
            )
        self._bucket, self._path = found[1], found[2] or ""

    @cached_property
    def _client(self) -> Any:
        return self.account.client(
            "s3", max_pool_connections=_THREADS, retries={"mode": "standard", "max_attempts": 10}
        )

    def documents(self, selection: Selection) -> Iterator[tuple[str, Any]]:
        """Yield what is in the objects. Some are fetched at the same time, ahead of what is read."""
        with closing(self._fetched(self._objects(selection))) as fetched:
            for each, content in fetched:
                place = f"s3://{self._bucket}/{each.key}"
                if isinstance(content, bytes):
                    yield from documents_in(io.BytesIO(content), place, self.reading)
                else:
                    self.reading.warn(place, str(content))
                    self.reading.advance(each.size)

    def _fetched(self, objects: Iterator[_Object]) -> Generator[tuple[_Object, _Content], None, None]:
        ahead: deque[tuple[_Object, Future[_Content]]] = deque()
        size = 0
        with ThreadPoolExecutor(_THREADS) as threads:
            try:
                for each in objects:
                    while ahead and (size + each.size > _AHEAD or len(ahead) >= 4 * _THREADS):
                        first, future = ahead.popleft()
                        size -= first.size
                        yield first, future.result()
                    ahead.append((each, threads.submit(self._content, each)))
                    size += each.size
                while ahead:
                    first, future = ahead.popleft()
                    yield first, future.result()
            finally:
                threads.shutdown(wait=False, cancel_futures=True)

    def _content(self, each: _Object) -> _Content:
        try:
            with reaching_aws():
                content: bytes = self._client.get_object(Bucket=self._bucket, Key=each.key)["Body"].read()
                return content
        except CannotRunError as error:
            if code_of(error) not in _GONE:
                raise
            return error

    # -- Which objects -------------------------------------------------------------------------------------------------

    def _objects(self, selection: Selection) -> Iterator[_Object]:
        earliest = None if selection.since is None else (selection.since - EARLY) / 1000
        for found in self._listed(selection):
            if not found["Size"] or (earliest is not None and found["LastModified"].timestamp() < earliest):
                continue
            self.reading.expect(found["Size"])
            yield _Object(found["Key"], found["Size"])

    def _listed(self, selection: Selection) -> Iterator[dict[str, Any]]:
        path = self._path
        has_times = (selection.since, selection.until) != (None, None)
        if not path or path.endswith(("*", "/")):
            yield from self._below(path.rstrip("*"), selection, by_folder=has_times)
            return
        # An object, or a folder. What only begins with the name is neither.
        with reaching_aws():
            first = self._client.list_objects_v2(Bucket=self._bucket, Prefix=path, MaxKeys=1)
        yield from (each for each in first.get("Contents", ()) if each["Key"] == path)
        yield from self._below(f"{path}/", selection, by_folder=has_times)

    def _below(self, prefix: str, selection: Selection, *, by_folder: bool) -> Iterator[dict[str, Any]]:
        for page in self._pages(prefix, "/" if by_folder else ""):
            found = [*page.get("Contents", ()), *page.get("CommonPrefixes", ())]
            for each in sorted(found, key=lambda one: one.get("Key") or one["Prefix"]):
                if "Key" in each:
                    yield each
                elif may_hold(each["Prefix"], selection):
                    yield from self._below(each["Prefix"], selection, by_folder=True)

    def _pages(self, prefix: str, delimiter: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter=delimiter
        )
        with reaching_aws():
            yield from pages
