"""What connectors do alike with the parameters of a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from powertools_stream.errors import InvalidRequestError

__all__ = ["call", "canonical", "checked"]


def checked(request: Any, *required: str) -> Mapping[str, Any]:
    """Return the parameters of a request.

    Raises
    ------
    InvalidRequestError
        They are no mapping, or one that the service insists on is missing. The clients do not validate, so that some
        calls would go out and others would end in an error that says little.
    """
    params = request.params
    kind = type(request).__name__
    if not isinstance(params, Mapping):
        raise InvalidRequestError(
            f"Expected {kind} to get a mapping as the service's API takes it, but found {params!r}."
        )
    if missing := [name for name in required if not params.get(name)]:
        raise InvalidRequestError(f"Expected {kind} to get {', '.join(missing)}, but found nothing there.")
    return params


def call(method: Callable[..., Any], params: Mapping[str, Any]) -> Any:
    """Call boto3's client.

    Raises
    ------
    InvalidRequestError
        A parameter that the operation does not have. The client validates nothing, so its serializer stumbles over it.
    """
    try:
        return method(**params)
    except KeyError as error:
        known = ", ".join(params)
        raise InvalidRequestError(
            f"Expected parameters that the operation takes, but found {error} in {known}. Is it spelt as in AWS's API?"
        ) from error


def canonical(params: Mapping[str, Any]) -> str:
    """Return parameters as text that is equal for equal parameters."""
    return json.dumps(params, sort_keys=True, default=repr)
