"""The outcome of a record: policies, results, faults, and the details that observers receive."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from powertools_stream.uow import Record, UnitOfWork

__all__ = [
    "CallDetails",
    "Disposition",
    "Fault",
    "FaultPolicy",
    "Observer",
    "Reason",
    "RecordDetails",
    "RecordOutcome",
    "RuleResult",
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
    """What happened to a record that failed."""

    REPORTED = "reported"
    """It is in the partial batch response: Lambda sends it again."""

    SET_ASIDE = "set-aside"
    """Its fault event was accepted whole, and the record is not sent again."""


class Reason(Enum):
    """Why a rule did not succeed on a record."""

    FAULT = "fault"
    """An error that another attempt will not fix."""

    CONFIGURATION = "configuration"
    """Access denied, resource not found, no credentials, a missing setting: the deployment is at fault."""

    RETRYABLE = "retryable"
    """A passing error: throttling, a timeout, a 5xx response, a broken connection, `RetryableError`."""

    UNFINISHED = "unfinished"
    """Not started, or not finished, because the invocation is about to time out."""

    HELD_BACK = "held-back"
    """An earlier record with the same order key is reported."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One unit of work that a rule produced.

    Parameters
    ----------
    rule_id
        The id of the rule.
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
        The id of the rule; ``undefined`` if the record could not be read.
    error
        What was raised.
    reason
        How the error was classified.
    disposition
        What happened to the record.
    event
        The fault event; None if the policy or the reason does not call for one.
    published
        Whether EventBridge accepted the event.
    publishing_error
        Why it did not.
    redacted
        The error as it may be shown, if the processor redacts something: in another class of the same name, with the
        same stack, and without what is redacted. None: the error may be shown as it is.
    """

    record_id: str
    rule_id: str
    error: BaseException
    reason: Reason
    disposition: Disposition
    event: dict[str, Any] | None = None
    published: bool = False
    publishing_error: BaseException | None = None
    redacted: BaseException | None = None

    @property
    def shown(self) -> BaseException:
        """What is to be written to a log, or sent to a tracer: the error, or what stands for it."""
        return self.redacted or self.error


@dataclass(frozen=True, slots=True)
class CallDetails:
    """One finished call to a service.

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
        How many conditions did not hold, if that counts as an answer and not as a failure.
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
        Why it failed, in rule order. Empty if it is reported because of another record.
    disposition
        What happened to it.
    attempt
        How many times it was received, if the source says so.
    """

    record: Record
    record_id: str
    faults: tuple[Fault, ...]
    disposition: Disposition
    attempt: int | None


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """The outcome of one record, for a source that answers Lambda in its own way.

    Parameters
    ----------
    record
        The record as Lambda delivered it.
    is_reported
        Whether it failed and has to be sent again.
    results
        The units of work that its rules produced, in rule order.
    has_failed
        Whether a rule failed on it. A record that was set aside has failed too, though it is not reported.
    """

    record: Record
    is_reported: bool
    results: tuple[UnitOfWork, ...]
    has_failed: bool = False


class Observer(Protocol):
    """Is notified on the main thread. Each method gets one frozen object, so that a new field breaks no observer."""

    def on_call(self, details: CallDetails) -> None:
        """One call to a service has finished."""
        ...

    def on_record_failed(self, details: RecordDetails) -> None:
        """One record was reported or set aside."""
        ...
