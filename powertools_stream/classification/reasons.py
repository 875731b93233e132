"""The reason of a failure, told from its error: whether it passes by itself, or the deployment is at fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from powertools_stream.classification.codes import (
    CONFIGURATION_CODES,
    CONFIGURATION_NAMES,
    INVALID_CODES,
    RETRYABLE_CODES,
    RETRYABLE_NAMES,
)
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
    "retryable_predicate",
]


def error_code(error: BaseException) -> str | None:
    """Return the code that the service gave, of a botocore ``ClientError`` or a `RequestFailedError`; else None."""
    if isinstance(error, RequestFailedError):
        return error.code
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        code = response.get("Error", {}).get("Code")
        return code if isinstance(code, str) else None
    return None


def is_retryable(error: BaseException) -> bool:
    """Tell whether an error is a passing one.

    Throttling, a time-out, a 5xx answer, a broken connection, an open circuit breaker of Powertools, `RetryableError`.
    """
    if isinstance(error, SettingError | ConfigurationError):
        return False
    if isinstance(error, RetryableError | ConnectionError | TimeoutError) or _is_open_circuit(error):
        return True
    if (code := error_code(error)) is not None:
        return code in RETRYABLE_CODES or (_status(error) >= 500 and code not in CONFIGURATION_CODES)
    return _is_botocore(error, RETRYABLE_NAMES)


def is_configuration_error(error: BaseException) -> bool:
    """Tell whether the deployment is at fault: access denied, resource not found, no credentials, a missing setting."""
    if isinstance(error, SettingError | ConfigurationError):
        return True
    code = error_code(error)
    return code in CONFIGURATION_CODES if code is not None else _is_botocore(error, CONFIGURATION_NAMES)


def is_invalid_request(error: BaseException) -> bool:
    """Tell whether a service rejected a whole call as invalid, so that one bad entry may have spoiled the others."""
    code = error_code(error)
    if code is not None:
        return code in INVALID_CODES or _status(error) == 413
    return _is_botocore(error, frozenset({"ParamValidationError"}))


def classify(error: BaseException, retryable: Callable[[BaseException], bool] = is_retryable) -> Reason:
    """Say why a rule did not succeed."""
    if isinstance(error, HeldBackError):
        return Reason.HELD_BACK
    if isinstance(error, DeadlineError):
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
    return lambda error: isinstance(error, kinds) or is_retryable(error)


def _status(error: BaseException) -> int:
    response = getattr(error, "response", None)
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    status = metadata.get("HTTPStatusCode", 0)
    return status if isinstance(status, int) else 0


def _is_open_circuit(error: BaseException) -> bool:
    """Tell whether a circuit breaker of Powertools let nothing through: the service it guards is expected back.

    By name: importing the utility would cost every function what few of them use.
    """
    kind = type(error)
    return kind.__name__ == "CircuitBreakerOpenError" and kind.__module__.startswith("aws_lambda_powertools.")


def _is_botocore(error: BaseException, names: frozenset[str]) -> bool:
    return any(cls.__name__ in names and cls.__module__.startswith("botocore") for cls in type(error).__mro__)
