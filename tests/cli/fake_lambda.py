"""A stand-in for AWS Lambda over HTTP, whose functions are functions of the test."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, ClassVar
from urllib.parse import unquote

__all__ = ["FakeLambda", "HangUpError", "RefusedError"]

Handler = Callable[[Any, Any], Any]
"""A handler of an event and a context; it returns a response, raises, or raises one of the errors below."""


class RefusedError(Exception):
    """What Lambda itself responds: a status and an error's code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status


class HangUpError(Exception):
    """The connection ends without a response."""


class FakeLambda:
    """A context manager. `calls` are the invocations: the function's name, the event and the client context."""

    def __init__(self, functions: Mapping[str, Handler]) -> None:
        self.functions = functions
        self.calls: list[tuple[str, Any, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FakeLambda:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to find it."""
        return {"AWS_ENDPOINT_URL_LAMBDA": self.url, "AWS_DEFAULT_REGION": "eu-west-1"}


class _Handler(BaseHTTPRequestHandler):
    owner: ClassVar[FakeLambda]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = unquote(self.path.split("/")[3])
        said = json.loads(base64.b64decode(self.headers.get("X-Amz-Client-Context") or "e30="))
        self.owner.calls.append((name, event, said.get("custom")))
        try:
            handler = self.owner.functions.get(name)
            if handler is None:
                raise RefusedError(404, "ResourceNotFoundException")
            client_context = SimpleNamespace(custom=said["custom"]) if said else None
            self._answer(200, json.dumps(handler(event, SimpleNamespace(client_context=client_context))).encode())
        except RefusedError as error:
            content = json.dumps({"Message": f"It says {error}."}).encode()
            self._answer(error.status, content, {"x-amzn-ErrorType": str(error)})
        except HangUpError:
            self.close_connection = True
        except Exception as error:
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            self._answer(200, json.dumps(told).encode(), {"X-Amz-Function-Error": "Unhandled"})

    def _answer(self, status: int, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""
