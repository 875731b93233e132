"""Stands in for AWS's runtime client where that cannot be installed: on macOS and Windows.

A script of its own, since a function's process imports nothing that the function does not.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
import urllib.request
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any


class _Context:
    """The context of an invocation: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = _client_context(headers.get("Lambda-Runtime-Client-Context"))
        self.identity = None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self) -> int:
        """Return the number of milliseconds that are left."""
        return max(0, self._deadline - int(time.time() * 1000))


def _client_context(said: str | None) -> Any:
    if said is None:
        return None
    parts = {"client": None, "custom": None, "env": None}
    return SimpleNamespace(**{**parts, **{name: value for name, value in json.loads(said).items() if name in parts}})


def main(dotted: str) -> None:
    """Serve invocations until the process is ended."""
    base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"
    try:
        handler = _imported(dotted)
    except BaseException as error:
        _post(f"{base}/init/error", _told(_init_error_type(error, dotted), error))
        sys.exit(1)
    while True:
        with _opened(f"{base}/invocation/next") as response:
            event, headers = json.load(response), response.headers
        _serve(f"{base}/invocation/{headers['Lambda-Runtime-Aws-Request-Id']}", handler, event, _Context(headers))


def _serve(url: str, handler: Callable[[Any, Any], Any], event: Any, context: _Context) -> None:
    try:
        body = json.dumps(handler(event, context)).encode()
    except Exception as error:
        _post(f"{url}/error", _told(type(error).__name__, error))
    else:
        _post(f"{url}/response", body)


def _imported(dotted: str) -> Callable[[Any, Any], Any]:
    module, _, name = dotted.rpartition(".")
    handler: Callable[[Any, Any], Any] = getattr(importlib.import_module(module.replace("/", ".")), name)
    return handler


def _init_error_type(error: BaseException, dotted: str) -> str:
    if isinstance(error, ImportError):
        return "Runtime.ImportModuleError"
    if isinstance(error, AttributeError) and dotted.rpartition(".")[2] == error.name:
        return "Runtime.HandlerNotFound"
    return type(error).__name__


def _told(error_type: str, error: BaseException) -> bytes:
    """Log an error as the runtime does, and return its description."""
    told = {
        "errorType": error_type,
        "errorMessage": str(error),
        "stackTrace": traceback.format_tb(error.__traceback__),
    }
    sys.stdout.write(json.dumps({"level": "ERROR", **told}) + "\n")
    sys.stdout.flush()
    return json.dumps(told).encode()


def _post(url: str, body: bytes) -> None:
    _opened(urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")).close()


def _opened(request: Any) -> Any:
    # Never through a proxy, whatever the environment says.
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)


if __name__ == "__main__":
    # The folder of this script has modules of its own; the function's folder is in PYTHONPATH.
    sys.path.pop(0)
    main(sys.argv[1])
