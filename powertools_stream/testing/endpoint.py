"""A local endpoint that answers AWS calls from a script, for what no emulator does, such as throttling or hanging."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BufferedIOBase, BytesIO
from typing import Any

from powertools_stream.testing.successes import success

__all__ = ["Answer", "BrokenOff", "RecordedCall", "Script", "ScriptedEndpoint"]

RecordedCall = tuple[str, dict[str, Any]]
"""The operation, e.g. ``"PutEvents"``, and the body of the call."""

Body = dict[str, Any] | str | bytes


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """An answer that breaks off: its whole length is announced, then a part of it is sent, and the connection ends.

    Parameters
    ----------
    body
        What the whole answer would be.
    sent
        How many bytes of it are sent; default: half of them.
    status
        The status.
    """

    body: Body
    sent: int | None = None
    status: int = 200


Answer = tuple[int, Body] | tuple[int, Body, Mapping[str, str]] | BrokenOff
"""A status, and the body of the answer; of an error ``{"__type": "ThrottlingException", "message": "…"}``.

A string or bytes are sent unchanged, for services that speak XML: S3, SNS, …. Headers may follow the body.
"""

Script = Callable[[str, dict[str, Any]], Answer | None]
"""Returns the answer to an operation with this body; None: success."""

# With what Lambda answers an invocation that it did not carry out at once.
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseElements
_INVOCATIONS = {"Event": 202, "DryRun": 204}


class ScriptedEndpoint:
    """An HTTP server on 127.0.0.1 for services that speak AWS's JSON protocols: EventBridge, DynamoDB, SQS, Kinesis, ….

    Use it as a context manager, with ``AWS_ENDPOINT_URL`` set to its `url`. An operation that the script does not
    answer succeeds: every entry is accepted, every table is empty. For other protocols, the operation is the method and
    the path (``"PUT /bucket/key"``), the body is ``{"content": …}``, and the script answers with a string or bytes. The
    response to a put has an ``ETag``, as that of S3, and an asynchronous invocation the status 202, as that of Lambda.

    Parameters
    ----------
    script
        A function of the operation and its body that returns the answer, or None for success; or one function per
        operation, by name. It runs on the thread of the connection, so it may sleep or wait. If it raises
        `ConnectionError`, the connection is closed without an answer; `BrokenOff` closes it in the middle of one.
    latency
        The delay of every answer, in seconds.
    tls
        A server's ``ssl.SSLContext``: the endpoint then speaks HTTPS, with the certificate that was loaded into it.

    Examples
    --------
    >>> throttled = (400, {"__type": "ThrottlingException", "message": "Rate exceeded"})
    >>> with ScriptedEndpoint({"PutEvents": lambda operation, body: throttled}) as endpoint:
    ...     endpoint.count("PutEvents")
    0
    """

    def __init__(
        self,
        script: Script | Mapping[str, Script] | None = None,
        *,
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.latency = latency
        self.tls = tls
        self.calls: list[RecordedCall] = []
        self.script = script
        self._lock = threading.Lock()
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """The address that it listens on: ``http://127.0.0.1:<port>``, or ``https``."""
        if self._server is None:
            raise RuntimeError("Expected the endpoint to have been entered: `with ScriptedEndpoint() as endpoint:`.")
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def count(self, operation: str | None = None) -> int:
        """Return the number of calls so far, in total or of one operation."""
        with self._lock:
            return sum(operation in (None, name) for name, _ in self.calls)

    def bodies(self, operation: str) -> list[dict[str, Any]]:
        """Return the bodies of an operation's calls, in the order of arrival."""
        with self._lock:
            return [body for name, body in self.calls if name == operation]

    def clear(self) -> None:
        """Forget the calls."""
        with self._lock:
            self.calls.clear()

    def hang_up(self) -> None:
        """Close every connection, as services do with those that nobody has used for a while."""
        if self._server is not None:
            self._server.hang_up()

    def answer(self, operation: str, body: dict[str, Any]) -> Answer:
        """Record a call and return the answer to it."""
        with self._lock:
            self.calls.append((operation, body))
        if self.latency:
            time.sleep(self.latency)
        script = self.script.get(operation) if isinstance(self.script, Mapping) else self.script
        scripted = script(operation, body) if script is not None else None
        return success(operation, body) if scripted is None else scripted

    def __enter__(self) -> ScriptedEndpoint:
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="endpoint", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __repr__(self) -> str:
        where = self.url if self._server is not None else "not entered"
        return f"ScriptedEndpoint({where}, {self.count()} calls)"


class _Connection(socketserver.StreamRequestHandler):
    """Answers the calls of one connection. `http.server` takes three times as long, which distorts benchmarks."""

    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def handle(self) -> None:
        try:
            while self._answer():
                pass
        except (ConnectionError, ValueError, OSError):
            pass  # the client went away, or the endpoint closes

    def finish(self) -> None:
        self.server.ended(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def _answer(self) -> bool:
        request_line = self.rfile.readline()
        if not request_line:
            return False
        method, path, _ = request_line.decode("latin-1").split(" ", 2)
        headers = self._headers()
        if headers.get("expect", "").lower() == "100-continue":
            # S3's clients ask before they send an object, and wait a second for the answer.
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        content = self._content(headers)
        target = headers.get("x-amz-target")
        operation = target.rpartition(".")[2] if target else f"{method} {path}"
        answer = self.server.endpoint.answer(operation, _body(content))
        status, body, *more = (answer.status, answer.body) if isinstance(answer, BrokenOff) else answer
        if status == 200:
            status = _INVOCATIONS.get(headers.get("x-amz-invocation-type", ""), status)
        content_type, payload = _on_the_wire(body if status != 204 else b"", is_aws=target is not None)
        said = {"Content-Type": content_type, "Content-Length": str(len(payload))}
        if method == "PUT":
            said["ETag"] = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        said.update(*more)
        if isinstance(answer, BrokenOff):
            payload = payload[: len(payload) // 2 if answer.sent is None else answer.sent]
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        # To HEAD there is no content, whatever its length would have been.
        self.wfile.write(f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode() + (b"" if method == "HEAD" else payload))
        self.wfile.flush()
        return not isinstance(answer, BrokenOff) and headers.get("connection", "").lower() != "close"

    def _content(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            content = _joined_chunks(self.rfile)
        else:
            content = self.rfile.read(int(headers.get("content-length", "0")))
        # Over TLS, S3's clients send the checksum behind the object.
        # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
        is_aws_chunked = "aws-chunked" in headers.get("content-encoding", "")
        return _joined_chunks(BytesIO(content)) if is_aws_chunked else content

    def _headers(self) -> dict[str, str]:
        headers = {}
        while line := self.rfile.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return headers


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, endpoint: ScriptedEndpoint) -> None:
        self.endpoint = endpoint
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Connection)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if (tls := self.endpoint.tls) is not None:
            # The handshake comes with the first read, on the connection's own thread.
            connection = tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def ended(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)

    def stop(self) -> None:
        self.shutdown()
        self.hang_up()
        self.server_close()

    def hang_up(self) -> None:
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):  # it may have ended by itself
                connection.shutdown(socket.SHUT_RDWR)


def _joined_chunks(stream: BufferedIOBase) -> bytes:
    """Return the content of what is sent in chunks, without the trailers."""
    chunks = []
    while size := int(stream.readline().partition(b";")[0], 16):
        chunks.append(stream.read(size))
        stream.readline()
    while stream.readline().strip():
        pass
    return b"".join(chunks)


def _body(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content or b"{}")
    except ValueError:
        return {"content": content.decode("latin-1")}
    return body if isinstance(body, dict) else {"content": body}


def _on_the_wire(body: dict[str, Any] | str | bytes, *, is_aws: bool) -> tuple[str, bytes]:
    if isinstance(body, dict):
        return "application/x-amz-json-1.0" if is_aws else "application/json", json.dumps(body).encode()
    return "text/xml", body.encode() if isinstance(body, str) else body
