"""S3's parameters: which bucket and object a request is about."""

from __future__ import annotations

from typing import Any

from powertools_stream.connectors.params import checked
from powertools_stream.environment.settings import setting
from powertools_stream.errors import InvalidRequestError

__all__ = ["bucket_of", "key_of"]

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
    params = checked(request)
    given = request.bucket_name or params.get("Bucket") or default
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
        found = repr(key) if "Key" in request.params else f"only {sorted(map(str, request.params))}"
        raise InvalidRequestError(f"Expected {name} to get {{'Key': '…'}}, but found {found}.")
    try:
        size = len(key.encode())
    except UnicodeEncodeError as error:
        raise InvalidRequestError(f"Expected {name} to get a key that is text, but found {key!r}.") from error
    if size > _MAX_KEY_BYTES:
        raise InvalidRequestError(
            f"Expected {name} to get a key of at most {_MAX_KEY_BYTES} bytes, but {key[:80]!r}… has {size}."
        )
    return key
