"""A small Lambda Runtime API, and a function that runs against it under AWS's own runtime interface client.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

__all__ = ["Function", "InitError", "Invocation", "RuntimeAPI"]

_VERSION = "/2018-06-01/runtime/"
_ROOT = Path(__file__).resolve().parents[2]


class InitError(Exception):
    """The function could not be imported. ``args[0]`` is what the runtime posted."""


@dataclass(frozen=True)
class Invocation:
    """What the runtime posted for one invocation: a response, or else an error."""

    response: Any = None
    error: dict[str, Any] | None = None


class RuntimeAPI:
    """Lambda's side: it hands out events, one at a time, and takes the responses."""

    def __init__(self) -> None:
        self.next: queue.Queue[tuple[str, float, bytes] | None] = queue.Queue()
        self.posted: queue.Queue[tuple[str, Any]] = queue.Queue()
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.next.put(None)  # releases a runtime that waits for work
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
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
        assert self.path == f"{_VERSION}invocation/next", self.path
        work = self.api.next.get()
        if work is None:
            self._answer(410, b"{}")
            return
        request_id, deadline, event = work
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:under-test",
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        }
        self._answer(200, event, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.api.posted.put((self.path.removeprefix(_VERSION), json.loads(body)))
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
        """Log nothing, so that a failed test shows only the function's own output."""


class Function:
    """One execution environment: a process that serves invocations until it is closed.

    Parameters
    ----------
    handler
        As in a function's configuration: ``app.handler``.
    folder
        The folder of the handler's module; the process is started there.
    env
        Environment variables in addition to the current ones.
    """

    def __init__(self, handler: str, folder: Path = _ROOT, env: Mapping[str, str] | None = None) -> None:
        self._api = RuntimeAPI()
        # A file, since a pipe that nobody reads would block the function once it is full.
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", handler],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(_ROOT),
                "AWS_LAMBDA_RUNTIME_API": self._api.address,
                "AWS_LAMBDA_FUNCTION_NAME": "under-test",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                "AWS_LAMBDA_LOG_FORMAT": "JSON",
                "AWS_REGION": "eu-west-1",
                "TZ": ":UTC",
                **(env or {}),
            },
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> Function:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def invoke(self, event: Any, timeout: float = 30.0) -> Invocation:
        """Invoke the function and wait for what it posts.

        Raises
        ------
        InitError
            It could not be imported.
        """
        request_id = str(uuid.uuid4())
        self._api.next.put((request_id, time.time() + timeout, json.dumps(event).encode()))
        path, body = self._posted(timeout)
        if path == "init/error":
            raise InitError(body)
        if path == f"invocation/{request_id}/response":
            return Invocation(response=body)
        assert path == f"invocation/{request_id}/error", path
        return Invocation(error=body)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the process, as Lambda does between two invocations; it goes on afterwards."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """Return the function's output so far."""
        self._log.seek(0)
        return self._log.read()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(timeout=10)
        self._api.close()
        self._log.close()

    def _posted(self, timeout: float) -> tuple[str, Any]:
        limit = time.monotonic() + timeout
        while time.monotonic() < limit:
            try:
                return self._api.posted.get(timeout=0.2)
            except queue.Empty:
                if self._process.poll() is not None and self._api.posted.empty():
                    raise AssertionError(f"The runtime ended without an answer:\n{self.log()}") from None
        raise AssertionError(f"No answer within {timeout} s:\n{self.log()}")
