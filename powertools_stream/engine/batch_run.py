"""One batch on its way through the rules: every record is read, matched, and run through each rule that matches it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import replace
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from powertools_stream.classification.reasons import classify
from powertools_stream.engine.batch import Batch, Failure, Reading, RecordState, RuleRun
from powertools_stream.engine.compaction import Compactor
from powertools_stream.engine.decisions import Decisions, Publish
from powertools_stream.engine.driver import Completion
from powertools_stream.engine.failed import Failed
from powertools_stream.engine.lanes import Lanes
from powertools_stream.errors import CutOffError, DeadlineError, HeldBackError, StreamError
from powertools_stream.matching.filters import out_skip
from powertools_stream.payloads.carried import CarriedEvent
from powertools_stream.payloads.limits import limited_batch
from powertools_stream.rules.compiled import NO_RULE
from powertools_stream.uow import UnitOfWork

if TYPE_CHECKING:
    from powertools_stream.engine.deadline import Deadline
    from powertools_stream.engine.dispatch.lookahead import Lookahead
    from powertools_stream.engine.driver import Driver
    from powertools_stream.engine.faults import FaultEvent, Judge
    from powertools_stream.engine.interrupter import Interrupter
    from powertools_stream.engine.unmatched import Unmatched
    from powertools_stream.payloads.claim_checks import ClaimChecks
    from powertools_stream.rules.compiled import CompiledRule, RuleGroup
    from powertools_stream.rules.registry import RuleRegistry
    from powertools_stream.uow import Event

__all__ = ["BatchRun"]

_log = logging.getLogger("powertools_stream")

# A generator may end with one.
_PERHAPS_CLAIM_CHECKS = (GeneratorType, list, CarriedEvent)

_NOT_STARTED = "The invocation is about to time out; this record was not started."
_NOT_FINISHED = "The invocation is about to time out; this rule had not finished."
_HELD_BACK = "An earlier record with the same order key is reported; this rule was not started."


class BatchRun:
    """Runs the records of a batch side by side.

    Parameters
    ----------
    batch
        The records; what becomes of them is noted here.
    registry
        The rules.
    handler
        A rule made of Powertools' record handler; None: there is none.
    judge
        Says what a failure means.
    driver
        Runs what makes requests.
    lookahead
        Is told what may still be asked for.
    interrupter
        Cuts user code off at the deadline.
    publish
        Publishes the fault event of a failure at once, if a record behind it has to wait for its fate.
    claim_checks
        From where events are taken that were left at S3; None: from nowhere.
    unmatched
        Is told of events that no rule matched; None: nobody wants to know.
    keep_results
        Whether anybody will ask for what the rules leave behind. If not, it goes at once, which costs a large batch
        less than half of the time: memory that was just used is used again.
    """

    def __init__(
        self,
        batch: Batch,
        registry: RuleRegistry,
        handler: CompiledRule | None,
        judge: Judge,
        driver: Driver,
        lookahead: Lookahead,
        interrupter: Interrupter,
        *,
        publish: Publish | None,
        claim_checks: ClaimChecks | None,
        unmatched: Unmatched | None,
        keep_results: bool,
    ) -> None:
        self._batch = batch
        self._source = batch.source
        self._groups = registry.groups()
        self._handler = handler
        self._judge = judge
        self._driver = driver
        self._lookahead = lookahead
        self._interrupter = interrupter
        self._claim_checks = claim_checks
        self._keep_results = keep_results
        self._lanes = Lanes()
        self._open: set[RuleRun] = set()
        self._decisions = Decisions(batch.order_key, publish, driver)
        self._is_over = False
        self._to_match: deque[RecordState] = deque()
        self._compactor = Compactor() if registry.compacts else None
        self._to_compact = len(batch.states)
        self._unmatched = unmatched

    @property
    def fault_events(self) -> Sequence[FaultEvent]:
        """What became of the fault events that are published already."""
        return self._decisions.fault_events

    def run(self, deadline: Deadline) -> bool:
        """Run until everything is done; False: the deadline came first."""
        driver, interrupter = self._driver, self._interrupter
        try:
            with limited_batch():
                for state in self._batch.states:
                    if deadline.has_passed:
                        return False
                    interrupter.rearm()
                    self._read(state)
                    if driver.is_used:
                        driver.run_ready(deadline)
                return driver.run(deadline)
        except CutOffError:
            # The signal came between two steps of user code: what it belonged to has not finished.
            interrupter.disarm()
            return False

    def note_unfinished(self) -> None:
        """Note a failure for every record that was not started, and every rule that has not finished."""
        self._is_over = True  # if the run was left behind on its thread, it changes nothing any more
        for state in self._batch.states:
            if not state.is_matched:
                self._note(state, NO_RULE, DeadlineError(_NOT_STARTED), UnitOfWork(record=state.record))
        for run in (*self._open, *(self._compactor.runs() if self._compactor is not None else ())):
            self._note_run(run, DeadlineError(_NOT_FINISHED))

    def _read(self, state: RecordState) -> None:
        """Read the event of a record, if there are rules that want one."""
        event = self._interrupter.attempt(self._source.read, state.record) if self._groups else None
        # Most events are whole, which is told here, without a call: there is one for each record.
        if "s3" in event if type(event) is dict else type(event) in _PERHAPS_CLAIM_CHECKS:
            event = self._whole(event, state)
        if type(event) is GeneratorType:
            self._to_match.append(state)
            self._lookahead.expect_records()
            self._driver.start(event, Completion(Reading(state), self._on_read))
        elif self._to_match:
            self._to_match.append(state)
            self._lookahead.expect_records()
            self._has_been_read(state, event)
        else:
            self._match(state, event)

    def _whole(self, event: Any, state: RecordState) -> Any:
        """Return what was read of a record; a generator of it, if there are claim checks to be redeemed."""
        from powertools_stream.payloads.claim_checks import stands_for_more, whole

        if type(event) is not GeneratorType and not stands_for_more(event):
            return event
        return whole(event, self._claim_checks, self._source.record_id(state.record))

    def _on_read(self, reading: Reading, event: Any) -> None:
        self._has_been_read(reading.state, event)

    def _has_been_read(self, state: RecordState, event: Any) -> None:
        """Match records in their order, even if one waits for its payload longer than the next."""
        state.event = event
        state.is_read = True
        while self._to_match and self._to_match[0].is_read:
            first = self._to_match.popleft()
            self._lookahead.expect_records(-1)
            self._match(first, first.event)
            first.event = None

    def _match(self, state: RecordState, event: Any) -> None:
        """Start a run of each rule that matches the event of a record."""
        record = state.record
        if type(event) is Failed:
            if not self._is_for_no_rule(event.error):
                self._note(state, NO_RULE, event.error, UnitOfWork(record=record))
        elif event is not None:
            for one in event if type(event) is list else (event,):
                self._match_event(state, one)
        if self._handler is not None:
            uow = self._batch.handled[state.position] = UnitOfWork(pipeline=self._handler.id, record=record)
            self._start(RuleRun(self._handler, uow, state))
        state.is_matched = True
        if self._compactor is not None:
            self._to_compact -= 1
            if not self._to_compact:
                self._start_compacted(self._compactor)

    def _is_for_no_rule(self, error: BaseException) -> bool:
        """Tell whether an event that could not be read to its end is of a type that no rule is for."""
        if not isinstance(error, StreamError) or error.event_type is None:
            return False
        if any(group.prepare is not None for group in self._groups):
            return False
        found = [self._interrupter.attempt(group.candidates, error.event_type) for group in self._groups]
        return not any(found)

    def _match_event(self, state: RecordState, event: Event) -> None:
        # Told here, without a call, since there is one for each record; `out_skip` is the same for filters.
        if type(tags := event.get("tags")) is dict and tags.get("skip"):
            return
        record = state.record
        rules: Sequence[CompiledRule] = ()
        is_matched = False
        for group in self._groups:
            if group.prepare is None:
                rules = self._candidates(group, event, state)
                for rule in rules:
                    if self._offer(rule, UnitOfWork(pipeline=rule.id, record=record, event=event), state):
                        is_matched = True
            elif self._match_prepared(state, event, group):
                is_matched = True
        if not is_matched and self._unmatched is not None:
            self._note_unmatched(self._unmatched, state, event, rules)

    def _match_prepared(self, state: RecordState, event: Event, group: RuleGroup) -> bool:
        """Start a run of each rule that matches what the group makes of an event; False: it makes nothing of it."""
        base = UnitOfWork(record=state.record, event=event)
        prepared = self._interrupter.attempt(group.prepare, base)
        if type(prepared) is Failed:
            self._note(state, NO_RULE, prepared.error, base)
        elif prepared is None:
            return False
        elif out_skip(prepared):
            is_matched = False
            rules = self._candidates(group, prepared["event"], state)
            for rule in rules:
                if self._offer(rule, prepared.extend(pipeline=rule.id), state):
                    is_matched = True
            if not is_matched and self._unmatched is not None:
                self._note_unmatched(self._unmatched, state, prepared["event"], rules)
        return True

    def _note_unmatched(
        self, unmatched: Unmatched, state: RecordState, event: Event, rules: Sequence[CompiledRule]
    ) -> None:
        """Note an event that no rule matched, unless that was because something failed, which is told anyway."""
        if not state.failures:
            unmatched.note(self._source.record_id(state.record), event, has_rules=bool(rules))

    def _candidates(self, group: RuleGroup, event: Event, state: RecordState) -> Sequence[CompiledRule]:
        """Return the rules for the type of an event."""
        if not group.has_patterns:
            return group.candidates(event["type"])
        # A regular expression may take for ever on a type that somebody has made for it.
        found = self._interrupter.attempt(group.candidates, event["type"])
        if type(found) is Failed:
            self._note(state, NO_RULE, found.error, UnitOfWork(record=state.record, event=event))
            return ()
        candidates: Sequence[CompiledRule] = found
        return candidates

    def _offer(self, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> bool:
        """Start a run of a rule if the rest of its conditions holds; one that compacts waits for the others."""
        if rule.condition is not None and not self._holds(rule, uow, state):
            return False
        if rule.compact is None or self._compactor is None:
            self._start(RuleRun(rule, uow, state))
        else:
            self._compact(self._compactor, rule, uow, state)
        return True

    def _holds(self, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> bool:
        """Tell whether the rest of a rule's conditions holds; one that raises is a fault of the rule on this record."""
        held = self._interrupter.attempt(rule.condition, uow)
        if type(held) is Failed:
            self._note(state, rule, held.error, uow)
            return False
        return bool(held)

    def _compact(self, compactor: Compactor, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> None:
        """Keep what a compacting rule matched, until the rest of its group is there."""
        kept = self._interrupter.attempt(compactor.add, rule, uow, state)
        if type(kept) is Failed:
            self._note(state, rule, kept.error, uow)

    def _start_compacted(self, compactor: Compactor) -> None:
        """Start what was compacted, as soon as the main thread is free; every record has been matched."""
        for run in compactor.runs():
            self._open.add(run)
            if run.rule.ordered or self._source.is_grouped(run.state.record):
                keys = dict.fromkeys(map(self._batch.order_key, run.states))
                run.lanes = tuple((run.rule.position, key) for key in keys if key is not None)
                self._lanes.enter(run)
            if run.waits_for:
                self._lookahead.expect(run)
            else:
                self._start_later(run)

    def _start_later(self, run: RuleRun) -> None:
        """Start a run whose turn it is, as soon as the main thread is free and the records before it are decided."""
        if self._decisions.are_awaited_by(run, self._resume):
            self._lookahead.expect(run)
        else:
            self._driver.start_later(self._begin_released(run), Completion(run, self._on_completed))

    def _resume(self, run: RuleRun) -> None:
        """Start a run that waited for a record before it to be decided."""
        self._lookahead.expect(run, -1)
        self._start_later(run)

    def _start(self, run: RuleRun) -> None:
        """Start a run, or put it behind the one before it in its lane."""
        if run.rule.ordered or self._source.is_grouped(run.state.record):
            key = self._batch.order_key(run.state)
            if key is not None:
                run.lanes = ((run.rule.position, key),)
                if not self._lanes.is_free(run) or self._decisions.are_awaited_by(run, self._resume):
                    self._lanes.enter(run)
                    self._open.add(run)
                    self._lookahead.expect(run)
                    return
                if self._decisions.hold_back(run):
                    self._on_completed(run, Failed(HeldBackError(_HELD_BACK)))
                    return
        self._begin(run)

    def _begin(self, run: RuleRun) -> None:
        """Call the flavor. One that asks for nothing is done at once, without any scheduling."""
        outcome = self._interrupter.attempt(run.rule.flavor, run.uow, run.rule.rule)
        if type(outcome) is GeneratorType:
            self._lanes.enter(run)
            self._open.add(run)
            self._driver.start(outcome, Completion(run, self._on_completed))
        else:
            self._on_completed(run, outcome)

    def _begin_released(self, run: RuleRun) -> Generator[Any, Any, Any]:
        """Start a run that waited in its lane, unless a record before it was reported meanwhile."""
        if self._decisions.hold_back(run):
            raise HeldBackError(_HELD_BACK)
        outcome: Any = run.rule.flavor(run.uow, run.rule.rule)
        if type(outcome) is GeneratorType:
            outcome = yield from outcome
        return outcome

    def _on_completed(self, run: RuleRun, outcome: Any) -> None:
        """Note what a run left behind, and let the next one in its lane go on."""
        if self._is_over:
            return
        error = run.take_results(outcome)
        if error is not None:
            self._note_run(run, error)
        elif self._keep_results:
            self._batch.done.append(run)
        self._open.discard(run)
        if run.lanes:
            for released in self._lanes.leave(run):
                self._lookahead.expect(released, -1)
                self._start_later(released)

    def _note_run(self, run: RuleRun, error: BaseException) -> None:
        """Note the failure of a run for all its records; the newest one's fault event tells of all."""
        lead = self._note(run.state, run.rule, error, run.uow, run.others)
        for state in run.others:
            self._decisions.add(replace(lead, state=state, lead=lead))

    def _note(
        self,
        state: RecordState,
        rule: CompiledRule,
        error: BaseException,
        uow: UnitOfWork,
        others: Sequence[RecordState] = (),
    ) -> Failure:
        """Note why a record failed, and hold back what comes behind it if it is reported."""
        if isinstance(error, CutOffError):
            error = DeadlineError(_NOT_FINISHED)
        last = any(self._source.is_last_attempt(one.record) for one in (state, *others))
        reason = self._interrupter.attempt(self._judge.reason, error)
        if type(reason) is Failed:  # a predicate of the user's that raises, or that hangs
            _log.error("retryable=… failed on %s: %r", type(error).__name__, reason.error)
            reason = classify(error)
        policy = self._judge.policy(reason, rule.on_fault, uow.get("event"), is_last_attempt=last)
        failure = Failure(state, rule, error, reason, policy, uow)
        self._decisions.add(failure)
        return failure
