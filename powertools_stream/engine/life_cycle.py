"""Runs batches. `Engine.run` is the life cycle of one, from the records to what is reported."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Generator, Hashable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.batch import Batch, Failure
from powertools_stream.engine.batch_run import BatchRun
from powertools_stream.engine.collector import COLLECTOR
from powertools_stream.engine.coroutines import Coroutines
from powertools_stream.engine.deadline import NO_DEADLINE, Deadline
from powertools_stream.engine.dispatch.lookahead import Lookahead
from powertools_stream.engine.driver import Completion, Driver
from powertools_stream.engine.failed import Failed
from powertools_stream.engine.faults import FaultEvent, FaultPublisher, Judge, PublishedIds, fault_bus_name
from powertools_stream.engine.interrupter import Interrupter
from powertools_stream.engine.no_progress import NO_PROGRESS, NoProgress
from powertools_stream.engine.own_thread import OwnThreads
from powertools_stream.engine.secrets import redacted_of
from powertools_stream.engine.unmatched import Unmatched
from powertools_stream.errors import CutOffError, DeadlineError, HeldBackError, SettingError
from powertools_stream.outcomes import Disposition, Fault, FaultPolicy, Reason
from powertools_stream.payloads.decoding import decoded_by
from powertools_stream.payloads.large_events import LargeEvents
from powertools_stream.rules.compiled import NO_RULE
from powertools_stream.uow import Record, UnitOfWork

if TYPE_CHECKING:
    from powertools_stream.engine.dispatch.dispatcher import Dispatcher
    from powertools_stream.engine.encryption import BatchEncryption
    from powertools_stream.engine.observation import Observation
    from powertools_stream.engine.progress import Progress
    from powertools_stream.engine.resubmission import Resubmission
    from powertools_stream.options import ProcessorOptions
    from powertools_stream.payloads.redaction import Redaction
    from powertools_stream.rules.compiled import CompiledRule
    from powertools_stream.sources.source import Source

__all__ = ["Engine", "fault_of", "hold_back_groups"]

_log = logging.getLogger("powertools_stream")

_LOAD_SECONDS = 5.0
"""For how long checkpoints are waited for, at most; without them every rule runs."""

_SAVE_SECONDS = 10.0
"""For how long they are saved, at most: the response waits, and what they spare is not worth the rest of the time."""


class Engine:
    """Runs batches, and keeps what lives longer than one: worker threads, the event loop, the ids of published faults.

    Parameters
    ----------
    options
        Those of the processor.
    dispatcher
        Answers requests.
    """

    def __init__(self, options: ProcessorOptions, dispatcher: Dispatcher) -> None:
        self._options = options
        self._dispatcher = dispatcher
        self._coroutines = Coroutines()
        self._threads = OwnThreads()
        self._published = PublishedIds()
        self._unmatched = Unmatched(options.registry, options.logger or _log, options.redaction)
        self._large_events: LargeEvents | None = None
        if options.claim_checks is not None or options.compression is not None:
            self._large_events = LargeEvents(options.claim_checks, options.compression)

    def run(
        self,
        records: Iterable[Record],
        source: Source,
        handler: CompiledRule | None = None,
        deadline: Deadline = NO_DEADLINE,
        function: str = "",
        observation: Observation | None = None,
        resubmission: Resubmission | None = None,
    ) -> Batch:
        """Run every record through its rules, publish fault events, and settle which records are reported.

        Parameters
        ----------
        records
            As Lambda delivered them, in order.
        source
            Reads the records.
        handler
            Also run on each record: a rule made of Powertools' record handler.
        deadline
            When to stop.
        function
            The ARN that was invoked, for checkpoints.
        observation
            What observers see of the batch; None: nobody watches.
        resubmission
            Which rules are meant, and no other: their faults are reported, never published a second time, and never
            set aside. None: the records come from their source.
        """
        batch = Batch(source, records, skip_group_on_error=self._options.skip_group_on_error)
        batch.resubmission = resubmission
        if self._options.encrypts:
            from powertools_stream.engine.encryption import BatchEncryption

            batch.encryption = BatchEncryption(self._options.field_encryption)
        publisher = LazyPublisher(source, self._options, self._published, batch.encryption)
        policy = self._options.fault_policy or source.on_fault
        has_bus = publisher.has_bus if resubmission is None else _has_no_bus
        judge = Judge(policy, self._options.is_retryable, has_bus)
        progress = self._progress(batch, function) if resubmission is None else resubmission.begun
        with COLLECTOR:
            published = self._run_rules(batch, handler, judge, publisher, deadline, progress, observation)
        self._unmatched.tell()
        if resubmission is not None:
            resubmission.note_unmatched(batch)
        if batch.failed():
            events = self._settle(batch, publisher, published, deadline, observation)
            if progress.is_kept and any(state.is_reported for state in batch.states):
                self._save(progress, events, deadline)
        return batch

    def _run_rules(
        self,
        batch: Batch,
        handler: CompiledRule | None,
        judge: Judge,
        publisher: LazyPublisher,
        deadline: Deadline,
        progress: Progress | NoProgress,
        observation: Observation | None,
    ) -> Sequence[FaultEvent]:
        """Run the rules until all are done or the deadline comes. Returns the fault events published by then."""
        may_start = self._may_start(deadline)
        if may_start and progress.may_resume:
            self._load(progress, deadline)
        lookahead, interrupter = Lookahead(), Interrupter(deadline)
        attempt, resubmission = interrupter.attempt, batch.resubmission
        dispatch = self._dispatcher.begin(lookahead, deadline.at, self._coroutines.wake, attempt, observation)
        run = BatchRun(
            batch,
            self._options.registry if resubmission is None else resubmission.registry,
            handler,
            judge,
            Driver(
                dispatch, self._coroutines, interrupter, lookahead, self._large_events, batch.encryption, observation
            ),
            lookahead,
            interrupter,
            publish=publisher.publish,
            claim_checks=self._options.claim_checks,
            encryption=batch.encryption,
            unmatched=self._unmatched if self._unmatched.is_heard and resubmission is None else None,
            decoder=self._options.decoder,
            keep_results=self._options.keep_results or batch.source.needs_results,
            progress=progress,
            idempotency_store=self._options.idempotency_store,
            observation=observation,
            needs_match=self._options.on_unmatched == "fault" and (resubmission is None or resubmission.is_of_all),
        )
        is_complete = False
        try:
            with interrupter:
                is_complete = may_start and self._run_to_end(run, interrupter, deadline)
        finally:
            self._dispatcher.abandon(dispatch)
        if not is_complete:
            run.note_unfinished()
        return run.fault_events

    def _run_to_end(self, run: BatchRun, interrupter: Interrupter, deadline: Deadline) -> bool:
        """Run the rules; False: the deadline came first."""

        def run_and_end() -> bool:
            try:
                return run.run(deadline)
            finally:
                self._coroutines.end(interrupter)

        if interrupter.is_possible or deadline.at == math.inf:
            return run_and_end()
        is_complete = self._threads.run(run_and_end, deadline)
        if is_complete is None:
            interrupter.leave_behind()
            self._coroutines = Coroutines()  # its loop is left behind as well
        return bool(is_complete)

    def _may_start(self, deadline: Deadline) -> bool:
        """Wait for what an earlier invocation left behind: it may still write, so nothing is started beside it."""
        if self._dispatcher.wait_for_abandoned(deadline.at) and self._threads.wait_for_left_behind(deadline.at):
            return True
        now = time.monotonic()
        _log.error(
            "Nothing is processed, and every record is reported: what an earlier invocation left behind has not ended "
            "(%s). It might still write. A new environment of the function would not wait for it: see exit_if_stuck.",
            "; ".join(
                f"{stuck.what}, for {now - stuck.since:.0f} s"
                for stuck in (*self._dispatcher.stuck(), *self._threads.stuck())
            ),
        )
        if self._options.exit_if_stuck:
            logging.shutdown()
            os._exit(1)
        return False

    def _settle(
        self,
        batch: Batch,
        publisher: LazyPublisher,
        published: Sequence[FaultEvent],
        deadline: Deadline,
        observation: Observation | None,
    ) -> dict[int, FaultEvent]:
        """Publish fault events, and decide what is reported. Returns the fault events by the ids of their failures."""
        hold_back_groups(batch)  # what is known by now, so that fault events say so
        events = {id(event.failure): event for event in published}
        due = [failure for failure in batch.failures() if failure.is_published and id(failure) not in events]
        if due:
            for event in self._publish(publisher, due, deadline.faults_at, observation):
                events[id(event.failure)] = event
        _report_what_was_not_published(batch, events)
        hold_back_groups(batch)
        for state in batch.failed():
            state.faults = tuple(
                fault_of(failure, batch, self._options.redaction, events.get(id(failure.published_as)))
                for failure in state.failures_in_rule_order()
            )
        return events

    def _progress(self, batch: Batch, function: str) -> Progress | NoProgress:
        """Return what knows how far a batch has come."""
        options = self._options
        if options.checkpoint is None:
            return NO_PROGRESS
        from powertools_stream.engine.progress import Progress

        by_event = options.checkpoint_key == "event"
        return Progress(batch, options.checkpoint, function, by_event=by_event)

    def _load(self, progress: Progress | NoProgress, deadline: Deadline) -> None:
        """Ask what is done already. A store that fails, or takes its time, does not hold up the batch."""
        now = time.monotonic()
        until = min(now + _LOAD_SECONDS, now + deadline.remaining / 4)
        self._errand(progress.load(), until, "Checkpoints could not be loaded: every rule runs, done or not")

    def _save(self, progress: Progress | NoProgress, events: dict[int, FaultEvent], deadline: Deadline) -> None:
        """Save what is done with the records that come again."""

        def is_set_aside(failure: Failure) -> bool:
            event = events.get(id(failure.published_as))
            return event is not None and event.is_set_aside

        saving = progress.save(is_set_aside)
        until = min(time.monotonic() + _SAVE_SECONDS, deadline.saved_by)
        self._errand(saving, until, "Checkpoints could not be saved: rules that are done will run again")

    def _errand(self, generator: Generator[Any, Any, None], until: float, otherwise: str) -> None:
        """Drive a generator to its end for no record; if that fails, it is told in the log."""
        with decoded_by(self._options.decoder):
            answers = self._drive([generator], until)
        answer = answers[0] if answers else Failed(CutOffError())
        if type(answer) is Failed:
            # It has less time than the invocation, which may have much left.
            is_cut_off = type(answer.error) is CutOffError
            error = DeadlineError("The store took too long.") if is_cut_off else answer.error
            log = self._options.logger or _log
            log.warning("%s. %s: %s", otherwise, type(error).__name__, error)

    def _publish(
        self, publisher: LazyPublisher, failures: Iterable[Failure], until: float, observation: Observation | None
    ) -> list[FaultEvent]:
        """Publish fault events side by side; those that the deadline cuts off are left out."""
        published = (publisher.publish(failure) for failure in failures if time.monotonic() < until)
        return [event for event in self._drive(published, until, observation) if isinstance(event, FaultEvent)]

    def _drive(
        self, generators: Iterable[Generator[Any, Any, Any]], until: float, observation: Observation | None = None
    ) -> list[Any]:
        """Drive generators side by side, for no record, until the time is up; return what those that ended returned."""
        background, lookahead = _Background(), Lookahead()
        deadline, answers = Deadline(at=until), list[Any]()
        interrupter = Interrupter(deadline)
        dispatch = self._dispatcher.begin(lookahead, until, self._coroutines.wake, interrupter.attempt, observation)
        try:
            # What they make texts of is the user's, which may take for ever.
            with interrupter:
                driver = Driver(dispatch, self._coroutines, interrupter, lookahead, observation=observation)
                for generator in generators:
                    driver.start(generator, Completion(background, lambda _, answer: answers.append(answer)))
                    driver.run_ready(deadline)
                driver.run(deadline)
        except CutOffError:
            pass  # between two steps
        finally:
            self._dispatcher.abandon(dispatch)
        return answers


class LazyPublisher:
    """Finds out where the fault events of a batch go, and makes their publisher, when there is one.

    Parameters
    ----------
    source
        Where the records come from.
    options
        Those of the processor.
    already_published, encryption
        As for `FaultPublisher`.
    """

    def __init__(
        self,
        source: Source,
        options: ProcessorOptions,
        already_published: PublishedIds,
        encryption: BatchEncryption | None = None,
    ) -> None:
        self._source = source
        self._options = options
        self._already_published = already_published
        self._encryption = encryption

    def has_bus(self) -> bool:
        """Tell whether there is a bus for fault events."""
        return self._bus_name is not None

    def publish(self, failure: Failure) -> Generator[Any, Any, FaultEvent]:
        """Publish the fault event of a failure. Driven like a flavor: yields requests."""
        return self._publisher.publish(failure)

    @cached_property
    def _bus_name(self) -> str | None:
        return fault_bus_name(self._options.fault_bus_name, self._options.bus_name)

    @cached_property
    def _publisher(self) -> FaultPublisher:
        assert self._bus_name is not None
        return FaultPublisher(
            self._source,
            self._bus_name,
            _max_detail_bytes(),
            self._already_published,
            self._options.claim_checks,
            self._options.redaction,
            self._encryption,
            has_checkpoints=self._options.checkpoint is not None,
        )


class _Background:
    """Makes requests on behalf of no record."""

    position = (0, 0)
    rule = NO_RULE

    def __init__(self) -> None:
        self.wrote_at = 0


def _has_no_bus() -> bool:
    return False


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
            event = events.get(id(failure.published_as))
            if event is None or not event.is_accepted:
                failure.state.is_reported = True


def hold_back_groups(batch: Batch) -> None:
    """Report what follows a reported record in its FIFO group, done or not.

    SQS would delete it, and the reported record would come back after it.
    """
    reported: set[Hashable] = set()
    for state in batch.states:
        if not batch.source.is_grouped(state.record):
            continue
        key = batch.order_key(state)
        if state.is_reported:
            reported.add(key)
        elif key in reported:
            error, uow = HeldBackError(_FOLLOWS), UnitOfWork(record=state.record)
            state.add_failure(Failure(state, NO_RULE, error, Reason.HELD_BACK, FaultPolicy.REPORT, uow))


_FOLLOWS = "An earlier record of its message group is reported, so this one must come again after it."
_NO_TIME = DeadlineError("The invocation is about to time out; there was no time to publish the fault event.")


def fault_of(
    failure: Failure, batch: Batch, redaction: Redaction | None = None, published: FaultEvent | None = None
) -> Fault:
    """Return what the user is told of a failure."""
    redacted = redacted_of(failure, redaction, batch.encryption)
    if redacted is not None:
        batch.redacted[id(failure.error)] = redacted
    is_due = failure.published_as.is_published
    error: BaseException | None = None
    if is_due:
        error = published.error if published is not None else _NO_TIME
    return Fault(
        record_id=batch.source.record_id(failure.state.record),
        rule_id=failure.rule.id,
        error=failure.error,
        reason=failure.reason,
        disposition=Disposition.REPORTED if failure.state.is_reported else Disposition.SET_ASIDE,
        event=published.event if published is not None else None,
        published=is_due and error is None,
        publishing_error=error,
        redacted=redacted,
    )
