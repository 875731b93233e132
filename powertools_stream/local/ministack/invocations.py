"""Within MiniStack: hands over the client context with an event, and a function's error as it is.

MiniStack itself hands over only the event, and wraps an error in one of its own.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

__all__ = ["install"]

_SECONDS = 900
# As the request had it: JSON in base64. Threads that MiniStack starts for a request have a copy of its variables.
_client_context: ContextVar[str] = ContextVar("client_context", default="")


def install() -> None:
    """Replace what invokes the functions that run elsewhere."""
    from ministack.services import lambda_svc

    original = lambda_svc._invoke

    async def invoke(name: str, event: Any, headers: dict[str, str], *rest: Any, **more: Any) -> Any:
        # Lambda hands it to synchronous invocations only.
        # https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
        is_synchronous = headers.get("x-amz-invocation-type", "RequestResponse") == "RequestResponse"
        _client_context.set(headers.get("x-amz-client-context", "") if is_synchronous else "")
        return await original(name, event, headers, *rest, **more)

    lambda_svc._invoke = invoke
    lambda_svc._execute_function_proxy = _execute


def _execute(function: dict[str, Any], event: Any, url: str, request_id: str) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "X-Amz-Client-Context": _client_context.get()}
    request = Request(url, json.dumps(event).encode(), headers, method="POST")
    try:
        with urlopen(request, timeout=_SECONDS) as response:
            return {"body": json.load(response)}
    except HTTPError as error:
        return {"body": json.loads(error.read() or b"null"), "error": True}
    except OSError as error:
        return {"body": {"errorType": "Local.Stopped", "errorMessage": str(error)}, "error": True}
