"""Errors that pass by themselves: those of Python, and of libraries that rules call, by name without an import."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

__all__ = ["chain", "is_passing_error", "may_pass", "package_of"]

_BUILT_IN = (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLEOFError)

# A certificate that is not trusted, however the error is wrapped: another attempt does not mend that.
_NEVER = (ssl.SSLCertVerificationError,)

# By the package that a class is of, and its name; whatever derives from it is meant too.
_BY_NAME = {
    ("aiohttp", "ClientConnectionError"),
    ("aiohttp", "ClientPayloadError"),
    ("asyncio", "TimeoutError"),  # one of its own before Python 3.11
    ("aws_lambda_powertools", "CircuitBreakerOpenError"),
    ("aws_lambda_powertools", "IdempotencyAlreadyInProgressError"),
    ("aws_lambda_powertools", "IdempotencyInconsistentStateError"),
    ("botocore", "ChecksumError"),
    ("botocore", "ConnectionClosedError"),
    ("botocore", "ConnectionError"),
    ("botocore", "FlexibleChecksumError"),
    ("botocore", "HTTPClientError"),
    ("botocore", "IncompleteReadError"),
    ("botocore", "ReadTimeoutError"),
    ("botocore", "ResponseParserError"),
    ("botocore", "ResponseStreamingError"),
    ("concurrent", "TimeoutError"),  # one of its own before Python 3.11
    ("http", "IncompleteRead"),
    ("httpcore", "NetworkError"),
    ("httpcore", "RemoteProtocolError"),
    ("httpcore", "TimeoutException"),
    ("httpx", "NetworkError"),
    ("httpx", "ProxyError"),
    ("httpx", "RemoteProtocolError"),
    ("httpx", "TimeoutException"),
    ("requests", "ChunkedEncodingError"),
    ("requests", "ConnectionError"),
    ("requests", "Timeout"),
    ("urllib3", "IncompleteRead"),
    ("urllib3", "NewConnectionError"),
    ("urllib3", "ProtocolError"),
    ("urllib3", "TimeoutError"),
}

# https://www.rfc-editor.org/rfc/rfc9110#name-client-error-4xx, https://www.rfc-editor.org/rfc/rfc6585#section-4 and
# https://www.rfc-editor.org/rfc/rfc8470#section-5.2
_NOT_NOW = frozenset({408, 425, 429})

_LONGEST_CHAIN = 50


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from: its cause, else its context, unless that is suppressed."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < _LONGEST_CHAIN:
        yield current
        seen.add(id(current))
        current = _cause(current)


def _cause(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None:
        return error.__cause__
    with suppress(Exception):  # an error may have any attribute, and raise for any
        reason = getattr(error, "reason", None)  # of urllib's URLError, and of urllib3's MaxRetryError
        if issubclass(type(reason), BaseException):
            return reason
    return None if error.__suppress_context__ else error.__context__


def may_pass(error: BaseException) -> bool:
    """Tell whether another attempt may mend an error, which one in its chain can rule out for good."""
    return not any(issubclass(type(link), _NEVER) for link in chain(error))


def is_passing_error(error: BaseException) -> bool:
    """Tell whether an error, by itself, is one that passes: by its class, or by the status of a response."""
    if issubclass(type(error), _BUILT_IN):
        return True
    with suppress(Exception):
        if any((package_of(kind), kind.__name__) in _BY_NAME for kind in type(error).__mro__):
            return True
        return _is_passing_status(error)
    return False


def package_of(kind: type) -> str:
    """Return the top-level package that a class is of; if it has none, an empty string."""
    with suppress(Exception):
        return str(kind.__module__).partition(".")[0]
    return ""


def _is_passing_status(error: Any) -> bool:
    response = getattr(error, "response", None)
    given = (getattr(response, "status_code", None), getattr(error, "status", None), getattr(error, "code", None))
    return any(type(status) is int and (status in _NOT_NOW or 500 <= status < 600) for status in given)
