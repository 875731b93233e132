"""Names that default from the environment: read when they are used, never at import."""

from __future__ import annotations

import os
from typing import Any

from powertools_stream.errors import SettingError

__all__ = ["function_name", "setting", "source_name", "standard_tags"]


def setting(given: str | None, *names: str, what: str, option: str) -> str:
    """Return what was given, else the first of the environment variables that is set.

    Parameters
    ----------
    given
        The value that the request, the rule or the processor names.
    names
        Environment variables, in the order in which they are tried.
    what
        What is missing, for the message: ``"the table"``.
    option
        The argument that would have given it, for the message: ``"table_name"``.

    Raises
    ------
    SettingError
        Neither given nor in the environment.
    """
    if given:
        return given
    for name in names:
        if value := os.environ.get(name):
            return value
    variables = " or ".join(names)
    raise SettingError(
        f"Expected to know {what}, but no {option} was given and {variables} is not set. "
        f"Pass {option}=…, or set the environment variable {names[0]}."
    )


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
