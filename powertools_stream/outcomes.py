"""The outcome of a record: policies, results, faults, and the details that observers receive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from powertools_stream.uow import Event, Record, UnitOfWork

__all__ = [
    "BatchDetails",
    "BatchSummary",
    "CallDetails",
    "CallStart",
    "ContextObserver",
    "Disposition",
    "Fault",
    "FaultPolicy",
    "Observer",
    "Reason",
    "RecordDetails",
    "RecordOutcome",
    "RuleResult",
    "StepDetails",
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


@dataclass(frozen=True, slots=True)
class BatchDetails:
    """One batch that is about to run.

    Parameters
    ----------
    source
        The name of its source: ``"sqs"``.
    records
        Its records, as Lambda delivered them.
    context
        Lambda's context, if there is one.
    has_secrets
        Whether an error may hold what must not be told: something is redacted, or is decrypted. What a call raises is
        not masked while the batch runs; `Fault.shown` is.
    """

    source: str
    records: Sequence[Record]
    context: Any = None
    has_secrets: bool = False


@dataclass(frozen=True, slots=True)
class StepDetails:
    """User code that is about to run on the main thread: a rule on a record, or the rest of it after a pause.

    Parameters
    ----------
    rule_id
        The id of the rule.
    record
        The record as Lambda delivered it; of several that were compacted, the newest.
    record_id
        Its identifier in the partial batch response.
    event
        Its event; None for a record handler, which is given the record.
    """

    rule_id: str
    record: Record
    record_id: str
    event: Event | None


@dataclass(frozen=True, slots=True)
class CallStart:
    """One call that is about to be made on a worker thread.

    Parameters
    ----------
    service, operation
        As boto3 names them: ``"events"``, ``"PutEvents"``.
    entries
        How many entries it carries.
    attempt
        1 for the first time these entries are sent.
    rule_ids
        The rules that asked for it, each once; empty if none did: it carries a fault event, or reads a record.
    step
        The step that asked first; None: none did.
    """

    service: str
    operation: str
    entries: int
    attempt: int
    rule_ids: tuple[str, ...]
    step: StepDetails | None


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """What became of one batch.

    Parameters
    ----------
    source
        The name of its source: ``"sqs"``.
    records
        How many records it had.
    matched, unmatched
        How many of them a rule matched, and how many hold an event that none did. The rest could not be read, or hold
        nothing that is for a rule.
    runs
        How often each rule ran, by its id.
    faults
        Why records failed, in record order, then rule order.
    reported, set_aside
        How many records are in the partial batch response, and how many failed and are not.
    calls
        The calls that were made, in the order in which they ended.
    skipped
        How many runs of rules were left out, because they had succeeded on an earlier delivery.
    seconds
        How long it took.
    oldest_timestamp
        The earliest ``timestamp`` (ms) of an event that was read; None: none had one.
    """

    source: str
    records: int
    matched: int
    unmatched: int
    runs: Mapping[str, int]
    faults: tuple[Fault, ...]
    reported: int
    set_aside: int
    calls: tuple[CallDetails, ...]
    seconds: float
    oldest_timestamp: float | None = None
    skipped: int = 0

    def calls_by_service(self) -> dict[str, int]:
        """Return how many calls were made, by service."""
        counts: dict[str, int] = {}
        for call in self.calls:
            counts[call.service] = counts.get(call.service, 0) + 1
        return counts


class Observer(Protocol):
    """Is notified on the main thread. Each method gets one frozen object, so that a new field breaks no observer.

    It may have any of the methods of a `ContextObserver` as well.
    """

    def on_call(self, details: CallDetails) -> None:
        """One call to a service has finished."""
        ...

    def on_record_failed(self, details: RecordDetails) -> None:
        """One record was reported or set aside."""
        ...


class ContextObserver(Observer, Protocol):
    """Also sees what happens from the inside. Every method is optional; what an observer does not have costs nothing.

    A context manager may be None: the observer is not interested. What one raises does no harm to the batch, and none
    can suppress an error.
    """

    @property
    def is_enabled(self) -> bool:
        """Whether it wants to know anything of the next batch but `on_call` and `on_record_failed`; default: True."""
        ...

    def batch(self, details: BatchDetails) -> AbstractContextManager[Any] | None:
        """Return a context for a batch: from before its first record to after `on_batch`."""
        ...

    def step(self, details: StepDetails) -> AbstractContextManager[Any] | None:
        """Return a context for user code on the main thread.

        A rule that yields, or is ``async def``, has a step each time it goes on, always with the same context
        variables: what is set in one step is there in the next, and nowhere else.
        """
        ...

    def call(self, details: CallStart) -> AbstractContextManager[Any] | None:
        """Return a context for a call. Runs on a worker thread, with the context variables of the step that asked."""
        ...

    def on_batch(self, summary: BatchSummary) -> None:
        """One batch has ended, and `on_record_failed` was called for each of its records that failed."""
        ...
