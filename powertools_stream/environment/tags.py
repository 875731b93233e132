"""The names by which this function and its service are known, and the tags of the events that it publishes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from powertools_stream.environment.variables import once_per_batch, variable

__all__ = ["TRACE_TAGS", "function_name", "is_own_name", "source_name", "standard_tags", "trace_tags"]

TRACE_TAGS: ContextVar[Callable[[], Mapping[str, str]] | None] = ContextVar("powertools_stream.trace", default=None)
"""Returns the trace that published events are to carry as tags; None: they are to carry none."""

_OURS = "POWERTOOLS_SERVICE_NAME"
# Those of aws-lambda-stream, in its order.
_THEIRS = ("SERVICE", "PROJECT", "SERVERLESS_PROJECT")


def function_name() -> str:
    """Return the name of the Lambda function, ``undefined`` outside Lambda."""
    return variable("AWS_LAMBDA_FUNCTION_NAME") or "undefined"


def source_name() -> str:
    """Return the name that this service gives itself in the events that it publishes."""
    return variable(_OURS) or _their_name() or "undefined"


def is_own_name(source: str) -> bool:
    """Return whether an event with this ``source`` tag was published by this service.

    A service whose functions are moved from aws-lambda-stream one by one publishes under two names if
    ``POWERTOOLS_SERVICE_NAME`` is not what these functions go by. Both are its own.
    """
    return source == variable(_OURS) or source == _their_name()


def standard_tags(pipeline: str) -> dict[str, Any]:
    """Return the tags that every published event carries."""
    return {**_common_tags(), "pipeline": pipeline}


def trace_tags() -> Mapping[str, str]:
    """Return the tags that name the trace in which an event is published, which replace any that it has."""
    tags = TRACE_TAGS.get()
    return {} if tags is None else tags()


@once_per_batch
def _common_tags() -> dict[str, Any]:
    tags = {
        "account": variable("ACCOUNT_NAME") or "undefined",
        "region": variable("AWS_REGION") or "undefined",
        "stage": variable("STAGE") or variable("SERVERLESS_STAGE") or "undefined",
        "source": source_name(),
        "functionname": function_name(),
    }
    if app := variable("APP_NAME"):
        tags["app"] = app
    return tags


def _their_name() -> str | None:
    for name in _THEIRS:
        if value := variable(name):
            return value
    return None
