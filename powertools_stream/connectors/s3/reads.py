"""Reads from S3: an object whole, as lines or without its content, and the objects of a bucket page by page."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from powertools_stream.connectors.base import Entry, Operation
from powertools_stream.connectors.params import call, canonical
from powertools_stream.connectors.proofs import part
from powertools_stream.connectors.s3.params import key_of
from powertools_stream.errors import InvalidRequestError, RequestFailedError
from powertools_stream.requests import GetObject, GetObjectLines, HeadObject, ListObjects

__all__ = ["Get", "Head", "Lines", "List", "ObjectLines", "read_entry"]


@dataclass(frozen=True, slots=True)
class Get:
    """An object to be read as a whole."""

    params: dict[str, Any]

    def carry_out(self, client: Any) -> Any:
        """Return the response, with the content in bytes."""
        response = call(client.get_object, self.params)
        # Here, on the worker: the bytes take their time, and a connection that breaks is tried again.
        with closing(response["Body"]) as body:
            return {**response, "Body": body.read()}


@dataclass(frozen=True, slots=True)
class Lines:
    """An object to be read line by line."""

    params: dict[str, Any]

    def carry_out(self, client: Any) -> Any:
        """Return the content, of which nothing has been read."""
        return call(client.get_object, self.params)["Body"]


@dataclass(frozen=True, slots=True)
class Head:
    """An object to be looked at."""

    params: dict[str, Any]

    def carry_out(self, client: Any) -> Any:
        """Return the response, None if there is no such object."""
        try:
            return call(client.head_object, self.params)
        except Exception as error:
            # An answer to HEAD has no content, hence no code either.
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
            status = _status(error)
            if status == 404:
                return None
            if status in _CODES_OF_HEAD:
                key = self.params.get("Key")
                raise RequestFailedError(_CODES_OF_HEAD[status], f"S3 does not say more of {key!r}.") from error
            raise


@dataclass(slots=True)
class List:
    """Objects to be listed: what to ask for, and how far it has come.

    A page that fails in passing is asked for again, not those before it.
    """

    params: dict[str, Any]
    page: bool
    objects: list[Any] = field(default_factory=list)
    token: str | None = None

    def carry_out(self, client: Any) -> Any:
        """Return one page, or call on until the last and return the objects of all."""
        if self.page:
            page = {"Contents": [], **_page(client, self.params)}
            page.pop("ResponseMetadata", None)
            return page
        while True:
            token = {"ContinuationToken": self.token} if self.token else {}
            page = _page(client, {**self.params, **token})
            self.objects.extend(page.get("Contents", ()))
            self.token = page.get("NextContinuationToken")
            if not self.token:
                objects, self.objects = self.objects, []
                return objects


def _page(client: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Ask for one page, which says whether it is the last."""
    page: dict[str, Any] = call(client.list_objects_v2, params)
    if part(page, "IsTruncated", bool, "S3"):
        part(page, "NextContinuationToken", str, "S3")
    return page


class ObjectLines(Iterator[str]):
    r"""The lines of an object, as text without their line ends; read from S3 while it is used.

    It gives its connection back once it is read to its end, closed, or no longer referred to. It is a context manager
    that closes it.

    Parameters
    ----------
    body
        Where the bytes come from: what has ``read(size)`` and ``close()``.
    encoding
        How the text is encoded.

    Examples
    --------
    >>> list(ObjectLines(io.BytesIO(b"one\ntwo")))
    ['one', 'two']
    """

    def __init__(self, body: Any, encoding: str = "utf-8") -> None:
        self._text = io.TextIOWrapper(io.BufferedReader(_Raw(body), _BUFFER_BYTES), encoding=encoding)

    def __next__(self) -> str:
        line = self._text.readline() if not self._text.closed else ""
        if not line:
            self.close()
            raise StopIteration
        return line[:-1] if line[-1] == "\n" else line

    def close(self) -> None:
        """Read no further."""
        self._text.close()

    def __enter__(self) -> ObjectLines:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_BUFFER_BYTES = 65_536


class _Raw(io.RawIOBase):
    """A body as something that can be buffered: not every version of botocore makes it so by itself."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


def read_entry(request: GetObject | GetObjectLines | HeadObject | ListObjects, bucket: str) -> Entry:
    """Return the entry of a request; equal requests have equal keys, except for lines, which cannot be shared."""
    params = {**request.params, "Bucket": bucket}
    if isinstance(request, ListObjects):
        operation = Operation("s3", "ListObjectsV2", bucket, reads=True)
        return Entry(operation, List(params, request.page), key=(canonical(params), request.page))
    key_of(request)
    if isinstance(request, HeadObject):
        return Entry(Operation("s3", "HeadObject", bucket, reads=True), Head(params), key=canonical(params))
    if isinstance(request, GetObject):
        return Entry(Operation("s3", "GetObject", bucket, reads=True), Get(params), key=canonical(params))
    _check_encoding(request)
    return Entry(Operation("s3", "GetObject", bucket), Lines(params))


def _check_encoding(request: GetObjectLines) -> None:
    try:
        codecs.lookup(request.encoding)
    except LookupError as error:
        raise InvalidRequestError(f"Expected an encoding such as 'utf-8', but found {request.encoding!r}.") from error


# What the status means if there is no code: a policy that forbids it, or a bucket of another Region.
_CODES_OF_HEAD = {301: "PermanentRedirect", 403: "AccessDenied"}


def _status(error: BaseException) -> Any:
    response = getattr(error, "response", None)
    return response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(response, dict) else None
