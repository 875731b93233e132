"""A function that runs under AWS's own runtime interface client, and can be frozen between two invocations.

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
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powertools_stream.local.runtime.api import Posted, RuntimeAPI, Work

__all__ = ["Function", "InitError", "Invocation"]

_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:under-test"
_ROOT = Path(__file__).resolve().parents[2]


class InitError(Exception):
    """The function could not be imported. ``args[0]`` is what the runtime posted."""


@dataclass(frozen=True)
class Invocation:
    """What the runtime posted for one invocation: a response, or else an error."""

    response: Any = None
    error: dict[str, Any] | None = None


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
    options
        Of the interpreter: with ``-S`` it knows no installed packages, only those on ``PYTHONPATH``.
    """

    def __init__(
        self, handler: str, folder: Path = _ROOT, env: Mapping[str, str] | None = None, options: Sequence[str] = ()
    ) -> None:
        self._api = RuntimeAPI()
        # A file, since a pipe that nobody reads would block the function once it is full.
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            [sys.executable, *options, "-m", "awslambdaric", handler],
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

    def invoke(self, event: Any, timeout: float = 30.0, client_context: Any = None) -> Invocation:
        """Invoke the function and wait for what it posts.

        Parameters
        ----------
        client_context
            What is said beside the event; None: nothing.

        Raises
        ------
        InitError
            It could not be imported.
        """
        request_id = str(uuid.uuid4())
        said = None if client_context is None else json.dumps(client_context)
        self._api.next.put(Work(request_id, json.dumps(event).encode(), time.time() + timeout, _ARN, said))
        posted = self._posted(timeout)
        path, body = posted.path, posted.body
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

    def _posted(self, timeout: float) -> Posted:
        limit = time.monotonic() + timeout
        while time.monotonic() < limit:
            try:
                return self._api.posted.get(timeout=0.2)
            except queue.Empty:
                if self._process.poll() is not None and self._api.posted.empty():
                    raise AssertionError(f"The runtime ended without an answer:\n{self.log()}") from None
        raise AssertionError(f"No answer within {timeout} s:\n{self.log()}")
