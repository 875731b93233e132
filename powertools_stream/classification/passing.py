"""Errors that pass by themselves: those of Python, and of libraries that rules call, by name without an import."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

__all__ = ["chain", "is_group", "is_passing_error", "may_pass", "members_of", "package_of"]

_BUILT_IN = (
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    ssl.SSLEOFError,
    ssl.SSLSyscallError,
    ssl.SSLZeroReturnError,
)

# What the network, or a lack of sockets, makes of a connection, and Python has no class for.
# https://docs.python.org/3/library/errno.html
_ERRNOS = frozenset(
    {
        errno.EADDRNOTAVAIL,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.EMFILE,
        errno.ENETDOWN,
        errno.ENETRESET,
        errno.ENETUNREACH,
        errno.ENFILE,
        errno.ENOBUFS,
    }
)

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
    ("urllib3", "EmptyPoolError"),
    ("urllib3", "IncompleteRead"),
    ("urllib3", "NewConnectionError"),
    ("urllib3", "ProtocolError"),
    ("urllib3", "ProxyError"),
    ("urllib3", "TimeoutError"),
}

# https://www.rfc-editor.org/rfc/rfc9110#name-client-error-4xx, https://www.rfc-editor.org/rfc/rfc6585#section-4 and
# https://www.rfc-editor.org/rfc/rfc8470#section-5.2
_NOT_NOW = frozenset({408, 425, 429})

# What `Retry(status_forcelist=…)` of urllib3, which requests takes too, ends with: the status is in the text only.
_GIVEN_UP = re.compile(r"too many (\d{3}) error responses")

# What asyncio makes of several attempts to connect, to the addresses of one name, that failed in different ways: their
# numbers are in the text only.
_SEVERAL = "Multiple exceptions: "
_NUMBER = re.compile(r"\[Errno (\d+)\]")

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
    if (reason := _reason(error)) is not None:
        return reason
    return None if error.__suppress_context__ else error.__context__


def _reason(error: Any) -> BaseException | None:
    with suppress(Exception):  # an error may have any attribute, and raise for any
        # Of urllib's URLError, and of urllib3's MaxRetryError; of S3's transfers, once their attempts are over.
        reason = getattr(error, "reason", None) or getattr(error, "last_exception", None)
        if reason is None and (package_of(type(error)), type(error).__name__) == ("urllib3", "SSLError"):
            reason = error.args[0]  # inside a ProxyError, nothing else names the error of Python
        if issubclass(type(reason), BaseException):
            return reason
    return None


# Python 3.10 has only the backport's. That of Powertools is what a batch within a rule ends with.
_GROUPS = {
    ("aws_lambda_powertools", "BatchProcessingError"),
    ("builtins", "BaseExceptionGroup"),
    ("exceptiongroup", "BaseExceptionGroup"),
}


def is_group(error: BaseException) -> bool:
    """Tell whether an error holds several: an ``ExceptionGroup``, as of ``asyncio.TaskGroup``, or that of a batch."""
    with suppress(Exception):
        return any((package_of(kind), kind.__name__) in _GROUPS for kind in type(error).__mro__)
    return False


def members_of(group: BaseException) -> Sequence[BaseException]:
    """Return what a group holds, and what groups in it hold, in their order and each once; none of another error."""
    found: dict[int, BaseException] = {}
    left = [group]
    while left:
        error = left.pop()
        if id(error) not in found:
            found[id(error)] = error
            left += reversed(_held(error))
    return [error for error in found.values() if not is_group(error)] if is_group(group) else ()


def _held(error: Any) -> Sequence[BaseException]:
    with suppress(Exception):
        if is_group(error):
            children = [child for _, child, _ in getattr(error, "child_exceptions", ())]
            held = children or error.exceptions
            return [one for one in held if issubclass(type(one), BaseException)]
    return ()


def may_pass(error: BaseException) -> bool:
    """Tell whether another attempt may mend an error: one that it was raised from, or holds, can rule that out."""
    seen: set[int] = set()
    left = [error]
    while left:
        link = left.pop()
        if issubclass(type(link), _NEVER):
            return False
        if id(link) not in seen:
            seen.add(id(link))
            left += _held(link)
            left += [cause for cause in (_cause(link),) if cause is not None]
    return True


def is_passing_error(error: BaseException) -> bool:
    """Tell whether an error, by itself, is one that passes: by its class, its number, or the status of a response."""
    if issubclass(type(error), _BUILT_IN):
        return True
    with suppress(Exception):
        if any((package_of(kind), kind.__name__) in _BY_NAME for kind in type(error).__mro__):
            return True
        return _has_passing_number(error) or _is_passing_status(error)
    return False


def _has_passing_number(error: Any) -> bool:
    if not issubclass(type(error), OSError):
        return False
    if error.errno is None and (text := str(error)).startswith(_SEVERAL):
        numbers = [int(number) for number in _NUMBER.findall(text)]
        return bool(numbers) and all(is_passing_error(OSError(number, "")) for number in numbers)
    return type(error.errno) is int and error.errno in _ERRNOS


def package_of(kind: type) -> str:
    """Return the top-level package that a class is of; if it has none, an empty string."""
    with suppress(Exception):
        return str(kind.__module__).partition(".")[0]
    return ""


def _is_passing_status(error: Any) -> bool:
    return any(type(status) is int and _says_not_now(status) for status in _statuses(error)) or _has_given_up(error)


def _statuses(error: Any) -> Iterator[Any]:
    yield getattr(getattr(error, "response", None), "status_code", None)
    status = getattr(error, "status", None)
    yield status
    # aiohttp has both, and warns of `code`, which raises where warnings are errors.
    if type(status) is not int:
        yield getattr(error, "code", None)


def _says_not_now(status: int) -> bool:
    return status in _NOT_NOW or 500 <= status < 600


def _has_given_up(error: Any) -> bool:
    is_of_retries = package_of(type(error)) == "urllib3" and type(error).__name__ == "ResponseError"
    found = _GIVEN_UP.fullmatch(str(error)) if is_of_retries else None
    return found is not None and _says_not_now(int(found[1]))
