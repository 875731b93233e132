"""One batch on its way through the rules: every record is read, matched, and run through each rule that matches it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from time import monotonic
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from powertools_stream.classification.reasons import classify
from powertools_stream.engine.batch import Batch, Failure, Reading, RecordState, RuleRun, results_of
from powertools_stream.engine.compaction import Compactor
from powertools_stream.engine.decisions import Decisions, Publish
from powertools_stream.engine.driver import Completion
from powertools_stream.engine.failed import Failed
from powertools_stream.engine.lanes import Lanes
from powertools_stream.engine.steps import RUNNING, Running, Step
from powertools_stream.engine.straight import FINISHED, ObservedStraightWay, StraightWay
from powertools_stream.environment.variables import batch_variables
from powertools_stream.errors import CutOffError, DeadlineError, HeldBackError, StreamError, UnmatchedEventError
from powertools_stream.matching.filters import out_skip
from powertools_stream.outcomes import Reason
from powertools_stream.payloads.carried import CarriedEvent
from powertools_stream.payloads.decoding import Decoder, decoded_by
from powertools_stream.payloads.limits import limited_batch
from powertools_stream.rules.asking import started_already
from powertools_stream.rules.compiled import NO_RULE
from powertools_stream.rules.once import stored_in
from powertools_stream.uow import UnitOfWork

if TYPE_CHECKING:
    from powertools_stream.engine.deadline import Deadline
    from powertools_stream.engine.dispatch.lookahead import Lookahead
    from powertools_stream.engine.driver import Driver
    from powertools_stream.engine.encryption import BatchEncryption
    from powertools_stream.engine.faults import FaultEvent, Judge
    from powertools_stream.engine.interrupter import Interrupter
    from powertools_stream.engine.observation import Observation
    from powertools_stream.engine.progress import Progress
    from powertools_stream.engine.unmatched import Unmatched
    from powertools_stream.payloads.claim_checks import ClaimChecks
    from powertools_stream.rules.compiled import CompiledRule, RuleGroup
    from powertools_stream.rules.once import Once
    from powertools_stream.rules.registry import RuleRegistry
    from powertools_stream.uow import Event

__all__ = ["BatchRun"]

_log = logging.getLogger("powertools_stream")

# A generator may end with one.
_PERHAPS_CLAIM_CHECKS = (dict, list, CarriedEvent, GeneratorType)

_ONCE = object()
"""Tells lanes of idempotency keys from those of order keys."""

_NOT_STARTED = "The invocation is about to time out; this record was not started."
_NOT_FINISHED = "The invocation is about to time out; this rule had not finished."
_UNMATCHED = (
    "Expected a rule that matches the event, but found none for one of type {!r} with these values. Add a rule, let "
    'the filters of the event source mapping leave such events out, or set on_unmatched="ignore".'
)
_HELD_BACK = "An earlier record with the same order key is reported; this rule was not started."


class _Unread(Reading):
    """A record that is not matched yet: it is not read to its end, or one before it is not."""

    __slots__ = ("event", "is_read")

    def __init__(self, state: RecordState) -> None:
        super().__init__(state)
        self.event: Any = None
        self.is_read = False


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
    encryption
        Decrypts what comes in; None: it stays as it is.
    unmatched
        Is told of events that no rule matched; None: nobody wants to know.
    decoder
        Decodes payloads; None: the reader of this library does.
    keep_results
        Whether anybody will ask for what the rules leave behind. If not, it goes at once, which costs a large batch
        less than half of the time: memory that was just used is used again.
    progress
        Is told what is done, and knows what was done before; None: nobody keeps checkpoints.
    idempotency_store
        Powertools' persistence layer of idempotent rules; None: there is none.
    observation
        What observers see of it; None: nobody watches.
    needs_match
        Whether an event that no rule matches is a fault of its record.
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
        publish: Publish,
        claim_checks: ClaimChecks | None,
        encryption: BatchEncryption | None,
        unmatched: Unmatched | None,
        decoder: Decoder | None,
        keep_results: bool,
        progress: Progress | None = None,
        idempotency_store: Any = None,
        observation: Observation | None = None,
        needs_match: bool = False,
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
        self._encryption = encryption
        self._keep_results = keep_results
        self._lanes = Lanes()
        self._open: set[RuleRun] = set()
        self._decisions = Decisions(batch.order_key, publish, driver)
        self._is_over = False
        self._unread: deque[_Unread] = deque()
        self._matched = 0
        self._compactor = Compactor() if registry.compacts else None
        self._progress = progress
        self._idempotency_store = idempotency_store
        self._observation = observation
        self._needs_match = needs_match
        self._straight = self._straight_way()
        self._unmatched = unmatched
        self._decoder = decoder

    @property
    def fault_events(self) -> Sequence[FaultEvent]:
        """What became of the fault events that are published already."""
        return self._decisions.fault_events

    def run(self, deadline: Deadline) -> bool:
        """Run until everything is done; False: the deadline came first."""
        if self._observation is None:
            return self._run(deadline)
        straight = self._straight
        running: Running | None = straight if isinstance(straight, ObservedStraightWay) else None
        token = RUNNING.set(running)
        try:
            return self._run(deadline)
        finally:
            RUNNING.reset(token)

    def _run(self, deadline: Deadline) -> bool:
        driver, interrupter = self._driver, self._interrupter
        try:
            with limited_batch(), batch_variables(), decoded_by(self._decoder), stored_in(self._idempotency_store):
                states = iter(self._batch.states)
                for state in states:
                    if monotonic() >= deadline.at:
                        return False
                    interrupter.rearm()
                    self._process(state, states, deadline.at)
                    if driver.is_used:
                        self._leave_straight_way()
                        driver.run_ready(deadline)
                self._leave_straight_way()
                return driver.run(deadline)
        except CutOffError:
            # The signal came between two steps of user code: what it belonged to has not finished.
            interrupter.disarm()
            return False

    def note_unfinished(self) -> None:
        """Note a failure for every record that was not started, and every rule that has not finished."""
        self._is_over = True  # if the run was left behind on its thread, it changes nothing any more
        if self._straight is not None:
            self._straight.is_over = True
        for state in self._batch.states[self._matched + self._passed :]:
            self._note(state, NO_RULE, DeadlineError(_NOT_STARTED), UnitOfWork(record=state.record))
        for run in (*self._open, *(self._compactor.runs() if self._compactor is not None else ())):
            self._note_run(run, DeadlineError(_NOT_FINISHED))

    def _leave_straight_way(self) -> None:
        """Let nothing run on the straight way, so that what user code logs elsewhere is not taken for a rule's."""
        if self._straight is not None:
            self._straight.rule = NO_RULE

    def _straight_way(self) -> StraightWay | None:
        """Return the way of plain records; None: some are matched together, partly done, or watched at each step."""
        groups, observation, progress = self._groups, self._observation, self._progress
        if self._handler is not None or self._compactor is not None or self._encryption is not None:
            return None
        if len(groups) != 1 or groups[0].prepare is not None:
            return None
        if (progress is not None and progress.resumes) or (observation is not None and observation.has_steps):
            return None
        results = self._batch.done if self._keep_results else None
        notes = progress.straight_notes(results) if progress is not None else None
        done = results if notes is None else notes
        if observation is None:
            way = StraightWay(self._source.read, groups[0], done, self._interrupter)
        else:
            way = ObservedStraightWay(self._source.read, groups[0], done, self._interrupter, observation)
        if notes is not None:
            notes.way = way
        return way

    @property
    def _passed(self) -> int:
        return self._straight.passed if self._straight is not None else 0

    def _process(self, state: RecordState, others: Iterator[RecordState], ends_at: float) -> None:
        """Read a record, and run its rules; the straight way if nothing stands in it, and others behind it as well."""
        straight = self._straight
        if straight is None or self._unread or self._lanes.taken or self._decisions.concern_others:
            self._take_read(state, self._aside(self._source.read, state.record) if self._groups else None)
            return
        outcome = self._interrupter.attempt(straight.go, state, others, ends_at)
        if straight.state is not None:
            self._leave(straight, straight.state, outcome)

    def _leave(self, straight: StraightWay, state: RecordState, outcome: Any) -> None:
        """Do what is to be done beside the straight way, and go back to it if there are rules left."""
        event = straight.event
        if event is None:
            self._take_read(state, outcome)
            return
        if straight.rule is NO_RULE and type(outcome) is Failed:
            self._note(state, NO_RULE, outcome.error, UnitOfWork(record=state.record, event=event))
            outcome = FINISHED
        if self._progress is not None:
            self._progress.turn_to(state, 0, event)
        while outcome is not FINISHED:
            if self._progress is not None:
                self._progress.begin(straight.uow)
            self._take(straight.rule, straight.uow, state, outcome)
            outcome = self._interrupter.attempt(straight.go_on, state)
        if self._progress is not None:
            self._progress.catch_up(self._batch.done)
        if not straight.is_matched:
            self._note_unmatched(state, event, has_rules=straight.rule is not NO_RULE)
            self._demand_match(state, event)
            self._count_unmatched(state)
        self._matched += 1

    def _take_read(self, state: RecordState, event: Any) -> None:
        """Match what was read of a record, or wait for the rest of it."""
        if type(event) in _PERHAPS_CLAIM_CHECKS:
            event = self._whole(event, state)
            if self._encryption is not None:
                event = self._decrypted(self._encryption, event, state)
        if type(event) is GeneratorType or self._unread:
            self._wait_for(state, event)
        else:
            self._match(state, event)

    def _whole(self, event: Any, state: RecordState) -> Any:
        """Return what was read of a record; a generator of it, if there are claim checks to be redeemed."""
        from powertools_stream.payloads.claim_checks import stands_for_more, whole

        if type(event) is not GeneratorType and not stands_for_more(event):
            return event
        return whole(event, self._claim_checks, self._source.record_id(state.record))

    def _decrypted(self, encryption: BatchEncryption, event: Any, state: RecordState) -> Any:
        """Return an event, or a generator of it, if it has fields to be decrypted that a rule may want to read."""
        from powertools_stream.engine.encryption import may_be_encrypted

        if not may_be_encrypted(event):
            return event
        if isinstance(event, dict) and self._has_no_rule(event.get("type")):
            return event
        return encryption.decrypted(event, state.record)

    def _wait_for(self, state: RecordState, event: Any) -> None:
        """Match a record later, behind those that came before it: it is not read to its end, or they are not."""
        unread = _Unread(state)
        self._unread.append(unread)
        self._lookahead.expect_records()
        if type(event) is GeneratorType:
            self._driver.start(event, Completion(unread, self._on_read))
        else:
            self._on_read(unread, event)

    def _on_read(self, unread: _Unread, event: Any) -> None:
        """Match records in their order, even if one waits for its payload longer than the next."""
        unread.event, unread.is_read = event, True
        while self._unread and self._unread[0].is_read:
            first = self._unread.popleft()
            self._lookahead.expect_records(-1)
            self._match(first.state, first.event)

    def _match(self, state: RecordState, event: Any) -> None:
        """Start a run of each rule that matches the event of a record. Records are matched in their order."""
        if type(event) is Failed:
            if not self._is_for_no_rule(event.error):
                self._note_unread(state, event.error)
        elif event is not None:
            # Each of them, whatever becomes of the others.
            events = event if type(event) is list else (event,)
            matched = [self._match_event(state, index, one) for index, one in enumerate(events)]
            if not any(matched):
                self._count_unmatched(state, is_idle=None in matched)
        elif self._handler is None and self._observation is not None:
            self._observation.idle += 1
        if self._handler is not None:
            uow = self._batch.handled[state.position] = UnitOfWork(pipeline=self._handler.id, record=state.record)
            self._start(self._handler, uow, state)
        self._matched += 1
        if self._compactor is not None and self._matched == len(self._batch.states):
            self._start_compacted(self._compactor)

    def _note_unread(self, state: RecordState, error: BaseException) -> None:
        """Note that a record cannot be read, unless it was set aside for that before."""
        progress = self._progress
        if progress is not None:
            progress.turn_to(state)
            if progress.is_done(NO_RULE):
                return
        failure = self._note(state, NO_RULE, error, UnitOfWork(record=state.record))
        if progress is not None:
            progress.unread(failure)

    def _is_for_no_rule(self, error: BaseException) -> bool:
        """Tell whether an event that could not be read to its end is of a type that no rule is for."""
        return isinstance(error, StreamError) and error.event_type is not None and self._has_no_rule(error.event_type)

    def _has_no_rule(self, event_type: Any) -> bool:
        """Tell whether no rule is for a type."""
        if any(group.prepare is not None for group in self._groups):
            return False
        return not any(self._aside(group.candidates, event_type) for group in self._groups)

    def _match_event(self, state: RecordState, index: int, event: Event) -> bool | None:
        """Run the rules that match an event; tell whether there are any. None: the event wants to be left alone."""
        if self._progress is not None:
            self._progress.turn_to(state, index, event)
        base = UnitOfWork(record=state.record, event=event)
        if self._observation is not None:
            self._observation.timestamps.append(event.get("timestamp"))
        if not out_skip(base):
            return None
        rules: Sequence[CompiledRule] = ()
        is_matched = is_told = False
        for group in self._groups:
            if group.prepare is None:
                rules = self._candidates(group, state, base)
                is_matched |= self._run_each(rules, state, base)
            elif (matched := self._match_prepared(group, state, base)) is not None:
                is_matched |= matched
                is_told = True
        if not (is_matched or is_told):
            self._note_unmatched(state, event, has_rules=bool(rules))
        if not is_matched:
            self._demand_match(state, event)
        return is_matched

    def _match_prepared(self, group: RuleGroup, state: RecordState, base: UnitOfWork) -> bool | None:
        """Run each rule that matches what the group makes of an event; tell whether there are any.

        None: it makes nothing of the event. Else whatever there is to be told of it is told.
        """
        prepared = self._aside(group.prepare, base)
        if type(prepared) is Failed:
            self._note(state, NO_RULE, prepared.error, base)
        elif prepared is None:
            return None
        elif out_skip(prepared):
            rules = self._candidates(group, state, prepared)
            if self._run_each(rules, state, prepared):
                return True
            self._note_unmatched(state, prepared["event"], has_rules=bool(rules))
        return False

    def _note_unmatched(self, state: RecordState, event: Event, *, has_rules: bool) -> None:
        """Note an event that no rule matched, unless that was because something failed, which is told anyway."""
        if self._unmatched is not None and not state.failures:
            self._unmatched.note(self._source.record_id(state.record), event, has_rules=has_rules)

    def _demand_match(self, state: RecordState, event: Event) -> None:
        """Let an event that no rule matched be a fault of its record, if that is asked for and nothing else failed."""
        if self._needs_match and not state.failures:
            error = UnmatchedEventError(_UNMATCHED.format(event["type"]))
            self._note(state, NO_RULE, error, UnitOfWork(record=state.record, event=event))

    def _count_unmatched(self, state: RecordState, *, is_idle: bool = False) -> None:
        """Count a record of which no rule matched an event, unless something failed that was to match it."""
        if self._observation is None:
            return
        if is_idle:
            self._observation.idle += 1
        elif all(isinstance(failure.error, UnmatchedEventError) for failure in state.failures):
            self._observation.unmatched += 1

    def _candidates(self, group: RuleGroup, state: RecordState, uow: UnitOfWork) -> Sequence[CompiledRule]:
        """Return the rules for the type of an event."""
        # A regular expression may take for ever on a type that somebody has made for it.
        found = self._aside(group.candidates, uow["event"]["type"])
        if type(found) is Failed:
            self._note(state, NO_RULE, found.error, uow)
            return ()
        candidates: Sequence[CompiledRule] = found
        return candidates

    def _run_each(self, rules: Sequence[CompiledRule], state: RecordState, base: UnitOfWork) -> bool:
        """Run each rule whose other conditions hold; False: none."""
        is_matched = False
        progress = self._progress
        for rule in rules:
            if progress is not None and progress.is_done(rule):
                is_matched = True
                continue
            uow = UnitOfWork(base)
            uow["pipeline"] = rule.id
            if rule.condition is not None and not self._holds(rule, uow, state):
                continue
            is_matched = True
            if progress is not None:
                progress.begin(uow)
            if rule.compact is None or self._compactor is None:
                self._start(rule, uow, state)
            else:
                self._compact(self._compactor, rule, uow, state)
        return is_matched

    def _holds(self, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> bool:
        """Tell whether the rest of a rule's conditions holds; one that raises is a fault of the rule on this record."""
        held = self._attempt(rule, uow, rule.condition, uow)
        if type(held) is Failed:
            if self._progress is not None:
                self._progress.begin(uow)
            self._note_rule(state, rule, held.error, uow)
            return False
        return bool(held)

    def _compact(self, compactor: Compactor, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> None:
        """Keep what a compacting rule matched, until the rest of its group is there."""
        kept = self._attempt(rule, uow, compactor.add, rule, uow, state)
        if type(kept) is Failed:
            self._note_rule(state, rule, kept.error, uow)

    def _start_compacted(self, compactor: Compactor) -> None:
        """Start what was compacted, as soon as the main thread is free; every record has been matched."""
        for run in compactor.runs():
            self._count_run(run.rule)
            self._open.add(run)
            self._set_lanes(run)
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

    def _start(self, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> None:
        """Run a rule on a record, or put it behind the one before it in its lane."""
        self._count_run(rule)
        if not (self._lanes.taken or self._decisions.concern_others) or self._may_start(rule, uow, state):
            self._take(rule, uow, state, self._attempt(rule, uow, rule.flavor, uow, rule.rule))

    def _count_run(self, rule: CompiledRule) -> None:
        if self._observation is not None:
            self._observation.runs.append(rule.id)

    def _attempt(self, rule: CompiledRule, uow: UnitOfWork, function: Any, *args: Any) -> Any:
        """Call user code of a rule; return what it returns, or what it raises as `Failed`."""
        observation = self._observation
        if observation is None or rule is NO_RULE:
            return self._aside(function, *args)
        return self._interrupter.attempt(observation.step, Step(rule, uow, self._source), function, *args)

    def _aside(self, function: Any, *args: Any) -> Any:
        """Call user code that belongs to no rule, as `_attempt` does."""
        if self._observation is None:
            return self._interrupter.attempt(function, *args)
        token = RUNNING.set(None)
        try:
            return self._interrupter.attempt(function, *args)
        finally:
            RUNNING.reset(token)

    def _take(self, rule: CompiledRule, uow: UnitOfWork, state: RecordState, outcome: Any) -> None:
        """Take what a rule has returned: what it asks for is carried out, the rest is done."""
        run = RuleRun(rule, uow, state)
        if type(outcome) is not GeneratorType:
            self._settle(run, outcome)
            return
        self._set_lanes(run)
        self._lanes.enter(run)
        self._open.add(run)
        self._driver.start(outcome, Completion(run, self._on_completed))

    def _may_start(self, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> bool:
        """Tell whether no record with the same order key stands before a run; if so, it has been put behind it."""
        run = RuleRun(rule, uow, state)
        self._set_lanes(run)
        if not run.lanes:
            return True
        if not self._lanes.is_free(run) or self._decisions.are_awaited_by(run, self._resume):
            self._lanes.enter(run)
            self._open.add(run)
            self._lookahead.expect(run)
            return False
        if self._decisions.hold_back(run):
            self._settle(run, Failed(HeldBackError(_HELD_BACK)))
            return False
        return True

    def _set_lanes(self, run: RuleRun) -> None:
        """Let a run have a lane for each order key of its records, if the rule or the source has an order."""
        if run.rule.ordered or self._source.is_grouped(run.state.record):
            keys = {self._batch.order_key(state): None for state in run.states}
            run.lanes = tuple((run.rule.position, key) for key in keys if key is not None)
            run.is_ordered = bool(run.lanes)
        if run.rule.once is not None:
            self._set_own_lane(run, run.rule.once)

    def _set_own_lane(self, run: RuleRun, once: Once) -> None:
        """Let a second record with the same idempotency key wait for the first: it is not in progress elsewhere."""
        key = self._interrupter.attempt(once.lane, run.uow)
        if key is not None and type(key) is not Failed:  # which is told when it runs
            run.lanes = (*run.lanes, (run.rule.position, (_ONCE, key)))

    def _begin_released(self, run: RuleRun) -> Generator[Any, Any, Any]:
        """Start a run that waited in its lane, unless a record before it was reported meanwhile."""
        if self._decisions.hold_back(run):
            raise HeldBackError(_HELD_BACK)
        outcome: Any = run.rule.flavor(run.uow, run.rule.rule)
        if type(outcome) is GeneratorType:
            if started := started_already(outcome):
                raise started
            outcome = yield from outcome
        return outcome

    def _on_completed(self, run: RuleRun, outcome: Any) -> None:
        """Note what a run left behind, and let the next one in its lane go on."""
        if self._is_over:
            return
        self._settle(run, outcome)
        self._open.discard(run)
        if run.lanes:
            for released in self._lanes.leave(run):
                self._lookahead.expect(released, -1)
                self._start_later(released)

    def _settle(self, run: RuleRun, outcome: Any) -> None:
        """Note what a run left behind, or why it failed."""
        results = results_of(outcome, run.uow)
        if isinstance(results, BaseException):
            self._note_run(run, results)
            return
        if self._progress is not None:
            self._progress.done(run)
        if self._keep_results:
            self._batch.done.append((*run.position, run.rule.id, results))

    def _note_run(self, run: RuleRun, error: BaseException) -> None:
        """Note the failure of a run for all its records; the newest one's fault event tells of all."""
        lead = self._note_rule(run.state, run.rule, error, run.uow, run.others)
        for state in run.others:
            self._decisions.add(lead.shared_with(state))

    def _note_rule(
        self,
        state: RecordState,
        rule: CompiledRule,
        error: BaseException,
        uow: UnitOfWork,
        others: Sequence[RecordState] = (),
    ) -> Failure:
        """Note why a rule failed on a record, also for its checkpoint."""
        failure = self._note(state, rule, error, uow, others)
        if self._progress is not None:
            self._progress.failed(uow, failure)
        return failure

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
        reason = self._attempt(rule, uow, self._judge.reason, error)
        if type(reason) is Failed:  # a predicate of the user's that raises, or that hangs
            _log.error("retryable=… failed on %s: %r", type(error).__name__, reason.error)
            reason = Reason.UNFINISHED if isinstance(reason.error, CutOffError) else classify(error)
        policy = self._judge.policy(reason, rule.on_fault, uow.get("event"), is_last_attempt=last)
        failure = Failure(state, rule, error, reason, policy, uow, others=others)
        self._decisions.add(failure)
        return failure
