"""One batch on its way through the rules: every record is read, matched, and run through each rule that matches it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Hashable, Sequence
from dataclasses import replace
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.batch import Batch, Failure, Reading, RecordState, Unit
from powertools_stream.engine.compaction import Compactor
from powertools_stream.engine.lanes import Lanes
from powertools_stream.errors import CutOffError, DeadlineError, HeldBackError
from powertools_stream.outcomes import Failed, FaultPolicy
from powertools_stream.uow import UnitOfWork

if TYPE_CHECKING:
    from powertools_stream.engine.deadline import Deadline, Guard
    from powertools_stream.engine.dispatch.dispatcher import Dispatcher
    from powertools_stream.engine.driver import Strands
    from powertools_stream.engine.faults import Verdicts
    from powertools_stream.payloads.claim_checks import ClaimChecks
    from powertools_stream.rules.registry import CompiledRule, RuleGroup, RuleRegistry
    from powertools_stream.uow import Event

__all__ = ["NO_RULE", "BatchRun"]

NO_RULE = "undefined"
"""The rule's id in a failure that belongs to no rule: the record could not be read."""

# A generator may end with one.
_PERHAPS_CLAIM_CHECKS = (GeneratorType, list)

_NOT_STARTED = "The invocation is about to time out; this record was not started."
_NOT_FINISHED = "The invocation is about to time out; this rule had not finished."
_HELD_BACK = "An earlier record with the same order key is reported; this rule was not started."


class _Delivery:
    """Hands an answer over to a method, with what it is about."""

    __slots__ = ("_subject", "_take")

    def __init__(self, take: Callable[[Any, Any], None], subject: Any) -> None:
        self._take = take
        self._subject = subject

    def deliver(self, slot: int, answer: Any) -> None:
        self._take(self._subject, answer)


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
    order_key
        What orders a record among others; None: nothing does.
    verdicts
        Says what a failure means.
    claim_checks
        From where events are taken that were left at S3; None: from nowhere.
    keep_results
        Whether anybody will ask for what the rules leave behind. Where not, it goes at once, which costs a large batch
        less than half of the time: memory that was just used is used again.
    """

    def __init__(
        self,
        batch: Batch,
        registry: RuleRegistry,
        handler: CompiledRule | None,
        order_key: Callable[[RecordState], Hashable | None],
        verdicts: Verdicts,
        claim_checks: ClaimChecks | None,
        *,
        keep_results: bool,
    ) -> None:
        self._batch = batch
        self._source = batch.source
        self._groups = registry.groups()
        self._handler = handler
        self._order_key = order_key
        self._verdicts = verdicts
        self._claim_checks = claim_checks
        self._keep_results = keep_results
        self._lanes = Lanes()
        self._open: set[Unit] = set()
        self._reported_keys: dict[Hashable, int] = {}
        self._to_match: deque[RecordState] = deque()
        self._compactor = Compactor() if registry.compacts else None
        self._unmatched = len(batch.states)

    def run(self, dispatcher: Dispatcher, strands: Strands, guard: Guard, deadline: Deadline) -> bool:
        """Run until everything is done; False: the deadline came first."""
        self._dispatcher = dispatcher
        self._strands = strands
        self._guard = guard
        try:
            for state in self._batch.states:
                if deadline.has_passed:
                    return False
                self._read(state)
                if strands.may_go_on:
                    strands.run_ready(deadline)
            return strands.run(deadline)
        except CutOffError:
            # The signal came between two steps of user code: what it belonged to has not finished.
            guard.running = False
            return False

    def note_unfinished(self) -> None:
        """Note a failure for every record that was not started, and every rule that has not finished."""
        for state in self._batch.states:
            if not state.is_matched:
                uow = UnitOfWork(record=state.record)
                self._note(state, NO_RULE, -1, None, DeadlineError(_NOT_STARTED), uow)
        for unit in (*self._open, *(self._compactor.units() if self._compactor is not None else ())):
            self._note_unit(unit, DeadlineError(_NOT_FINISHED))

    def _read(self, state: RecordState) -> None:
        """Read the event of a record, where there are rules that want one."""
        event = self._guard.attempt(self._source.read, state.record) if self._groups else None
        # Most events are whole, which is told here, without a call: there is one for each record.
        if "s3" in event if type(event) is dict else type(event) in _PERHAPS_CLAIM_CHECKS:
            event = self._whole(event, state)
        if type(event) is GeneratorType:
            self._to_match.append(state)
            self._dispatcher.prospects.expect_records()
            self._strands.start(event, Reading(state), _Delivery(self._has_been_read, state))
        elif self._to_match:
            self._to_match.append(state)
            self._dispatcher.prospects.expect_records()
            self._has_been_read(state, event)
        else:
            self._match(state, event)

    def _whole(self, event: Any, state: RecordState) -> Any:
        """Return what was read of a record; a generator of it, where there are claim checks to be redeemed."""
        from powertools_stream.payloads.claim_checks import stands_for_more, whole

        if type(event) is not GeneratorType and not stands_for_more(event):
            return event
        return whole(event, self._claim_checks, self._source.record_id(state.record))

    def _has_been_read(self, state: RecordState, event: Any) -> None:
        """Match records in their order, even where one waits for its payload longer than the next."""
        state.event = event
        state.is_read = True
        while self._to_match and self._to_match[0].is_read:
            first = self._to_match.popleft()
            self._dispatcher.prospects.expect_records(-1)
            self._match(first, first.event)
            first.event = None

    def _match(self, state: RecordState, event: Any) -> None:
        """Start a unit of work for each rule that matches the event of a record."""
        record = state.record
        if type(event) is Failed:
            self._note(state, NO_RULE, -1, None, event.error, UnitOfWork(record=record))
        elif event is not None:
            for one in event if type(event) is list else (event,):
                self._match_event(state, one)
        if self._handler is not None:
            uow = self._batch.handled[state.position] = UnitOfWork(pipeline=self._handler.id, record=record)
            self._start(Unit(self._handler, uow, state))
        state.is_matched = True
        if self._compactor is not None:
            self._unmatched -= 1
            if not self._unmatched:
                self._start_compacted(self._compactor)

    def _match_event(self, state: RecordState, event: Event) -> None:
        record = state.record
        for group in self._groups:
            if group.prepare is not None:
                self._match_prepared(state, event, group)
                continue
            for rule in group.candidates(event["type"]):
                uow = UnitOfWork(pipeline=rule.id, record=record, event=event)
                if rule.residual is None or self._holds(rule, uow, state):
                    if rule.compact is None or self._compactor is None:
                        self._start(Unit(rule, uow, state))
                    else:
                        self._compact(self._compactor, rule, uow, state)

    def _match_prepared(self, state: RecordState, event: Event, group: RuleGroup) -> None:
        base = UnitOfWork(record=state.record, event=event)
        prepared = self._guard.attempt(group.prepare, base)
        if type(prepared) is Failed:
            self._note(state, NO_RULE, -1, None, prepared.error, base)
        elif prepared is not None:
            for rule in group.candidates(prepared["event"]["type"]):
                uow = prepared.extend(pipeline=rule.id)
                if rule.residual is None or self._holds(rule, uow, state):
                    if rule.compact is None or self._compactor is None:
                        self._start(Unit(rule, uow, state))
                    else:
                        self._compact(self._compactor, rule, uow, state)

    def _holds(self, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> bool:
        """Tell whether the rest of a rule's conditions hold; one that raises is a fault of the rule on this record."""
        held = self._guard.attempt(rule.residual, uow)
        if type(held) is Failed:
            self._note(state, rule.id, rule.position, rule.on_fault, held.error, uow)
            return False
        return bool(held)

    def _compact(self, compactor: Compactor, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> None:
        """Keep what a compacting rule matched, until the rest of its group is there."""
        kept = self._guard.attempt(compactor.add, rule, uow, state)
        if type(kept) is Failed:
            self._note(state, rule.id, rule.position, rule.on_fault, kept.error, uow)

    def _start_compacted(self, compactor: Compactor) -> None:
        """Start what was compacted, as soon as the main thread is free; every record has been matched."""
        for unit in compactor.units():
            self._open.add(unit)
            if unit.rule.ordered or self._source.is_grouped(unit.state.record):
                keys = dict.fromkeys(map(self._order_key, unit.states))
                unit.lanes = tuple((unit.rule.position, key) for key in keys if key is not None)
                self._lanes.enter(unit)
            if unit.waits_for:
                self._dispatcher.prospects.expect(unit)
            else:
                self._strands.start_later(self._begin_released(unit), unit, _Delivery(self._ended, unit))

    def _start(self, unit: Unit) -> None:
        """Start a unit of work, or put it behind the one before it in its lane."""
        if unit.rule.ordered or self._source.is_grouped(unit.state.record):
            key = self._order_key(unit.state)
            if key is not None:
                unit.lanes = ((unit.rule.position, key),)
                if not self._lanes.is_free(unit):
                    self._lanes.enter(unit)
                    self._open.add(unit)
                    self._dispatcher.prospects.expect(unit)
                    return
                if self._is_held_back(unit):
                    self._ended(unit, Failed(HeldBackError(_HELD_BACK)))
                    return
        self._begin(unit)

    def _begin(self, unit: Unit) -> None:
        """Call the flavor. One that asks for nothing is done at once, without any scheduling."""
        outcome = self._guard.attempt(unit.rule.flavor, unit.uow, unit.rule.rule)
        if type(outcome) is GeneratorType:
            self._lanes.enter(unit)
            self._open.add(unit)
            self._strands.start(outcome, unit, _Delivery(self._ended, unit))
        else:
            self._ended(unit, outcome)

    def _begin_released(self, unit: Unit) -> Generator[Any, Any, Any]:
        """Run a unit that waited in its lane, unless a record before it was reported meanwhile."""
        if self._is_held_back(unit):
            raise HeldBackError(_HELD_BACK)
        outcome: Any = unit.rule.flavor(unit.uow, unit.rule.rule)
        if type(outcome) is GeneratorType:
            outcome = yield from outcome
        return outcome

    def _ended(self, unit: Unit, outcome: Any) -> None:
        """Note what a unit of work left behind, and let the next one in its lane go on."""
        error = unit.take_results(outcome)
        if error is not None:
            self._note_unit(unit, error)
        elif self._keep_results:
            self._batch.done.append(unit)
        self._open.discard(unit)
        if unit.lanes:
            for released in self._lanes.leave(unit):
                self._dispatcher.prospects.expect(released, -1)
                self._strands.start_later(self._begin_released(released), released, _Delivery(self._ended, released))

    def _is_held_back(self, unit: Unit) -> bool:
        reported = self._reported_keys
        if not reported or not unit.lanes:
            return False
        return any(state.position > reported.get(self._order_key(state), state.position) for state in unit.states)

    def _note_unit(self, unit: Unit, error: BaseException) -> None:
        """Note the failure of a unit of work for all its records; the newest one's fault event tells of all."""
        rule = unit.rule
        told_by = self._note(unit.state, rule.id, rule.position, rule.on_fault, error, unit.uow, unit.others)
        for state in unit.others:
            self._note_failure(replace(told_by, state=state, is_published=False, told_by=told_by))

    def _note(
        self,
        state: RecordState,
        rule_id: str,
        rule_position: int,
        policy: FaultPolicy | None,
        error: BaseException,
        uow: UnitOfWork,
        others: Sequence[RecordState] = (),
    ) -> Failure:
        """Note why a record failed, and hold back what comes behind it if it is reported."""
        if isinstance(error, CutOffError):
            error = DeadlineError(_NOT_FINISHED)
        reason = self._verdicts.reason(error)
        last = any(self._source.is_last_attempt(concerned.record) for concerned in (state, *others))
        reported, published = self._verdicts.judge(reason, policy, uow.get("event"), is_last_attempt=last)
        failure = Failure(state, rule_id, rule_position, error, reason, reported, published, uow)
        self._note_failure(failure)
        return failure

    def _note_failure(self, failure: Failure) -> None:
        state = failure.state
        state.add_failure(failure)
        if failure.is_reported and (key := self._order_key(state)) is not None:
            self._reported_keys[key] = min(state.position, self._reported_keys.get(key, state.position))
