"""Decides what a failure means for its record, and makes the fault event that tells about it."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

from powertools_stream.classification.reasons import classify
from powertools_stream.engine.fault_events import FAULT_TYPE, FaultEvents, Parts, StandIns
from powertools_stream.errors import SettingError
from powertools_stream.outcomes import Disposition, FaultPolicy, Reason
from powertools_stream.payloads.json_text import EncodedObject
from powertools_stream.payloads.safe_json import SafeJson, joined, safe_json
from powertools_stream.requests import PutEvent

if TYPE_CHECKING:
    from powertools_stream.engine.batch import Failure
    from powertools_stream.engine.encryption import BatchEncryption
    from powertools_stream.payloads.claim_checks import ClaimChecks
    from powertools_stream.payloads.redaction import Redaction
    from powertools_stream.sources.source import Source
    from powertools_stream.uow import Event, Record

__all__ = ["FAULT_TYPE", "FaultEvent", "FaultPublisher", "Judge", "PublishedIds", "fault_bus_name"]


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
        Tells whether fault events can be published; if not, every failing record is reported. Asked only if one fails.
    """

    def __init__(
        self, policy: FaultPolicy, retryable: Callable[[BaseException], bool], has_bus: Callable[[], bool]
    ) -> None:
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
        # A flavor may have put anything there.
        is_fault_event = isinstance(event, Mapping) and event.get("type") == FAULT_TYPE
        if policy is FaultPolicy.REPORT or is_fault_event or not self._has_bus():
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
        """Remember an id, and forget the oldest if there are too many."""
        self._ids[fault_id] = None
        while len(self._ids) > self._size:
            self._ids.popitem(last=False)


class FaultEvent:
    """What became of the fault event of one failure. It is never changed.

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

    __slots__ = ("error", "event", "failure", "is_whole")

    def __init__(
        self, failure: Failure, event: dict[str, Any], *, is_whole: bool, error: BaseException | None = None
    ) -> None:
        self.failure = failure
        self.event = event
        self.is_whole = is_whole
        self.error = error

    @property
    def is_accepted(self) -> bool:
        """Whether EventBridge has all of it, so that the record may be set aside."""
        return self.error is None and self.is_whole

    @property
    def is_set_aside(self) -> bool:
        """Whether EventBridge has it, and it says that the record does not come again for this failure."""
        return self.is_accepted and self.event.get("disposition") == Disposition.SET_ASIDE.value


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
    redaction
        What is redacted; None: nothing. If so, raw records are left at S3, or nowhere.
    encryption
        Knows what was decrypted; None: nothing was.
    has_checkpoints
        Whether a rule whose fault is set aside does not run again, even if its record comes again for another one.
    """

    def __init__(
        self,
        source: Source,
        bus_name: str,
        max_bytes: int,
        already_published: PublishedIds,
        claim_checks: ClaimChecks | None = None,
        redaction: Redaction | None = None,
        encryption: BatchEncryption | None = None,
        *,
        has_checkpoints: bool = False,
    ) -> None:
        self._has_checkpoints = has_checkpoints
        self._bus_name = bus_name
        self._max_bytes = max_bytes
        self._already_published = already_published
        self._claim_checks = claim_checks if _has_bucket(claim_checks) else None
        self._events = FaultEvents(source, max_bytes, redaction, encryption)

    def publish(self, failure: Failure) -> Generator[Any, Any, FaultEvent]:
        """Publish one event. Driven like a flavor: yields requests.

        The event is made when this is started, and no earlier: a batch may have more to tell than there is time for.
        """
        # With checkpoints, a rule is done for good whatever the others of its record do.
        is_reported = failure.is_reported if self._has_checkpoints else failure.record_is_reported
        head = self._events.head(failure, is_reported=is_reported)
        is_repeated = is_reported and head["id"].value in self._already_published
        stand_ins, are_left = yield from self._records_left_at_s3(failure, head, is_repeated=is_repeated)
        made = self._events.whole(failure, head, at_any_size=self._claim_checks is not None, stand_ins=stand_ins)
        is_whole = made is not None
        if made is not None and made.size > self._max_bytes and not is_repeated:
            made = yield from self._left_at_s3(made)
            is_whole = made is not None
        if made is None:
            made = self._events.trimmed(failure, head, stand_ins)
        is_whole = is_whole and are_left
        if not is_repeated:
            try:
                yield PutEvent(EncodedObject(made.value, made.text), bus_name=self._bus_name)
            except Exception as error:
                return FaultEvent(failure, made.value, is_whole=is_whole, error=error)
            if is_reported:
                self._already_published.add(head["id"].value)
        return FaultEvent(failure, made.value, is_whole=is_whole)

    def _records_left_at_s3(
        self, failure: Failure, head: Parts, *, is_repeated: bool
    ) -> Generator[Any, Any, tuple[StandIns, bool]]:
        """Leave the raw records that are withheld at S3, and return what stands for them, and whether S3 has them all.

        What was decrypted has what was sent to stand for it.

        A record that nobody has any more must not be set aside.
        """
        stand_ins, are_left = {**self._events.events_as_sent(failure)}, True
        for record in self._events.withheld(failure):
            place = None if is_repeated else (yield from self._left_record(failure, record, head))
            are_left = are_left and place is not None
            stand_ins[id(record)] = self._events.stand_in(record, place)
        return stand_ins, are_left

    def _left_record(self, failure: Failure, record: Record, head: Parts) -> Generator[Any, Any, Any]:
        if self._claim_checks is None:
            return None
        event = {name: head[name].value for name in ("id", "timestamp")}
        try:
            deposit = self._claim_checks.deposit(event, self._events.raw(failure, record).text)
            yield deposit.put
        except Exception:
            return None
        return deposit.claim_check["s3"]

    def _left_at_s3(self, made: SafeJson) -> Generator[Any, Any, SafeJson | None]:
        """Leave a whole event at S3, and return its claim check; None: S3 has not taken it."""
        event = made.value
        try:
            assert self._claim_checks is not None
            deposit = self._claim_checks.deposit(event, made.text)
            yield deposit.put
        except Exception:
            return None
        check = deposit.claim_check
        check.update((name, event[name]) for name in ("err", "disposition", "attempt") if name in event)
        return joined(self._events.shortened({name: safe_json(value) for name, value in check.items()}))


def _has_bucket(claim_checks: ClaimChecks | None) -> bool:
    try:
        return claim_checks is not None and claim_checks.bucket is not None
    except SettingError:  # the bucket of the environment has no owner, which the events that are to go there tell
        return False
