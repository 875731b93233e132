"""Takes to our functions what the emulator invokes itself, for rules, topics, buckets, schedules and APIs."""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar

from powertools_stream.local.runtime.function import RuntimeFunction

__all__ = ["ForwardingServer"]


class ForwardingServer:
    """A server on a free port of this machine that invokes functions; a context manager.

    ``POST /{logical id}`` with an event returns the function's response, or 500 and its error. The header
    ``X-Amz-Client-Context`` is that of Lambda's ``Invoke``. It starts with no functions: the template that names its
    address has to be deployed first.

    Attributes
    ----------
    functions
        The functions, by logical id.
    """

    def __init__(self) -> None:
        self.functions: Mapping[str, RuntimeFunction] = {}
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ForwardingServer:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        # The emulator was stopped while a function ran.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    owner: ClassVar[ForwardingServer]

    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """Invoke a function."""
        event = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        function = self.owner.functions.get(self.path.strip("/"))
        if function is None:
            self._answer(404, {"errorType": "ResourceNotFoundException", "errorMessage": "It does not run here."})
            return
        invocation = function.invoke(event, _client_context(self.headers.get("X-Amz-Client-Context")))
        if invocation.error is None:
            self._answer(200, invocation.response)
        else:
            self._answer(500, _payload(invocation.error))

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it so)
        """Log nothing: the terminal is for what the functions log."""


def _client_context(header: str | None) -> str | None:
    """Return the client context as JSON in ASCII, since it goes on in a header."""
    return json.dumps(json.loads(base64.b64decode(header))) if header else None


def _payload(error: BaseException) -> Any:
    from powertools_stream.local.runtime.errors import FunctionError

    return error.to_payload() if isinstance(error, FunctionError) else {"errorMessage": str(error)}
