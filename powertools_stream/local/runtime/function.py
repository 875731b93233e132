"""A function of a template: it runs in processes of its own, one for each concurrent invocation."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from powertools_stream.local.function import Invocation
from powertools_stream.local.runtime.errors import FunctionError
from powertools_stream.local.runtime.process import ProcessGoneError, RuntimeProcess

__all__ = ["FunctionConfiguration", "RuntimeFunction"]


@dataclass(frozen=True)
class FunctionConfiguration:
    """What a function needs to run.

    Parameters
    ----------
    name
        How it is called here, and in its log: its logical id in the template.
    handler
        As in the template: ``app.handler``.
    folder
        The folder with its code.
    function_name
        Its name in AWS; default: `name`.
    environment
        Its environment variables.
    timeout
        How long it may run, in seconds.
    memory_size
        Its memory in MB, which it is told, but not limited to.
    region
        Its region.
    max_concurrency
        How many of its invocations may run at a time; further ones wait, whereas Lambda throttles them. 0: none may.
    """

    name: str
    handler: str
    folder: Path
    function_name: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 3.0
    memory_size: int = 128
    region: str = "us-east-1"
    max_concurrency: int = 2

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:{self.region}:123456789012:function:{self.function_name or self.name}"

    @property
    def variables(self) -> dict[str, str]:
        """All the variables that Lambda would set.

        https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        """
        name = self.function_name or self.name
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            **self.environment,
            "_HANDLER": self.handler,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_size),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            # So that an error with its trace is one line.
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
        }


class RuntimeFunction:
    """Runs a function under AWS's runtime client; may be invoked from several threads.

    A process serves one invocation at a time and is kept for the next one, as Lambda's execution environments are.

    Parameters
    ----------
    configuration
        What to run.
    log
        Is called with the function's name and each line that it writes, on other threads.
    on_invocation
        Is called with each invocation once it has ended, on the thread that invoked.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        *,
        log: Callable[[str, str], object] = lambda name, line: None,
        on_invocation: Callable[[Invocation], object] = lambda invocation: None,
    ) -> None:
        self.configuration = configuration
        self._log = log
        self._on_invocation = on_invocation
        self._slots = threading.BoundedSemaphore(max(1, configuration.max_concurrency))
        self._lock = threading.Lock()
        self._idle: list[RuntimeProcess] = []
        self._all: set[RuntimeProcess] = set()
        self._outdated: set[RuntimeProcess] = set()
        self._running = 0
        self._is_closed = False

    @property
    def name(self) -> str:
        """The function's name here."""
        return self.configuration.name

    @property
    def timeout(self) -> float:
        """How long it may run, in seconds."""
        return self.configuration.timeout

    @property
    def running(self) -> int:
        """How many invocations are under way, or wait for a process."""
        return self._running

    @property
    def processes(self) -> list[RuntimeProcess]:
        """The processes that there are."""
        return list(self._all)

    def invoke(self, event: Any, client_context: str | None = None) -> Invocation:
        """Invoke the function, and return the outcome, even if it fails.

        Parameters
        ----------
        client_context
            What is said beside the event, as JSON: ``{"custom": {…}}``.
        """
        request_id, started = str(uuid.uuid4()), time.monotonic()
        response, error = None, None
        with self._counted(), self._slots:
            try:
                response = self._response(request_id, json.dumps(event).encode(), client_context)
            except FunctionError as raised:
                error = raised
        seconds = time.monotonic() - started
        invocation = Invocation(self.name, request_id, event, response, error, seconds)
        self._on_invocation(invocation)
        return invocation

    def reload(self) -> None:
        """Let further invocations run in new processes, which import the code anew."""
        with self._lock:
            stale, self._idle = self._idle, []
            # Those at work end with their invocation.
            self._outdated |= self._all.difference(stale)
            self._all.clear()
        for process in stale:
            process.close()

    def close(self) -> None:
        """End all processes, at work or not."""
        with self._lock:
            self._is_closed = True
            processes = self._all | self._outdated
            self._idle, self._all, self._outdated = [], set(), set()
        for process in processes:
            process.close()

    def _response(self, request_id: str, event: bytes, client_context: str | None) -> Any:
        configuration = self.configuration
        while True:
            process = self._take()
            try:
                return process.invoke(request_id, event, configuration.timeout, configuration.arn, client_context)
            except ProcessGoneError:
                continue
            finally:
                self._give_back(process)

    def _take(self) -> RuntimeProcess:
        with self._lock:
            self._require_open()
            while self._idle:
                if (process := self._idle.pop()).is_alive:
                    return process
                self._all.discard(process)
            process = self._started()
            self._all.add(process)
            return process

    def _require_open(self) -> None:
        if self._is_closed:
            raise FunctionError("Local.Stopped", "The function was stopped.")
        if self.configuration.max_concurrency < 1:
            raise FunctionError("TooManyRequestsException", "ReservedConcurrentExecutions is 0: it may not run.")

    def _started(self) -> RuntimeProcess:
        configuration = self.configuration
        return RuntimeProcess(
            configuration.handler,
            configuration.folder,
            configuration.variables,
            lambda line: self._log(self.name, line),
        )

    def _give_back(self, process: RuntimeProcess) -> None:
        with self._lock:
            if process in self._all and process.is_alive:
                self._idle.append(process)
                return
            self._all.discard(process)
            self._outdated.discard(process)
        process.close()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
