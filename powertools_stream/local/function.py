"""A Lambda function in this process: its environment, its context, its cold start, and its log."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, TextIO

from powertools_stream.local.variables import variables

__all__ = ["Handler", "Invocation", "LambdaContext", "LambdaFunction"]

Handler = Callable[[dict[str, Any], Any], Any]

_ACCOUNT = "123456789012"

# The environment is the process's, so the functions in it run one at a time.
_RUNTIME = RLock()


@dataclass(frozen=True)
class LambdaContext:
    """The context object of one invocation, with the attributes of Lambda's.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html

    Parameters
    ----------
    function_name
        The function's name.
    timeout
        How long the function may run, in seconds.
    memory_limit_in_mb
        The function's memory.
    """

    function_name: str
    timeout: float = 30.0
    memory_limit_in_mb: int = 1024
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"
    _started: float = field(default_factory=time.monotonic, repr=False)

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN."""
        region = os.environ.get("AWS_REGION", "us-east-1")
        return f"arn:aws:lambda:{region}:{_ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        """The log group."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """The log stream."""
        return f"local/[{self.function_version}]"

    def get_remaining_time_in_millis(self) -> int:
        """Return the number of milliseconds that are left."""
        return max(0, int((self.timeout - (time.monotonic() - self._started)) * 1000))


@dataclass(frozen=True)
class Invocation:
    """One call of a function.

    Parameters
    ----------
    function_name
        The function's name.
    request_id
        The request id in its context.
    event
        The event that it got.
    response
        What it returned, after a round trip through JSON; None if it raised.
    error
        What it raised, or why its response is not JSON; None if it returned.
    seconds
        How long it took.
    """

    function_name: str
    request_id: str
    event: Mapping[str, Any]
    response: Any
    error: BaseException | None
    seconds: float


class LambdaFunction:
    """A handler that is called the way Lambda calls it.

    Both the event and the response pass through JSON. The function's environment is in ``os.environ`` only while its
    module is imported and while it runs: of all functions in the process, one runs at a time, whatever the thread. The
    function is not stopped at its timeout, but its context returns the remaining time.

    Parameters
    ----------
    handler
        The handler, or its dotted name, as in a deployment: ``"orders.listener.handler"``. The module of a dotted name
        is imported again, so that the function starts cold.
    name
        The function's name; default: the handler's.
    environment
        Its environment variables.
    timeout
        How long it may run, in seconds.
    log
        Receives its standard output and standard error, as CloudWatch Logs does; None: they are not redirected.
    """

    def __init__(
        self,
        handler: Handler | str,
        *,
        name: str | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        log: TextIO | None = None,
    ) -> None:
        self.name = name or _name_of(handler)
        self.timeout = timeout
        self._environment = {**(environment or {}), "AWS_LAMBDA_FUNCTION_NAME": self.name}
        self._log = log
        with self._runtime():
            self.handler: Handler = _imported(handler) if isinstance(handler, str) else handler

    def invoke(self, event: Mapping[str, Any]) -> Invocation:
        """Call the handler with this event, and return the outcome, even if the handler raises."""
        context = LambdaContext(self.name, self.timeout)
        response, error = None, None
        started = time.monotonic()
        with self._runtime():
            try:
                response = json.loads(json.dumps(self.handler(json.loads(json.dumps(event)), context)))
            except (Exception, SystemExit) as raised:  # the runtime answers Lambda with what a handler raises
                traceback.print_exc()
                error = raised
        seconds = time.monotonic() - started
        return Invocation(self.name, context.aws_request_id, event, response, error, seconds)

    @contextmanager
    def _runtime(self) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(_RUNTIME)
            stack.enter_context(variables(self._environment))
            if self._log is not None:
                stack.enter_context(redirect_stdout(self._log))
                stack.enter_context(redirect_stderr(self._log))
            yield


def _name_of(handler: Handler | str) -> str:
    return handler.rpartition(".")[0] if isinstance(handler, str) else getattr(handler, "__name__", "function")


def _imported(dotted: str) -> Handler:
    module_name, _, attribute = dotted.rpartition(".")
    if not module_name:
        raise ValueError(f"Expected a handler such as 'orders.listener.handler', found {dotted!r}.")
    sys.modules.pop(module_name, None)
    handler: Handler = getattr(importlib.import_module(module_name), attribute)
    return handler
