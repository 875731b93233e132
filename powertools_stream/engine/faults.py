"""Decides what a failure means for its record, and makes the fault event that tells about it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from powertools_stream.classification.reasons import classify
from powertools_stream.environment.tags import standard_tags
from powertools_stream.outcomes import Disposition, FaultPolicy, Reason
from powertools_stream.payloads.safe_json import to_safe, to_safe_json
from powertools_stream.requests import PutEvent

if TYPE_CHECKING:
    from powertools_stream.engine.batch import Failure
    from powertools_stream.payloads.claim_checks import ClaimChecks
    from powertools_stream.sources.source import Source
    from powertools_stream.uow import Event, Record

__all__ = ["FAULT_TYPE", "FaultEvent", "FaultPublisher", "Judge", "PublishedIds", "fault_bus_name"]

FAULT_TYPE = "fault"

_STACK_LENGTH = 20_000
"""Characters of a stack trace that go into a fault event: the innermost frames, which are at its end."""

_MASKED = "*****"
"""What stands for a secret, as Powertools' data masking has it."""

_PAYLOAD_HEAD = 4_096
"""Characters of a record's payload that are left in a trimmed fault event."""


def fault_bus_name(fault_bus: str | None, bus: str | None) -> str | None:
    """Return the bus for fault events; None: there is none, so there are no fault events."""
    return fault_bus or os.environ.get("FAULT_BUS_NAME") or bus or os.environ.get("BUS_NAME") or None


class Judge:
    """Says what a failure means for its record.

    Parameters
    ----------
    policy
        The processor's; a rule may have its own.
    retryable
        Tells passing errors.
    has_bus
        Whether fault events can be published; if not, every failing record is reported.
    """

    def __init__(self, policy: FaultPolicy, retryable: Callable[[BaseException], bool], *, has_bus: bool) -> None:
        self._policy = policy
        self._retryable = retryable
        self._has_bus = has_bus

    def reason(self, error: BaseException) -> Reason:
        """Classify an error. Runs the user's predicate, if there is one."""
        return classify(error, self._retryable)

    def policy(
        self, reason: Reason, policy: FaultPolicy | None, event: Event | None, *, is_last_attempt: bool
    ) -> FaultPolicy:
        """Return what is done: the record is reported, a fault event is published, or both.

        Parameters
        ----------
        reason
            How the error was classified.
        policy
            The rule's; None: the processor's.
        event
            The event of the record: a fault event that fails is reported, never published again.
        is_last_attempt
            Whether the source gives the record up after this attempt, so that nobody would ever hear of it.
        """
        policy = policy or self._policy
        is_fault_event = event is not None and event.get("type") == FAULT_TYPE
        if not self._has_bus or policy is FaultPolicy.REPORT or is_fault_event:
            return FaultPolicy.REPORT
        if reason is Reason.FAULT:
            return policy
        is_published = reason is Reason.CONFIGURATION or is_last_attempt
        return FaultPolicy.REPORT_AND_PUBLISH if is_published else FaultPolicy.REPORT


class PublishedIds:
    """The ids of the fault events that a processor has published for reported records, the latest ones only.

    Parameters
    ----------
    size
        How many are remembered.
    """

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._ids: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, fault_id: object) -> bool:
        return fault_id in self._ids

    def add(self, fault_id: str) -> None:
        """Remember an id, and forget the oldest where there are too many."""
        self._ids[fault_id] = None
        while len(self._ids) > self._size:
            self._ids.popitem(last=False)


@dataclass(frozen=True, slots=True)
class FaultEvent:
    """What became of the fault event of one failure.

    Parameters
    ----------
    failure
        The failure that it tells about.
    event
        The event.
    is_whole
        Whether it carries all that the rule knew, so that the record may be set aside.
    error
        Why EventBridge did not accept it; None if it did, now or on an earlier delivery of the record.
    """

    failure: Failure
    event: dict[str, Any]
    is_whole: bool = True
    error: BaseException | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether EventBridge has all of it, so that the record may be set aside."""
        return self.error is None and self.is_whole


class FaultPublisher:
    """Publishes the fault events of one batch.

    Parameters
    ----------
    source
        Where the records come from.
    bus_name
        Where the fault events go.
    max_bytes
        How large the ``Detail`` of one entry may be, in bytes of UTF-8.
    already_published
        Ids of reported records' fault events, which are not published a second time.
    claim_checks
        Where a fault event is left that is too large; None: nowhere, it is trimmed.
    """

    def __init__(
        self,
        source: Source,
        bus_name: str,
        max_bytes: int,
        already_published: PublishedIds,
        claim_checks: ClaimChecks | None = None,
    ) -> None:
        self._source = source
        self._bus_name = bus_name
        self._max_bytes = max_bytes
        self._already_published = already_published
        self._claim_checks = claim_checks

    def publish(self, failure: Failure) -> Generator[Any, Any, FaultEvent]:
        """Publish one event. Driven like a flavor: yields requests."""
        fault = FaultEvent(failure, fault_event(failure, self._source))
        if failure.is_reported and fault.event["id"] in self._already_published:
            return fault
        if not self._fits(fault.event):
            fault = yield from self._smaller(fault)
        try:
            yield PutEvent(fault.event, bus_name=self._bus_name)
        except Exception as error:
            return replace(fault, error=error)
        if failure.is_reported:
            self._already_published.add(fault.event["id"])
        return fault

    def _smaller(self, fault: FaultEvent) -> Generator[Any, Any, FaultEvent]:
        """Return an event that fits: a claim check of the whole one if there is a bucket for it, else a trimmed one."""
        event = fault.event
        with contextlib.suppress(Exception):  # one that S3 does not take is trimmed
            if self._claim_checks is not None and self._claim_checks.bucket is not None:
                deposit = self._claim_checks.deposit(event, to_safe_json(event))
                yield deposit.put
                check = deposit.claim_check
                check.update((name, event[name]) for name in ("err", "disposition", "attempt") if name in event)
                return replace(fault, event=self._with_short_error(check))
        return replace(fault, event=self._trimmed_event(event, fault.failure), is_whole=False)

    def _trimmed_event(self, event: dict[str, Any], failure: Failure) -> dict[str, Any]:
        # First all but the record goes, then the record is cut down to its identifiers and the payload's head.
        uow = event["uow"]
        event["uow"] = {"pipeline": uow.get("pipeline"), "record": uow.get("record")}
        event["trimmed"] = True
        if not self._fits(event):
            event["uow"]["record"] = _trimmed(failure.state.record, event["uow"]["record"], self._source)
        return self._with_short_error(event)

    def _with_short_error(self, event: dict[str, Any]) -> dict[str, Any]:
        if self._fits(event):
            return event
        error = event["err"]
        message, stack = error["message"][:_PAYLOAD_HEAD], error["stack"][-_PAYLOAD_HEAD:]
        return {**event, "err": {**error, "message": message, "stack": stack}}

    def _fits(self, event: dict[str, Any]) -> bool:
        return len(to_safe_json(event).encode()) <= self._max_bytes


def fault_event(failure: Failure, source: Source) -> dict[str, Any]:
    """Make the fault event of a failure. It is valid JSON whatever the unit of work holds."""
    state = failure.state
    error = failure.error
    record_id = source.record_id(state.record)
    name = type(error).__name__
    event = failure.uow.get("event") or {}
    fault: dict[str, Any] = {
        # A record may carry several events, and each may fail in a rule.
        "id": _fault_id(record_id, str(event.get("id")), failure.rule.id, name),
        "type": FAULT_TYPE,
        "timestamp": int(time.time() * 1000),
        "partition_key": str(event.get("partition_key") or record_id),
        "tags": standard_tags(failure.rule.id),
        "err": {"name": name, "message": str(error), "stack": _stack(error)},
        "uow": {"pipeline": failure.rule.id, **failure.uow},
        "disposition": (Disposition.REPORTED if failure.is_reported else Disposition.SET_ASIDE).value,
    }
    if (attempt := source.attempt(state.record)) is not None:
        fault["attempt"] = attempt
    safe: dict[str, Any] = to_safe(fault)
    for name in ("record", "event"):
        for path in source.secrets:
            _mask(safe["uow"].get(name), path.split("."))
    return safe


def _mask(value: Any, path: Sequence[str]) -> None:
    *outer, last = path
    for name in outer:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict) and last in value:
        value[last] = _MASKED


def _fault_id(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]


def _stack(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))[-_STACK_LENGTH:]


def _trimmed(record: Record, safe: Any, source: Source) -> dict[str, Any]:
    head = to_safe_json(safe)[:_PAYLOAD_HEAD]
    return {"itemIdentifier": source.identifier(record), "source": source.name, "head": head}
