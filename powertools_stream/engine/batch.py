"""What the engine knows of a batch while it runs: its records, their units of work, and what failed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from powertools_stream.errors import RunError
from powertools_stream.outcomes import Failed, Fault, Reason, RecordOutcome, RuleResult
from powertools_stream.uow import UnitOfWork

if TYPE_CHECKING:
    from powertools_stream.call_options import Terms
    from powertools_stream.requests import Asks
    from powertools_stream.rules.registry import CompiledRule
    from powertools_stream.sources.source import Source
    from powertools_stream.uow import Event, Record

__all__ = ["Batch", "Failure", "Reading", "RecordState", "Unit"]


class RecordState:
    """One record of the batch.

    Attributes
    ----------
    event
        The event that it carries, while it waits to be matched.
    is_read
        Whether reading it has ended, well or not.
    is_matched
        Whether its units of work have been started.
    failures
        Why it failed, in the order in which it happened.
    is_reported
        Whether it stands in the partial batch response.
    faults
        The failures once their consequences are known, in rule order.
    """

    __slots__ = ("event", "failures", "faults", "is_matched", "is_read", "is_reported", "position", "record")

    def __init__(self, position: int, record: Record) -> None:
        self.position = position
        self.record = record
        self.event: Event | None = None
        self.is_read = False
        self.is_matched = False
        self.failures: Sequence[Failure] = ()
        self.is_reported = False
        self.faults: tuple[Fault, ...] = ()

    def add_failure(self, failure: Failure) -> None:
        """Note one more reason why it failed."""
        self.failures = (*self.failures, failure)
        self.is_reported = self.is_reported or failure.is_reported

    def failures_in_rule_order(self) -> list[Failure]:
        """Return why it failed, the first rule's error first."""
        return sorted(self.failures, key=lambda failure: failure.rule_position)


class Unit:
    """One rule's work on one record; where the rule compacts, on several, of which `state` is the newest.

    It knows its record, and not the other way round: without circles, it goes as soon as it has ended, and leaves
    nothing to the garbage collector.
    """

    __slots__ = ("_outcome", "lanes", "others", "rule", "state", "uow", "waits_for", "wrote_at")

    def __init__(self, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> None:
        self.rule = rule
        self.uow = uow
        self.state = state
        self.others: tuple[RecordState, ...] = ()
        self._outcome: Any = ()
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

    @property
    def asks(self) -> Asks:
        """The requests that its flavor makes, in order."""
        return self.rule.asks

    @property
    def terms(self) -> Terms | None:
        """On what terms its calls are made."""
        return self.rule.terms

    @property
    def results(self) -> Sequence[UnitOfWork]:
        """What the flavor left behind."""
        outcome: Any = self._outcome
        return (outcome,) if type(outcome) is UnitOfWork else outcome

    def take_results(self, outcome: Any) -> BaseException | None:
        """Keep what the flavor returned; return the error where it is no result."""
        if type(outcome) is UnitOfWork:
            self._outcome = outcome
        elif outcome is None:
            self._outcome = self.uow
        elif type(outcome) is Failed:
            return outcome.error
        elif isinstance(outcome, list | tuple) and all(isinstance(uow, UnitOfWork) for uow in outcome):
            self._outcome = outcome
        else:
            return RunError(
                "Expected a flavor to return a UnitOfWork, a list of them or None, "
                f"but found {type(outcome).__name__}. "
                "Return uow.extend(result=…) to hand a value over; yield a request to have it carried out."
            )
        return None


class Reading:
    """On whose behalf a source asks for something before a record can be read, e.g. to redeem a claim check."""

    __slots__ = ("position", "wrote_at")

    asks: Asks = ()
    terms: Terms | None = None

    def __init__(self, state: RecordState) -> None:
        self.position = (state.position, -1)
        self.wrote_at = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one rule did not succeed on one record.

    Parameters
    ----------
    state
        The record.
    rule_id
        The rule; ``undefined`` where the record could not be read.
    rule_position
        Its place in the registry; -1 where the record could not be read.
    error
        What was raised.
    reason
        How the error was classified.
    is_reported
        Whether the record is reported for it, whatever becomes of the fault event.
    is_published
        Whether a fault event is due.
    uow
        What the rule knew, for the fault event.
    told_by
        The failure of the newest record that this one was compacted with: its fault event tells of this one as well.
    """

    state: RecordState
    rule_id: str
    rule_position: int
    error: BaseException
    reason: Reason
    is_reported: bool
    is_published: bool
    uow: UnitOfWork
    told_by: Failure | None = None

    @property
    def teller(self) -> Failure:
        """The failure whose fault event tells of this one: most often itself."""
        return self.told_by or self


@dataclass(slots=True)
class Batch:
    """The records of one invocation, in order, and what became of them.

    Attributes
    ----------
    source
        Where the records come from.
    states
        The records.
    done
        The units of work that have ended, where their results are kept.
    handled
        What the record handler was given and has returned, by the position of the record.
    """

    source: Source
    states: list[RecordState]
    done: list[Unit] = field(default_factory=list)
    handled: dict[int, UnitOfWork] = field(default_factory=dict)

    def faults(self) -> list[Fault]:
        """Return every failure once its consequences are known, in record order, then rule order."""
        return [fault for state in self.states for fault in state.faults]

    def failures(self) -> Iterator[Failure]:
        """Yield every failure, in record order, then rule order."""
        for state in self.states:
            if state.failures:
                yield from state.failures_in_rule_order()

    def outcomes(self) -> list[RecordOutcome]:
        """Return what became of each record, in record order. Of compacted records the newest has the results."""
        results: dict[int, list[UnitOfWork]] = {}
        for unit in sorted(self.done, key=lambda unit: unit.position):
            results.setdefault(unit.state.position, []).extend(unit.results)
        return [
            RecordOutcome(state.record, state.is_reported, tuple(results.get(state.position, ())), bool(state.failures))
            for state in self.states
        ]

    def results(self) -> list[RuleResult]:
        """Return what the rules left behind, in record order, then rule order."""
        return [
            RuleResult(unit.rule.id, uow)
            for unit in sorted(self.done, key=lambda unit: unit.position)
            for uow in unit.results
        ]
