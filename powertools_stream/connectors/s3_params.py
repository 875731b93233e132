"""S3's parameters: which bucket and object a request is about, and the call itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from powertools_stream.environment import setting
from powertools_stream.errors import InvalidRequestError

__all__ = ["bucket_of", "call", "canonical", "key_of"]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_MAX_KEY_BYTES = 1024


def bucket_of(request: Any, default: str | None) -> str:
    """Return the name of the bucket that a request goes to.

    Raises
    ------
    InvalidRequestError
        The parameters are no mapping.
    SettingError
        Named neither by the request nor by the connector nor by the environment.
    """
    if not isinstance(request.params, Mapping):
        raise InvalidRequestError(
            f"Expected {type(request).__name__} to get a mapping as S3's API takes it, but found {request.params!r}."
        )
    given = request.bucket_name or request.params.get("Bucket") or default
    return setting(given, "BUCKET_NAME", what="the bucket", option="bucket_name")


def key_of(request: Any) -> str:
    """Return the object's key.

    Raises
    ------
    InvalidRequestError
        It is none that S3 takes. An empty one above all: without a key, a call is about the bucket itself.
    """
    key = request.params.get("Key")
    name = type(request).__name__
    if not isinstance(key, str) or not key:
        raise InvalidRequestError(f"Expected {name} to get {{'Key': '…'}}, but found {key!r}.")
    try:
        size = len(key.encode())
    except UnicodeEncodeError as error:
        raise InvalidRequestError(f"Expected {name} to get a key that is text, but found {key!r}.") from error
    if size > _MAX_KEY_BYTES:
        raise InvalidRequestError(
            f"Expected {name} to get a key of at most {_MAX_KEY_BYTES} bytes, but {key[:80]!r}… has {size}."
        )
    return key


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
            f"Expected parameters that S3 takes, but found {error} in {known}. Is it spelt as in AWS's API?"
        ) from error


def canonical(params: Mapping[str, Any]) -> str:
    """Return parameters as text that is equal for equal parameters."""
    return json.dumps(params, sort_keys=True, default=repr)
