"""The reason of a failure, told from its error: whether it passes by itself, or the deployment is at fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from powertools_stream.classification.codes import (
    CONFIGURATION_CODES,
    CONFIGURATION_NAMES,
    INVALID_CODES,
    RETRYABLE_CODES,
    THROTTLING_CODES,
)
from powertools_stream.classification.passing import (
    chain,
    is_group,
    is_passing_error,
    may_pass,
    members_of,
    package_of,
)
from powertools_stream.errors import (
    ConfigurationError,
    CutOffError,
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


def _codes(error: Any) -> Sequence[str]:
    """Return what a service complains of: its code, or the codes of all that has cancelled a transaction."""
    code = error_code(error)
    if code == "TransactionCanceledException":
        # One for each item, in their order; "None" for those that are not to blame.
        # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CancellationReason.html
        with _WHATEVER_IT_IS:
            codes = [reason["Code"] for reason in error.response["CancellationReasons"]]
            if reasons := [reason for reason in codes if reason != "None"]:
                return reasons if all(type(reason) is str for reason in reasons) else [code]
    return () if code is None else [code]


def is_retryable(error: BaseException) -> bool:
    """Tell whether an error is a passing one.

    Throttling, a time-out, a 5xx response, a broken connection, a response that breaks off or proves nothing, an open
    circuit breaker of Powertools, `RetryableError`. The error itself decides if it is of these, or of a service that
    gave another code; else what it was raised from does, and so on. An ``ExceptionGroup`` is passing if all that it
    holds are, and so is a transaction of DynamoDB if all that has cancelled it is.
    """
    return _is_passing(error, (RetryableError,), {})


def _is_passing(error: BaseException, kinds: tuple[Any, ...], known: dict[int, bool], depth: int = 0) -> bool:
    """Tell whether an error is a passing one, if these kinds are.

    What errors of groups are raised from may hold the same errors again and again, or go round in circles: what is
    known of one is kept, and one that leads to itself says nothing.
    """
    for link in chain(error):
        if _is_a(link, kinds):
            return True
        if is_configuration_error(link):
            return False
        if codes := _codes(link):
            return all(code in RETRYABLE_CODES for code in codes) or _status(link) >= 500
        if is_group(link):
            return _are_passing(members_of(link), kinds, known, depth + 1) and may_pass(error)
        if is_passing_error(link):
            return may_pass(error)
    return False


def _are_passing(errors: Sequence[BaseException], kinds: tuple[Any, ...], known: dict[int, bool], depth: int) -> bool:
    for error in errors:
        if id(error) not in known:
            known[id(error)] = False
            known[id(error)] = depth < _DEEPEST and _is_passing(error, kinds, known, depth)
        if not known[id(error)]:
            return False
    return bool(errors)


_DEEPEST = 50


def is_throttling(error: BaseException) -> bool:
    """Tell whether a service says that calls come too fast."""
    return any(code in THROTTLING_CODES for code in _codes(error)) or _status(error) == 429


def is_configuration_error(error: BaseException) -> bool:
    """Tell whether the deployment is at fault: access denied, resource not found, no credentials, a missing setting.

    An error of Powertools that wraps that of a service, such as `GetParameterError`, is taken for what it wraps.
    """
    if _is_a(error, (SettingError, ConfigurationError)):
        return True
    if codes := _codes(error):
        return _are_of_deployment(codes)
    if _is_botocore(error, CONFIGURATION_NAMES):
        return True
    is_powertools = package_of(type(error)) == "aws_lambda_powertools"
    return is_powertools and error.__cause__ is not None and is_configuration_error(error.__cause__)


def _are_of_deployment(codes: Sequence[str]) -> bool:
    if len(codes) == 1:
        return codes[0] in CONFIGURATION_CODES
    others = [code for code in codes if code not in CONFIGURATION_CODES]
    return len(others) < len(codes) and all(code in RETRYABLE_CODES for code in others)


def is_invalid_request(error: BaseException) -> bool:
    """Tell whether a whole call was rejected as invalid, so that one bad entry may have spoiled the others.

    By the service, or by what writes the call: an entry that is nested too deep ends it in a `RecursionError`.
    """
    code = error_code(error)
    if code is not None:
        return code in INVALID_CODES or _status(error) == 413
    return _is_a(error, RecursionError) or _is_botocore(error, frozenset({"ParamValidationError"}))


def classify(error: BaseException, retryable: Callable[[BaseException], bool] = is_retryable) -> Reason:
    """Say why a rule did not succeed. Of a group of errors, the worst that it holds decides."""
    if _is_a(error, HeldBackError):
        return Reason.HELD_BACK
    if _is_a(error, (DeadlineError, CutOffError)):
        return Reason.UNFINISHED
    if retryable(error):
        return Reason.RETRYABLE
    if members := members_of(error):
        return min((classify(member, retryable) for member in members), key=_FROM_WORST.index)
    return Reason.CONFIGURATION if is_configuration_error(error) else Reason.FAULT


# What is the record's own fault stays so, whatever else has failed beside it.
_FROM_WORST = (Reason.FAULT, Reason.CONFIGURATION, Reason.RETRYABLE, Reason.UNFINISHED, Reason.HELD_BACK)

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
    return partial(_passes_too, kinds=(RetryableError, *kinds))


def _passes_too(error: BaseException, kinds: tuple[Any, ...]) -> bool:
    return _is_passing(error, kinds, {})


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
