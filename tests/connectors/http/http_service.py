"""A small local HTTP service, which answers from a script and records its calls."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One call that it received."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class Said:
    """An answer: strings and bytes are sent unchanged, any other value as JSON."""

    status: int = 200
    content: Any = b""
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[Asked], Said]


class HttpService:
    """The service; set its `script`."""

    def __init__(self) -> None:
        self.script: Script = lambda asked: Said()
        self.asked: list[Asked] = []
        self.connections = 0
        self.under_way = 0
        self.most_under_way = 0
        self.lock = threading.Lock()
        self.sockets: list[socket.socket] = []
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        for connection in self.sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()


@contextmanager
def http_service() -> Iterator[HttpService]:
    service = HttpService()
    try:
        yield service
    finally:
        service.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, service: HttpService) -> None:
        self.service = service
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        with self.server.service.lock:
            self.server.service.connections += 1
            self.server.service.sockets.append(self.connection)

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        self._answer()
        return False

    def _answer(self) -> None:
        service = self.server.service
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): text for name, text in self.headers.items()}
        asked = Asked(self.command, self.path, headers, content)
        with service.lock:
            service.asked.append(asked)
            service.under_way += 1
            service.most_under_way = max(service.most_under_way, service.under_way)
        try:
            said = service.script(asked)
        finally:
            with service.lock:
                service.under_way -= 1
        self._say(said)

    def _say(self, said: Said) -> None:
        headers = dict(said.headers)
        content = said.content
        if isinstance(content, str):
            content = content.encode()
            headers.setdefault("Content-Type", "text/plain; charset=utf-8")
        elif not isinstance(content, bytes):
            content = json.dumps(content).encode()
            headers.setdefault("Content-Type", "application/json")
        self.send_response_only(said.status)
        for name, text in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()
