"""What goes over the wire: a server in the place of every host, which notes requests down to their headers."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import trustme
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

__all__ = ["Request", "Wire", "answer", "wire_of"]


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def lasting(self) -> dict[str, Any]:
        """Everything but what is new with each request."""
        passing = ("amz-sdk-invocation-id", "x-amz-date", "authorization")
        headers = {name: value for name, value in self.headers.items() if name not in passing}
        return {"line": self.line, "body": self.body, "scope": self._credential, **headers}

    @property
    def _credential(self) -> tuple[str, str]:
        """Key, region, service, and the names of the signed headers."""
        found = re.match(r"\S+ Credential=([^,]*), SignedHeaders=([^,]*)", self.headers["authorization"])
        assert found is not None
        return re.sub(r"/\d{8}/", "/", found[1]), found[2]

    def is_signed_as_botocore_does(self, secret_key: str = "testing", token: str | None = None) -> bool:
        """Tell whether botocore signs this request in the same way."""
        (scope, names) = self._credential
        access_key, region, service, _ = scope.split("/")
        # What is signed, and nothing that was added afterwards.
        headers = {name: self.headers[name] for name in names.split(";") if name != "host"}
        url = f"https://{self.headers['host']}{self.line.split()[1]}"
        request = AWSRequest("POST", url, headers, self.body)
        request.context["timestamp"] = self.headers["x-amz-date"]
        auth = SigV4Auth(Credentials(access_key, secret_key, token), service, region)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        return self.headers["authorization"].endswith(f"Signature={auth.signature(text, request)}")


def answer(body: Any = None, status: int = 200, **headers: str) -> bytes:
    """Return a response of DynamoDB's kind."""
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    named = {
        "Server": "Server",
        "Content-Type": "application/x-amz-json-1.0",
        "Content-Length": str(len(content)),
        "x-amzn-RequestId": "4KM5NAJPJ5ROU",
        "x-amz-crc32": str(zlib.crc32(content)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + content


@dataclass
class Wire:
    """Stands for every host. `says` writes the response to a request, or closes the connection by `ConnectionError`."""

    says: Callable[[Request, Any], None] = lambda _request, connection: connection.sendall(answer())
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def last(self) -> Request:
        return self.requests[-1]

    def serve(self, connection: Any) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as stream:
            while line := stream.readline():
                headers = dict(_headers(stream))
                body = stream.read(int(headers.get("content-length", "0")))
                self.requests.append(Request(line.decode().strip(), headers, body))
                self.says(self.last, connection)


def _headers(stream: Any) -> Iterator[tuple[str, str]]:
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        yield name.lower(), value.strip()


@contextlib.contextmanager
def wire_of(monkeypatch: pytest.MonkeyPatch, bundle: Any) -> Iterator[Wire]:
    """Put a wire in the place of all hosts, over TLS, each with a certificate of its own."""
    import urllib3.util.connection

    authority = trustme.CA()
    authority.cert_pem.write_to_path(bundle)
    wire = Wire()
    server = socket.create_server(("127.0.0.1", 0))
    opened: list[Any] = []
    real = urllib3.util.connection.create_connection

    def connect(_address: Any, *args: Any, **options: Any) -> Any:
        return real(server.getsockname()[:2], *args, **options)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = server.accept()
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                tls = _context(authority, "127.0.0.1")
                tls.sni_callback = lambda sock, name, _: setattr(sock, "context", _context(authority, name))
                connection = tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
                opened.append(connection)
                threading.Thread(target=wire.serve, args=(connection,), daemon=True).start()

    monkeypatch.setattr(urllib3.util.connection, "create_connection", connect)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    threading.Thread(target=accept, daemon=True).start()
    try:
        yield wire
    finally:
        server.close()
        for connection in opened:
            with contextlib.suppress(OSError):
                connection.close()


_contexts: dict[Any, ssl.SSLContext] = {}


def _context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    key = (id(authority), name)
    if key not in _contexts:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        _contexts[key] = context
    return _contexts[key]
