"""What connectors have in common: checks of a request's parameters, and calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Set as AbstractSet
from functools import lru_cache
from typing import Any

from powertools_stream.connectors.base import Operation
from powertools_stream.errors import InvalidRequestError
from powertools_stream.payloads.json_text import to_json

__all__ = [
    "byte_length",
    "call",
    "canonical",
    "check_known",
    "checked",
    "operation_of",
    "to_bytes",
]

operation_of = lru_cache(maxsize=1024)(Operation)
"""Return an operation: the same one again for the same arguments. Finding it takes a tenth of what making it takes."""


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
    if not isinstance(params, (dict, Mapping)):  # `dict` first: it takes a fifth of the time
        raise InvalidRequestError(
            f"Expected {kind} to get a mapping as the service's API takes it, but found {params!r}."
        )
    if missing := [name for name in required if not params.get(name)]:
        raise InvalidRequestError(f"Expected {kind} to get {', '.join(missing)}, but found nothing there.")
    return params


def check_known(params: Mapping[str, Any], known: AbstractSet[str], operation: str) -> None:
    """Check that one entry of a call has no parameter that the operation does not take.

    Raises
    ------
    InvalidRequestError
        It has one. The clients do not validate, so that it would go out without what was misspelt.
    """
    if not params.keys() <= known:
        unknown = sorted(map(str, params.keys() - known))
        raise InvalidRequestError(
            f"Expected what {operation} takes for an entry, but found {unknown}; it takes {sorted(known)}. "
            "Is it spelt as in AWS's API?"
        )


def byte_length(text: str) -> int:
    """Return how many bytes a text has in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def to_bytes(data: Any, line_end: str = "") -> bytes:
    """Return data as bytes: text as UTF-8, anything else as JSON, with that line end."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    return (data if isinstance(data, str) else to_json(data) + line_end).encode()


def call(method: Callable[..., Any], params: Mapping[str, Any]) -> Any:
    """Call boto3's client.

    Raises
    ------
    InvalidRequestError
        A parameter that the operation does not have, or whose value has another type. The client validates nothing, so
        its serializer fails on it.
    """
    try:
        return method(**params)
    except KeyError as error:
        known = ", ".join(params)
        raise InvalidRequestError(
            f"Expected parameters that the operation takes, but found {error} in {known}. Is it spelt as in AWS's API?"
        ) from error
    except (AttributeError, TypeError) as error:
        mistakes = _mistakes(method, params)
        if not mistakes:
            raise
        raise InvalidRequestError(f"Expected parameters that the operation takes, but found: {mistakes}") from error


def _mistakes(method: Any, params: Mapping[str, Any]) -> str:
    """Return what the service's own model finds wrong with the parameters of a call; nothing: an empty string."""
    from botocore.validate import ParamValidator

    meta = getattr(getattr(method, "__self__", None), "meta", None)
    if meta is None:
        return ""
    model = meta.service_model.operation_model(meta.method_to_api_mapping[method.__name__])
    report: str = ParamValidator().validate(params, model.input_shape).generate_report()
    return report


def canonical(params: Mapping[str, Any]) -> str:
    """Return parameters as text that is equal for equal parameters.

    Raises
    ------
    InvalidRequestError
        They are nested too deep, so that no client could send them either.
    """
    try:
        return json.dumps(params, sort_keys=True, default=repr)
    except RecursionError as error:
        raise InvalidRequestError("Expected parameters that can be sent, but found some nested too deep.") from error
