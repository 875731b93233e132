"""Runs batches. `Engine.run` is the life cycle of one, from the records to what is reported."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.batch import Batch, Failure, RecordState
from powertools_stream.engine.batch_run import NO_RULE, BatchRun
from powertools_stream.engine.coroutines import Coroutines
from powertools_stream.engine.deadline import NO_DEADLINE, Deadline, Guard
from powertools_stream.engine.dispatch.dispatcher import Dispatcher
from powertools_stream.engine.driver import Strands
from powertools_stream.engine.faults import FaultEvent, FaultPublisher, PublishedIds, Verdicts
from powertools_stream.errors import DeadlineError, HeldBackError, SettingError
from powertools_stream.outcomes import Disposition, Fault, FaultPolicy, Reason
from powertools_stream.requests import Asks
from powertools_stream.uow import Record, UnitOfWork

if TYPE_CHECKING:
    from powertools_stream.call_options import Terms
    from powertools_stream.payloads.claim_checks import ClaimChecks
    from powertools_stream.payloads.compression import Compression
    from powertools_stream.rules.registry import CompiledRule, RuleRegistry
    from powertools_stream.sources.source import Source

__all__ = ["BatchOptions", "Engine"]

_WHOLE_BATCH = object()
"""The order key of every record of a FIFO batch that stops at its first reported record."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What holds for one batch.

    Parameters
    ----------
    source
        Reads the records.
    on_fault
        The policy of rules that have none of their own, and of records that cannot be read.
    retryable
        Tells passing errors.
    skip_group_on_error
        On a FIFO queue: True holds back the group of a reported record, False every record behind it.
    fault_bus_name
        Where fault events go; None: there are none.
    handler
        Also run on each record: a rule made of Powertools' record handler.
    keep_results
        Whether what the rules leave behind is kept.
    claim_checks
        Where large events are left, and from where they are taken; None: they are neither.
    compression
        Which values of events are compressed when they are sent; None: none.
    """

    source: Source
    on_fault: FaultPolicy
    retryable: Callable[[BaseException], bool]
    skip_group_on_error: bool = True
    fault_bus_name: str | None = None
    handler: CompiledRule | None = None
    keep_results: bool = True
    claim_checks: ClaimChecks | None = None
    compression: Compression | None = None

    def order_key(self, state: RecordState) -> Hashable | None:
        """Return what orders a record among others; None: nothing does."""
        if not self.skip_group_on_error and self.source.is_grouped(state.record):
            return _WHOLE_BATCH
        return self.source.order_key(state.record)


class Engine:
    """Runs batches, and keeps what lives longer than one: worker threads, the event loop, the faults it has told of.

    Parameters
    ----------
    registry
        The rules.
    dispatcher
        Answers requests.
    """

    def __init__(self, registry: RuleRegistry, dispatcher: Dispatcher) -> None:
        self._registry = registry
        self._dispatcher = dispatcher
        self._coroutines = Coroutines()
        self._published = PublishedIds()

    def run(self, records: Iterable[Record], options: BatchOptions, deadline: Deadline = NO_DEADLINE) -> Batch:
        """Run every record through its rules, publish fault events, and settle which records are reported.

        Parameters
        ----------
        records
            As Lambda delivered them, in order.
        options
            What holds for this batch.
        deadline
            When to stop.
        """
        batch = Batch(options.source, [RecordState(position, record) for position, record in enumerate(records)])
        has_bus = options.fault_bus_name is not None
        verdicts = Verdicts(options.on_fault, options.retryable, has_bus=has_bus)
        run = BatchRun(
            batch,
            self._registry,
            options.handler,
            options.order_key,
            verdicts,
            options.claim_checks,
            keep_results=options.keep_results,
        )
        if not self._run_rules(run, options, deadline):
            run.note_unfinished()
        if any(state.failures for state in batch.states):
            self._settle(batch, options, deadline)
        return batch

    def _settle(self, batch: Batch, options: BatchOptions, deadline: Deadline) -> None:
        """Publish fault events, and decide what is reported."""
        events = self._publish_faults(batch, options, deadline)
        _report_what_was_not_published(batch, events)
        _hold_back_groups(batch, options)
        for state in batch.states:
            if state.failures:
                in_order = state.failures_in_rule_order()
                state.faults = tuple(
                    _fault(failure, events.get(id(failure.teller)), batch.source) for failure in in_order
                )

    def _run_rules(self, run: BatchRun, options: BatchOptions, deadline: Deadline) -> bool:
        """Run the rules; False: the deadline came before all were done."""
        # A call that an earlier invocation left behind may still write: nothing is started beside it.
        if not self._dispatcher.wait_for_abandoned(deadline.at):
            return False
        self._dispatcher.begin(deadline.at)
        try:
            with Guard(deadline) as guard:
                strands = Strands(self._dispatcher, self._coroutines, guard, options.claim_checks, options.compression)
                is_complete = run.run(self._dispatcher, strands, guard, deadline)
                self._coroutines.cancel()
                return is_complete
        finally:
            self._dispatcher.abandon()

    def _publish_faults(self, batch: Batch, options: BatchOptions, deadline: Deadline) -> dict[int, FaultEvent]:
        """Publish the fault events that are due; return what became of each, by ``id(failure)``."""
        due = [failure for failure in batch.failures() if failure.is_published]
        if not due or options.fault_bus_name is None:
            return {}
        publisher = FaultPublisher(
            batch.source, options.fault_bus_name, _max_detail_bytes(), self._published, options.claim_checks
        )
        told = self._perform([publisher.publish(failure) for failure in due], deadline.faults_at)
        return {id(event.failure): event for event in told}

    def _perform(self, generators: Sequence[Generator[Any, Any, FaultEvent]], until: float) -> list[FaultEvent]:
        """Drive generators side by side to their ends; those that the deadline cuts off are left out."""
        background = _Background()
        self._dispatcher.begin(until)
        try:
            strands = Strands(self._dispatcher, self._coroutines, Guard(NO_DEADLINE))
            for slot, generator in enumerate(generators):
                strands.start(generator, background, background, slot)
            strands.run(Deadline(at=until))
        finally:
            self._dispatcher.abandon()
        return [answer for answer in background.answers if isinstance(answer, FaultEvent)]


class _Background:
    """Asks on behalf of no record, and keeps the answers."""

    position = (0, 0)
    asks: Asks = ()
    terms: Terms | None = None

    def __init__(self) -> None:
        self.wrote_at = 0
        self.answers: list[Any] = []

    def deliver(self, slot: int, answer: Any) -> None:
        self.answers.append(answer)


def _max_detail_bytes() -> int:
    """Return how large the ``Detail`` of a fault event may be: its source, its type and its resources take some too."""
    from powertools_stream.connectors.eventbridge import MAX_REQUEST_BYTES, max_request_bytes

    try:
        return max_request_bytes() * 99 // 100
    except SettingError:  # told by each event that is to be published
        return MAX_REQUEST_BYTES


def _report_what_was_not_published(batch: Batch, events: dict[int, FaultEvent]) -> None:
    """Report every record whose whole fault event EventBridge did not accept: only the others are set aside."""
    for failure in batch.failures():
        if not failure.is_reported:
            event = events.get(id(failure.teller))
            if event is None or event.error is not None or not event.is_whole:
                failure.state.is_reported = True


def _hold_back_groups(batch: Batch, options: BatchOptions) -> None:
    """Report what follows a reported record in its FIFO group, done or not.

    SQS would delete it, and the reported record would come back after it.
    """
    reported: set[Hashable] = set()
    for state in batch.states:
        if not batch.source.is_grouped(state.record):
            continue
        key = options.order_key(state)
        if state.is_reported:
            reported.add(key)
        elif key in reported:
            error = HeldBackError(_FOLLOWS)
            uow = UnitOfWork(record=state.record)
            state.add_failure(Failure(state, NO_RULE, -1, error, Reason.HELD_BACK, True, False, uow))


_FOLLOWS = "An earlier record of its message group is reported, so this one must come again after it."
_UNTOLD = DeadlineError("The invocation is about to time out; there was no time to publish the fault event.")


def _fault(failure: Failure, told: FaultEvent | None, source: Source) -> Fault:
    state = failure.state
    error = None
    is_due = failure.teller.is_published
    if is_due:
        error = told.error if told is not None else _UNTOLD
    return Fault(
        record_id=source.record_id(state.record),
        rule_id=failure.rule_id,
        error=failure.error,
        reason=failure.reason,
        disposition=Disposition.REPORTED if state.is_reported else Disposition.SET_ASIDE,
        event=told.event if told is not None else None,
        published=is_due and error is None,
        publishing_error=error,
    )
