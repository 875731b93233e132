"""Lambda's side of the Runtime API, for one process of a function: it hands out events and takes the responses.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

__all__ = ["Posted", "RuntimeAPI", "Work"]

_VERSION = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Work:
    """One event on its way to the runtime.

    Parameters
    ----------
    request_id
        The id of the invocation.
    event
        The event as JSON.
    deadline
        When the invocation times out, in seconds since the epoch.
    function_arn
        The function's ARN.
    client_context
        What whoever invokes says beside the event, as JSON; None: nothing.
    """

    request_id: str
    event: bytes
    deadline: float
    function_arn: str
    client_context: str | None = None


@dataclass(frozen=True)
class Posted:
    """What the runtime posted, or ``path="exited"``: its process ended.

    Parameters
    ----------
    path
        ``invocation/{id}/response``, ``invocation/{id}/error`` or ``init/error``.
    body
        The decoded JSON.
    """

    path: str
    body: Any = None


class RuntimeAPI:
    """A server on a free port of this machine."""

    def __init__(self) -> None:
        self.next: queue.Queue[Work | None] = queue.Queue()
        self.posted: queue.Queue[Posted] = queue.Queue()
        self.is_ready = threading.Event()
        """Whether the runtime has asked for its first event: the function is imported."""
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def has(self, work: Work) -> bool:
        """Return whether an event still waits for the runtime."""
        with self.next.mutex:
            return work in self.next.queue

    def close(self) -> None:
        """Stop serving; a runtime that waits for work is released."""
        self.next.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        # The function's process was ended while its connection waited for work.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    api: ClassVar[RuntimeAPI]

    protocol_version = "HTTP/1.1"
    # Without these two, Nagle's algorithm and delayed acknowledgement add 80 ms to a call.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        """Hand out the next event, once there is one."""
        self.api.is_ready.set()
        work = self.api.next.get()
        if work is None:
            self._answer(410, b"{}")
        else:
            self._answer(200, work.event, _headers(work))

    def do_POST(self) -> None:
        """Take a response or an error."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.api.posted.put(Posted(self.path.removeprefix(_VERSION), json.loads(body or b"null")))
        self._answer(202, b'{"status":"OK"}')

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it so)
        """Log nothing: the terminal is for what the functions log."""


def _headers(work: Work) -> dict[str, str]:
    said = {"Lambda-Runtime-Client-Context": work.client_context} if work.client_context is not None else {}
    return {
        **said,
        "Lambda-Runtime-Aws-Request-Id": work.request_id,
        "Lambda-Runtime-Deadline-Ms": str(int(work.deadline * 1000)),
        "Lambda-Runtime-Invoked-Function-Arn": work.function_arn,
        "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
    }
