"""What becomes of a record: policies, results, faults, and the classification of errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from powertools_stream.classification.codes import (
    CONFIGURATION_CODES,
    CONFIGURATION_NAMES,
    INVALID_CODES,
    RETRYABLE_CODES,
    RETRYABLE_NAMES,
)
from powertools_stream.errors import DeadlineError, HeldBackError, RequestFailedError, RetryableError, SettingError
from powertools_stream.uow import Record, UnitOfWork

__all__ = [
    "CallDetails",
    "Disposition",
    "Failed",
    "Fault",
    "FaultPolicy",
    "Observer",
    "Reason",
    "RecordDetails",
    "RecordOutcome",
    "Retryable",
    "RuleResult",
    "classify",
    "error_code",
    "is_configuration_error",
    "is_invalid_request",
    "is_retryable",
    "retryable_predicate",
]


class FaultPolicy(Enum):
    """What happens to a record when one of its rules fails for good."""

    REPORT_AND_PUBLISH = "report-and-publish"
    """The record is reported, so that Lambda sends it again, and a fault event says why. The default."""

    PUBLISH = "publish"
    """The record is set aside: a fault event carries it, and it is reported only if that could not be published."""

    REPORT = "report"
    """The record is reported, without a fault event."""


class Disposition(Enum):
    """What became of a record that failed."""

    REPORTED = "reported"
    """It stands in the partial batch response: Lambda sends it again."""

    SET_ASIDE = "set-aside"
    """Its fault event was accepted whole, and the record is not sent again."""


class Reason(Enum):
    """Why a rule did not succeed on a record."""

    FAULT = "fault"
    """An error that another attempt will not mend."""

    CONFIGURATION = "configuration"
    """Access denied, resource not found, no credentials, a missing setting: the deployment is at fault."""

    RETRYABLE = "retryable"
    """A passing error: throttling, a time-out, a 5xx answer, a broken connection, `RetryableError`."""

    UNFINISHED = "unfinished"
    """Not started, or not finished, because the invocation is about to time out."""

    HELD_BACK = "held-back"
    """An earlier record with the same order key is reported."""


class Failed:
    """An error as a value: an answer that is raised where the request was yielded."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One unit of work that a rule left behind.

    Parameters
    ----------
    rule_id
        The rule.
    uow
        The unit of work, with what the flavor added.
    """

    rule_id: str
    uow: UnitOfWork


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule that failed on one record.

    Parameters
    ----------
    record_id
        The record's identifier in the partial batch response.
    rule_id
        The rule; ``undefined`` where the record could not be read.
    error
        What was raised.
    reason
        How the error was classified.
    disposition
        What became of the record.
    event
        The fault event; None where the policy or the reason does not ask for one.
    published
        Whether EventBridge accepted the event.
    publishing_error
        Why it did not.
    """

    record_id: str
    rule_id: str
    error: BaseException
    reason: Reason
    disposition: Disposition
    event: dict[str, Any] | None = None
    published: bool = False
    publishing_error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class CallDetails:
    """One call of a service that has ended.

    Parameters
    ----------
    service, operation
        As boto3 names them: ``"events"``, ``"PutEvents"``.
    entries
        How many entries it carried.
    failed
        How many of them failed.
    seconds
        How long it took.
    attempt
        1 for the first time these entries were sent.
    refused
        How many conditions did not hold, where that is an answer and not a failure.
    """

    service: str
    operation: str
    entries: int
    failed: int
    seconds: float
    attempt: int
    refused: int = 0


@dataclass(frozen=True, slots=True)
class RecordDetails:
    """One record that failed, once its disposition is known.

    Parameters
    ----------
    record
        The record as Lambda delivered it.
    record_id
        Its identifier in the partial batch response.
    faults
        Why it failed, in rule order. Empty where it is reported for the sake of another record.
    disposition
        What became of it.
    attempt
        How often it was received, where the source says so.
    """

    record: Record
    record_id: str
    faults: tuple[Fault, ...]
    disposition: Disposition
    attempt: int | None


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """What became of one record, for a source that answers Lambda in its own way.

    Parameters
    ----------
    record
        The record as Lambda delivered it.
    is_reported
        Whether it failed, so that it is to be sent again.
    results
        What its rules left behind, in rule order.
    has_failed
        Whether a rule failed on it: a record that was set aside is one too, though it is not reported.
    """

    record: Record
    is_reported: bool
    results: tuple[UnitOfWork, ...]
    has_failed: bool = False


class Observer(Protocol):
    """Told what happens, on the main thread. Each method gets one frozen object, so that a new field breaks nobody."""

    def on_call(self, details: CallDetails) -> None:
        """One call of a service has ended."""
        ...

    def on_record_failed(self, details: RecordDetails) -> None:
        """One record was reported or set aside."""
        ...


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
    if isinstance(error, SettingError):
        return False
    if isinstance(error, RetryableError | ConnectionError | TimeoutError) or _is_open_circuit(error):
        return True
    if (code := error_code(error)) is not None:
        return code in RETRYABLE_CODES or (_status(error) >= 500 and code not in CONFIGURATION_CODES)
    return _is_botocore(error, RETRYABLE_NAMES)


def is_configuration_error(error: BaseException) -> bool:
    """Tell whether the deployment is at fault: access denied, resource not found, no credentials, a missing setting."""
    if isinstance(error, SettingError):
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
