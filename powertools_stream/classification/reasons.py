"""The reason of a failure, told from its error: whether it passes by itself, or the deployment is at fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from powertools_stream.classification.codes import (
    CONFIGURATION_CODES,
    CONFIGURATION_NAMES,
    INVALID_CODES,
    RETRYABLE_CODES,
    THROTTLING_CODES,
)
from powertools_stream.classification.passing import chain, is_passing_error, may_pass, package_of
from powertools_stream.errors import (
    ConfigurationError,
    DeadlineError,
    HeldBackError,
    RequestFailedError,
    RetryableError,
    SettingError,
)
from powertools_stream.outcomes import Reason

__all__ = [
    "Retryable",
    "classify",
    "error_code",
    "is_configuration_error",
    "is_invalid_request",
    "is_retryable",
    "is_throttling",
    "retryable_predicate",
]

# A rule may raise anything: an error whose `response` is a text, or raises itself, or whose class has no module. What
# cannot be looked at says nothing.
_WHATEVER_IT_IS = suppress(Exception)


def error_code(error: Any) -> str | None:
    """Return the code that the service gave, of a botocore ``ClientError`` or a `RequestFailedError`; else None."""
    with _WHATEVER_IT_IS:
        code = error.code if _is_a(error, RequestFailedError) else error.response["Error"]["Code"]
        if isinstance(code, str):
            return str.__str__(code)
    return None


def is_retryable(error: BaseException) -> bool:
    """Tell whether an error is a passing one.

    Throttling, a time-out, a 5xx response, a broken connection, a response that breaks off or proves nothing, an open
    circuit breaker of Powertools, `RetryableError`. The error itself decides if it is of these, or of a service that
    gave another code; else what it was raised from does, and so on.
    """
    for link in chain(error):
        if _is_a(link, RetryableError):
            return True
        if is_configuration_error(link):
            return False
        if (code := error_code(link)) is not None:
            return code in RETRYABLE_CODES or _status(link) >= 500
        if is_passing_error(link):
            return may_pass(error)
    return False


def is_throttling(error: BaseException) -> bool:
    """Tell whether a service says that calls come too fast."""
    return error_code(error) in THROTTLING_CODES or _status(error) == 429


def is_configuration_error(error: BaseException) -> bool:
    """Tell whether the deployment is at fault: access denied, resource not found, no credentials, a missing setting.

    An error of Powertools that wraps that of a service, such as `GetParameterError`, is taken for what it wraps.
    """
    if _is_a(error, (SettingError, ConfigurationError)):
        return True
    if (code := error_code(error)) is not None:
        return code in CONFIGURATION_CODES
    if _is_botocore(error, CONFIGURATION_NAMES):
        return True
    is_powertools = package_of(type(error)) == "aws_lambda_powertools"
    return is_powertools and error.__cause__ is not None and is_configuration_error(error.__cause__)


def is_invalid_request(error: BaseException) -> bool:
    """Tell whether a whole call was rejected as invalid, so that one bad entry may have spoiled the others.

    By the service, or by what writes the call: an entry that is nested too deep ends it in a `RecursionError`.
    """
    code = error_code(error)
    if code is not None:
        return code in INVALID_CODES or _status(error) == 413
    return _is_a(error, RecursionError) or _is_botocore(error, frozenset({"ParamValidationError"}))


def classify(error: BaseException, retryable: Callable[[BaseException], bool] = is_retryable) -> Reason:
    """Say why a rule did not succeed."""
    if _is_a(error, HeldBackError):
        return Reason.HELD_BACK
    if _is_a(error, DeadlineError):
        return Reason.UNFINISHED
    if retryable(error):
        return Reason.RETRYABLE
    return Reason.CONFIGURATION if is_configuration_error(error) else Reason.FAULT


Retryable = Callable[[BaseException], bool] | type[BaseException] | Sequence[type[BaseException]]
"""A predicate that takes the place of `is_retryable`, or exception types that are passing besides what it says."""


def retryable_predicate(retryable: Retryable) -> Callable[[BaseException], bool]:
    """Make a predicate of what the user gave for ``retryable``."""
    if callable(retryable) and not isinstance(retryable, type):
        return retryable
    kinds: tuple[Any, ...] = (retryable,) if isinstance(retryable, type) else tuple(retryable)
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise TypeError(
                f"Expected retryable to be a function or exception types, but found {kind!r}. "
                "Pass retryable=(MyError, …), or a function that takes the error and returns a bool."
            )
    return lambda error: _is_a(error, kinds) or is_retryable(error)


def _is_a(error: BaseException, kinds: type | tuple[type, ...]) -> bool:
    """As `isinstance`, which would ask an error that claims to be of another class."""
    return issubclass(type(error), kinds)


def _status(error: Any) -> int:
    with _WHATEVER_IT_IS:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if isinstance(status, int):
            return status
    return 0


def _is_botocore(error: BaseException, names: frozenset[str]) -> bool:
    with _WHATEVER_IT_IS:
        return any(cls.__name__ in names and cls.__module__.startswith("botocore") for cls in type(error).__mro__)
    return False
