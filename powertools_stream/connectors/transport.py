"""urllib3's connections, with less CPU for what is plain: a request goes out in one piece, a response is read at once.

Overridden is what urllib3 and `http.client` let the class of a connection override: `request`, `send`, `getresponse`
and the class of responses. botocore's own connections do the same. urllib3 sends head and body each on its own: under
TLS that makes two records, and two waits for Python's lock where other threads work. `http.client` reads the head of a
response as it would an e-mail's, which takes half of the CPU of receiving it.
"""

from __future__ import annotations

import http.client
import io
import re
import sys
from functools import cache, partial
from types import FunctionType
from typing import Any

import urllib3

__all__ = ["PlainResponse", "WrittenHead", "swift"]

# Joining copies; beyond this a further packet costs less.
_MAX_JOINED = 65_536
_PIECE = 65_536
# Of a length that is believed before the bytes have come: up to 100 MB.
_MAX_DIGITS = 8
# The head of a response that is read at once: a success in which each line is a header.
_PLAIN_HEAD = re.compile(rb"HTTP/1\.1 200 ([^\r\n]*)\r\n((?:[!-9;-~]+:[^\r\n]*\r\n)+)\r\n")
# https://www.rfc-editor.org/rfc/rfc9112#section-5.2
_FOLD = re.compile(r"[ \t]*\r\n[ \t]+")
# Before that, a pool makes its response of `http.client`'s.
_CONNECTIONS_MAKE_RESPONSES = not str(getattr(urllib3, "__version__", "1.")).startswith("1.")


class WrittenHead(dict[str, str]):
    """Headers of a request whose head is written already; a connection of ours sends that, any other the headers.

    Parameters
    ----------
    headers
        The headers.
    head
        The request line and the headers, up to the empty line.
    """

    def __init__(self, headers: dict[str, str], head: bytes) -> None:
        super().__init__(headers)
        self.head = head

    def copy(self) -> WrittenHead:
        """Return a copy, which urllib3 makes to add what proxies need."""
        return WrittenHead(self, self.head)


class PlainResponse(urllib3.HTTPResponse):
    """A response that was read at once, to a request whose head was written.

    Attributes
    ----------
    plain_headers
        The headers as they came. They are not in `headers`, which takes some time to be made, and which urllib3 looks
        into for nothing but redirects and further attempts.
    """

    plain_headers: list[tuple[str, str]]


def swift(connection_class: Any) -> Any:
    """Return a class of urllib3's connections that does the same in less time."""

    class Connection(connection_class):  # type: ignore[misc]
        _is_direct = False
        _pieces: list[bytes] | None = None

        def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
            self._is_direct = isinstance(headers, WrittenHead) and _CONNECTIONS_MAKE_RESPONSES
            if self._is_direct:
                _send(self, headers.head + body)
            elif _is_small(body) and not (headers and headers.get("Expect")):  # after which botocore waits
                self._request_at_once(method, url, body, headers, **options)
            else:
                super().request(method, url, body, headers, **options)

        def _request_at_once(self, *args: Any, **options: Any) -> None:
            pieces: list[bytes] = []
            self._pieces = pieces
            try:
                super().request(*args, **options)
            finally:
                self._pieces = None
            self.send(b"".join(pieces))

        def send(self, data: Any) -> None:
            if self._pieces is None:
                super().send(data)
            else:
                self._pieces.append(data)

        def getresponse(self, *args: Any, **options: Any) -> Any:
            return _response_on(self) if self._is_direct else super().getresponse(*args, **options)

    if _reads_as_http_client_does():
        Connection.response_class = _Response
    return Connection


def _is_small(body: Any) -> bool:
    return body is None or (isinstance(body, bytes) and len(body) <= _MAX_JOINED)


# -- Requests whose head is written ------------------------------------------------------------------------------------


def _send(connection: Any, request: bytes) -> None:
    if connection.sock is None:
        connection.connect()
    sys.audit("http.client.send", connection, request)
    connection.sock.settimeout(connection.timeout)
    connection.sock.sendall(request)


def _response_on(connection: Any) -> urllib3.HTTPResponse:
    """Return the response to a request whose head was written, read to its end."""
    connection.sock.settimeout(connection.timeout)
    received = http.client.HTTPResponse(connection.sock, method="POST")
    try:
        response = _plain_response(connection, received) or _any_response(connection, received)
    except BaseException:
        connection.close()  # what is left of it must not be taken for the next one
        raise
    finally:
        received.close()
    return response


def _plain_response(connection: Any, received: Any) -> urllib3.HTTPResponse | None:
    found = _PLAIN_HEAD.match(received.fp.peek())  # what has come, and stays to be read
    headers = None if found is None else _plain_headers(found[2])
    if found is None or headers is None:
        return None
    received.fp.read(found.end())
    named = {name.lower(): value for name, value in headers}
    length = int(named["content-length"])
    body = received.fp.read(length)
    if len(body) < length or "close" in named.get("connection", "").lower():
        connection.close()
    response = PlainResponse(body, status=200, version=11, reason="OK", decode_content=False, request_method="POST")
    response.plain_headers = headers
    return response


def _any_response(connection: Any, received: Any) -> urllib3.HTTPResponse:
    received.begin()
    headers = [(name, _FOLD.sub(" ", value)) for name, value in received.msg.items()]
    # Piece by piece, as botocore does. At once, one that breaks off would be another error, and so would a length that
    # no number holds.
    body = b"".join(iter(partial(received.read, _PIECE), b""))
    if received.will_close or received.length:
        connection.close()
    return urllib3.HTTPResponse(
        body,
        urllib3.HTTPHeaderDict(headers),
        received.status,
        version=received.version,
        reason=received.reason,
        decode_content=False,
        request_method="POST",
    )


def _plain_headers(lines: bytes) -> list[tuple[str, str]] | None:
    """Return the headers; None if they do not say plainly how long the response is."""
    headers = []
    lengths = []
    for line in lines.decode("latin-1").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        value = value.lstrip(" \t")  # as the parser of e-mails does it
        headers.append((name, value))
        if (lowered := name.lower()) == "content-length":
            lengths.append(value)
        elif lowered == "transfer-encoding":
            return None
    # Longer ones are read piece by piece.
    return headers if len(lengths) == 1 and lengths[0].isdecimal() and len(lengths[0]) <= _MAX_DIGITS else None


# -- Any other ---------------------------------------------------------------------------------------------------------


class _Response(http.client.HTTPResponse):
    """Reads the head of a response at once, if it is all there and plain; else as `http.client` does."""

    def begin(self) -> None:
        found = None
        if self._method != "HEAD" and not self.debuglevel and _is_unpatched():  # type: ignore[attr-defined]
            found = _PLAIN_HEAD.match(self.fp.peek())
        headers = None if found is None else _plain_headers(found[2])
        if found is None or headers is None:
            super().begin()
            return
        self.fp.read(found.end())
        self.headers = self.msg = http.client.HTTPMessage()
        for name, value in headers:
            self.msg.set_raw(name, value)
        self.code, self.status, self.reason, self.version = 200, 200, found[1].decode("latin-1").strip(), 11
        self.chunked, self.length = False, int(self.msg["content-length"])
        self.will_close = "close" in (self.msg["connection"] or "").lower()


def _is_unpatched() -> bool:
    begin = http.client.HTTPResponse.begin
    return type(begin) is FunctionType and begin.__globals__ is vars(http.client)


_SAMPLE = (
    b"HTTP/1.1 200 OK\r\nServer: Server\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length:  2\r\n"
    b"Connection: keep-alive\r\nx-amz-crc32: 2745614147\r\n\r\n{}"
)


@cache
def _reads_as_http_client_does() -> bool:
    """Try on a sample whether `_Response` comes to the same as `http.client`, down to what it keeps for itself."""
    try:
        return _state(_Response) == _state(http.client.HTTPResponse)
    except Exception:  # another Python, where responses are made in another way
        return False


def _state(response_class: Any) -> dict[str, Any]:
    response = response_class(_Socket(), method="POST")
    response.begin()
    kept = {name: value for name, value in vars(response).items() if name not in ("fp", "headers", "msg")}
    return {
        **kept,
        "headers": response.msg.items(),
        "is_one": response.msg is response.headers,
        "body": response.read(),
    }


class _Socket:
    """What a response needs of a socket."""

    def makefile(self, *_: Any) -> Any:
        return io.BufferedReader(io.BytesIO(_SAMPLE))  # a raw stream will do
