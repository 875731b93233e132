"""The names by which this function and its service are known, and the tags of the events that it publishes."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["function_name", "source_name", "standard_tags"]


def function_name() -> str:
    """Return the name of the Lambda function, ``undefined`` outside Lambda."""
    return os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or "undefined"


def source_name() -> str:
    """Return the name that this service gives itself in the events that it publishes."""
    for name in ("POWERTOOLS_SERVICE_NAME", "SERVICE", "PROJECT"):
        if value := os.environ.get(name):
            return value
    return "undefined"


def standard_tags(pipeline: str) -> dict[str, Any]:
    """Return the tags that every published event carries."""
    return {
        "account": os.environ.get("ACCOUNT_NAME") or "undefined",
        "region": os.environ.get("AWS_REGION") or "undefined",
        "stage": os.environ.get("STAGE") or "undefined",
        "source": source_name(),
        "functionname": function_name(),
        "pipeline": pipeline,
    }
