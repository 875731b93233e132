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
    RETRYABLE_NAMES,
)
from powertools_stream.errors import DeadlineError, HeldBackError, RequestFailedError, RetryableError, SettingError
from powertools_stream.outcomes import Reason

__all__ = [
    "Retryable",
    "classify",
    "error_code",
    "is_configuration_error",
    "is_invalid_request",
    "is_retryable",
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

    Throttling, a time-out, a 5xx answer, a broken connection, an answer that breaks off or proves nothing, an open
    circuit breaker of Powertools, `RetryableError`.
    """
    if _is_a(error, SettingError):
        return False
    if _is_a(error, (RetryableError, ConnectionError, TimeoutError)) or _is_open_circuit(error):
        return True
    if (code := error_code(error)) is not None:
        return code in RETRYABLE_CODES or (_status(error) >= 500 and code not in CONFIGURATION_CODES)
    return _is_botocore(error, RETRYABLE_NAMES)


def is_configuration_error(error: BaseException) -> bool:
    """Tell whether the deployment is at fault: access denied, resource not found, no credentials, a missing setting."""
    if _is_a(error, SettingError):
        return True
    code = error_code(error)
    return code in CONFIGURATION_CODES if code is not None else _is_botocore(error, CONFIGURATION_NAMES)


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


def _is_open_circuit(error: BaseException) -> bool:
    """Tell whether a circuit breaker of Powertools let nothing through: the service it guards is expected back.

    By name: importing the utility would cost every function what few of them use.
    """
    kind = type(error)
    with _WHATEVER_IT_IS:
        return kind.__name__ == "CircuitBreakerOpenError" and kind.__module__.startswith("aws_lambda_powertools.")
    return False


def _is_botocore(error: BaseException, names: frozenset[str]) -> bool:
    with _WHATEVER_IT_IS:
        return any(cls.__name__ in names and cls.__module__.startswith("botocore") for cls in type(error).__mro__)
    return False
