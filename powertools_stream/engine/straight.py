"""The straight way of records: read, and run through their rules, for as long as none of them asks for anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from powertools_stream.engine.steps import step_details
from powertools_stream.errors import CutOffError
from powertools_stream.rules.compiled import NO_RULE
from powertools_stream.uow import UnitOfWork

if TYPE_CHECKING:
    from powertools_stream.engine.batch import Done, RecordState
    from powertools_stream.engine.interrupter import Interrupter
    from powertools_stream.engine.observation import Observation
    from powertools_stream.outcomes import StepDetails
    from powertools_stream.rules.compiled import CompiledRule, RuleGroup
    from powertools_stream.uow import Event

__all__ = ["FINISHED", "ObservedStraightWay", "StraightWay"]

FINISHED = object()
"""No rule is left for the record, or no record is left."""


class Takes(Protocol):
    """Takes what rules leave behind: a list, most often."""

    def append(self, done: Done, /) -> None:
        """Take what one run has left behind."""


class StraightWay:
    """Takes one record after another from its payload to the end of its last rule. One for a batch.

    Most records hold a plain event, and most rules return at once. For these there are no objects for scheduling, and
    user code is guarded once for all of it. Whatever else turns up leaves this way, and may come back to it.

    Parameters
    ----------
    read
        Reads the event of a record.
    group
        The rules.
    done
        Takes what the rules leave behind; None: nobody wants it.
    interrupter
        Is armed again for each record.

    Attributes
    ----------
    passed
        How many records have gone all of the way, each matched by a rule.
    state
        The record that is on its way; None: the last one has gone all of it.
    event
        What was read of the record; None: it was not read yet, or holds more than a plain event.
    rule, uow
        What runs, or was the last to run; `NO_RULE`: none has begun.
    is_matched
        Whether the conditions of a rule held.
    is_over
        Whether the batch has ended without this, which then runs nothing any more.
    """

    __slots__ = (
        "_done",
        "_group",
        "_interrupter",
        "_left",
        "_read",
        "_runs",
        "_timestamps",
        "event",
        "is_matched",
        "is_over",
        "passed",
        "rule",
        "state",
        "uow",
    )

    def __init__(
        self,
        read: Callable[[Any], Any],
        group: RuleGroup,
        done: Takes | None,
        interrupter: Interrupter,
    ) -> None:
        self._read = read
        self._group = group
        self._done = done
        self._interrupter = interrupter
        self.passed = 0
        self.state: RecordState | None = None
        self._left: Iterator[CompiledRule] = iter(())
        self._runs: list[str] | None = None
        self._timestamps: list[Any] | None = None
        self.event: Event | None = None
        self.rule = NO_RULE
        self.uow = UnitOfWork()
        self.is_matched = False
        self.is_over = False

    def go(self, state: RecordState, others: Iterator[RecordState], ends_at: float) -> Any:
        """Let a record go, and the others behind it, until one leaves the way, or time is up.

        Returns what was read of the record that leaves, if that is no plain event, or what `go_on` has returned.

        Runs user code, so it raises whatever that does, and may be interrupted anywhere: what `rule` says has failed
        then, or the reading, if `event` is None.

        Parameters
        ----------
        others
            Those behind it. They are taken from the iterator as they go.
        ends_at
            When no other is let go any more, in seconds of `time.monotonic`.
        """
        rearm = self._interrupter.rearm
        going: RecordState | None = state
        while going is not None:
            self.state = going
            outcome = self._go_alone(going)
            if outcome is not FINISHED or not self.is_matched:
                return outcome
            self.passed += 1
            self.state = None
            if monotonic() >= ends_at:
                break
            rearm()
            going = next(others, None)
        return FINISHED

    def _go_alone(self, state: RecordState) -> Any:
        self.event = None
        self.rule = NO_RULE
        self.is_matched = False
        event = self._read(state.record)
        # A claim check, or an event that wants to be left alone: whoever knows these looks closer.
        if type(event) is not dict or "s3" in event or (type(tags := event.get("tags")) is dict and "skip" in tags):
            return event
        self.event = event
        if self._timestamps is not None:
            self._timestamps.append(event.get("timestamp"))
        if self.is_over:
            self._stop()
        self._left = iter(self._group.candidates(event["type"]))
        return self.go_on(state)

    def go_on(self, state: RecordState) -> Any:
        """Run the rules that are left until one does not return a unit of work at once; return what it has returned."""
        record, event, done, runs = state.record, self.event, self._done, self._runs
        for rule in self._left:
            if self.is_over:
                self._stop()
            uow = UnitOfWork()
            # One by one: as keywords they take half as long again.
            uow["pipeline"] = rule.id
            uow["record"] = record
            uow["event"] = event
            self.rule, self.uow = rule, uow
            if rule.condition is not None:
                if not rule.condition(uow):
                    continue
                if self.is_over:  # it is user code as well, and may have taken until now
                    self._stop()
            self.is_matched = True
            if runs is not None:
                runs.append(rule.id)
            outcome = rule.flavor(uow, rule.rule)
            if type(outcome) is not UnitOfWork:
                return outcome
            if done is not None:
                done.append((state.position, rule.position, rule.id, (outcome,)))
        return FINISHED

    def _stop(self) -> NoReturn:
        raise CutOffError("The invocation is over.")


class ObservedStraightWay(StraightWay):
    """A straight way that counts, and knows what runs, so that nothing need be said of each step.

    Parameters
    ----------
    read, group, done, interrupter
        As for `StraightWay`.
    observation
        Is told of events and of runs.
    """

    __slots__ = ("_observation",)

    def __init__(
        self,
        read: Callable[[Any], Any],
        group: RuleGroup,
        done: Takes | None,
        interrupter: Interrupter,
        observation: Observation,
    ) -> None:
        super().__init__(read, group, done, interrupter)
        self._observation = observation
        self._runs = observation.runs
        self._timestamps = observation.timestamps

    def details(self) -> StepDetails | None:
        """Return what runs now; None: nothing on this way."""
        if self.rule is NO_RULE or not self._interrupter.is_in_user_code:
            return None
        return step_details(self.rule, self.uow, self._observation.source)
