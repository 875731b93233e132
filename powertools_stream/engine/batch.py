"""What the engine knows of a batch while it runs: its records, the runs of their rules, and what failed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.failed import Failed
from powertools_stream.errors import RunError
from powertools_stream.outcomes import Fault, FaultPolicy, Reason, RecordOutcome, RuleResult
from powertools_stream.rules.compiled import NO_RULE
from powertools_stream.uow import UnitOfWork

if TYPE_CHECKING:
    from powertools_stream.engine.encryption import BatchEncryption
    from powertools_stream.engine.resubmission import Resubmission
    from powertools_stream.rules.compiled import CompiledRule
    from powertools_stream.sources.source import Source
    from powertools_stream.uow import Record

__all__ = ["Batch", "Done", "Failure", "Reading", "RecordState", "Results", "RuleRun", "results_of"]

Results = tuple[UnitOfWork, ...]
"""What one run of a rule left behind."""

Done = tuple[int, int, str, Results]
"""What one run of a rule left behind, and where: the positions of the record and of the rule, and the rule's id."""

_WHOLE_BATCH = object()
"""The order key of every record of a FIFO batch that stops at its first reported record."""

_failures = attrgetter("failures")


class RecordState:
    """One record of the batch.

    Attributes
    ----------
    failures
        Why it failed, in the order in which it happened.
    is_reported
        Whether it stands in the partial batch response.
    faults
        The failures once their consequences are known, in rule order.
    """

    # Of the class, until one fails: that takes half of the time to set them for each, and most never fail.
    failures: Sequence[Failure] = ()
    is_reported = False
    faults: tuple[Fault, ...] = ()

    def __init__(self, position: int, record: Record) -> None:
        self.position = position
        self.record = record

    def add_failure(self, failure: Failure) -> None:
        """Note one more reason why it failed."""
        self.failures = (*self.failures, failure)
        self.is_reported = self.is_reported or failure.is_reported

    def failures_in_rule_order(self) -> list[Failure]:
        """Return why it failed, the first rule's error first."""
        return sorted(self.failures, key=lambda failure: failure.rule.position)


class RuleRun:
    """One rule's run on one record; if the rule compacts, on several, of which `state` is the newest.

    It knows its record, and not the other way round: without circles, it goes as soon as it has ended, and leaves
    nothing to the garbage collector. Most rules ask for nothing, and are run without one.
    """

    __slots__ = ("is_ordered", "lanes", "others", "rule", "state", "uow", "waits_for", "wrote_at")

    def __init__(self, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> None:
        self.rule = rule
        self.uow = uow
        self.state = state
        self.others: tuple[RecordState, ...] = ()
        self.is_ordered = False
        self.lanes: tuple[tuple[int, Hashable], ...] = ()
        self.waits_for = 0
        self.wrote_at = 0

    @property
    def position(self) -> tuple[int, int]:
        """Its place in the batch: by record, then by rule."""
        return self.state.position, self.rule.position

    @property
    def states(self) -> tuple[RecordState, ...]:
        """All its records."""
        return (*self.others, self.state)


def results_of(outcome: Any, uow: UnitOfWork) -> Results | BaseException:
    """Return the units of work that a flavor left behind; the error if it failed, or if what it returned is none.

    A plain mapping is a unit of work, and None is the one that the flavor was given.
    """
    if type(outcome) is UnitOfWork:
        return (outcome,)
    if outcome is None:
        return (uow,)
    if type(outcome) is Failed:
        return outcome.error
    if isinstance(outcome, Mapping):
        return (_unit_of_work(outcome),)
    if isinstance(outcome, list | tuple) and all(isinstance(one, Mapping) for one in outcome):
        return tuple(map(_unit_of_work, outcome))
    return RunError(
        "Expected a flavor to return a UnitOfWork, a list of them or None, "
        f"but found {_found(outcome)}. "
        "Return uow.extend(result=…) to hand a value over; yield a request to have it carried out."
    )


def _unit_of_work(result: Mapping[str, Any]) -> UnitOfWork:
    return result if isinstance(result, UnitOfWork) else UnitOfWork(result)


def _found(outcome: Any) -> str:
    name = type(outcome).__name__
    if isinstance(outcome, list | tuple):
        strangers = dict.fromkeys(type(one).__name__ for one in outcome if not isinstance(one, Mapping))
        return f"a {name} with {', '.join(strangers)}"
    return name


class Reading:
    """The reading of one record, which may make requests itself, e.g. to redeem a claim check."""

    __slots__ = ("position", "state", "wrote_at")

    rule = NO_RULE

    def __init__(self, state: RecordState) -> None:
        self.state = state
        self.position = (state.position, NO_RULE.position)
        self.wrote_at = 0


class Failure:
    """Why one rule did not succeed on one record. It is never changed.

    Parameters
    ----------
    state
        The record.
    rule
        The rule; `NO_RULE` if the record could not be read.
    error
        What was raised.
    reason
        How the error was classified.
    policy
        What is done about it.
    uow
        What the rule knew, for the fault event.
    lead
        The failure of the newest record that this one was compacted with: its fault event tells of this one as well.
        None: it has a fault event of its own, if one is due.
    others
        The other records that the fault event tells of.
    """

    __slots__ = ("error", "lead", "others", "policy", "reason", "rule", "state", "uow")

    def __init__(
        self,
        state: RecordState,
        rule: CompiledRule,
        error: BaseException,
        reason: Reason,
        policy: FaultPolicy,
        uow: UnitOfWork,
        lead: Failure | None = None,
        others: Sequence[RecordState] = (),
    ) -> None:
        self.others = others
        self.state = state
        self.rule = rule
        self.error = error
        self.reason = reason
        self.policy = policy
        self.uow = uow
        self.lead = lead

    def shared_with(self, state: RecordState) -> Failure:
        """Return the same failure for another record that was compacted with this one's."""
        return Failure(state, self.rule, self.error, self.reason, self.policy, self.uow, lead=self)

    @property
    def is_reported(self) -> bool:
        """Whether the record is reported for it, whatever becomes of the fault event."""
        return self.policy is not FaultPolicy.PUBLISH

    @property
    def record_is_reported(self) -> bool:
        """Whether the record is reported, and all that were compacted with it, for whatever failure is known now."""
        return self.is_reported or all(state.is_reported for state in (self.state, *self.others))

    @property
    def is_published(self) -> bool:
        """Whether a fault event of its own is due."""
        return self.policy is not FaultPolicy.REPORT and self.lead is None

    @property
    def published_as(self) -> Failure:
        """The failure whose fault event tells of this one: most often itself."""
        return self.lead or self


class Batch:
    """The records of one invocation, in order, and what became of them.

    Parameters
    ----------
    source
        Where the records come from.
    records
        The records, as Lambda delivered them.
    skip_group_on_error
        On a FIFO queue: True holds back the group of a reported record, False every record behind it.

    Attributes
    ----------
    states
        The records.
    done
        What the runs of rules have left behind, if it is kept. Tuples, since there may be 200,000 of them.
    encryption
        What encrypts and decrypts fields; None: nothing does.
    redacted
        What stands for errors wherever they are shown, by the identity of each.
    handled
        What the record handler was given and has returned, by the position of the record.
    rules_skipped
        How many runs of rules were spared, since a checkpoint says that they are done.
    resubmission
        Which rules an operator wants to run on records that failed before; None: they come from their source.
    """

    def __init__(self, source: Source, records: Iterable[Record], *, skip_group_on_error: bool = True) -> None:
        self.source = source
        self.states = [RecordState(position, record) for position, record in enumerate(records)]
        self.done: list[Done] = []
        self.handled: dict[int, UnitOfWork] = {}
        self.encryption: BatchEncryption | None = None
        self.redacted: dict[int, BaseException] = {}
        self.rules_skipped = 0
        self.resubmission: Resubmission | None = None
        self._skip_group_on_error = skip_group_on_error

    def order_key(self, state: RecordState) -> Hashable | None:
        """Return what orders a record among others; None: nothing does."""
        if not self._skip_group_on_error and self.source.is_grouped(state.record):
            return _WHOLE_BATCH
        return self.source.order_key(state.record)

    def failed(self) -> list[RecordState]:
        """Return the records with a failure, in record order."""
        return list(filter(_failures, self.states))

    def faults(self) -> list[Fault]:
        """Return every failure once its consequences are known, in record order, then rule order."""
        return [fault for state in self.failed() for fault in state.faults]

    def failures(self) -> Iterator[Failure]:
        """Yield every failure, in record order, then rule order."""
        for state in self.failed():
            yield from state.failures_in_rule_order()

    def outcomes(self) -> list[RecordOutcome]:
        """Return what became of each record, in record order. Of compacted records the newest has the results."""
        results: dict[int, list[UnitOfWork]] = {}
        for position, _, _, units in self._done_in_order():
            results.setdefault(position, []).extend(units)
        return [
            RecordOutcome(state.record, state.is_reported, tuple(results.get(state.position, ())), bool(state.failures))
            for state in self.states
        ]

    def results(self) -> list[RuleResult]:
        """Return what the rules left behind, in record order, then rule order."""
        return [RuleResult(rule_id, uow) for _, _, rule_id, units in self._done_in_order() for uow in units]

    def _done_in_order(self) -> list[Done]:
        return sorted(self.done, key=itemgetter(0, 1))
