"""The straight way of a record: read, and run through its rules, for as long as none of them asks for anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

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
"""The record is done: there is no rule left."""


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

    Attributes
    ----------
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
        "_left",
        "_read",
        "_runs",
        "_timestamps",
        "event",
        "is_matched",
        "is_over",
        "rule",
        "uow",
    )

    def __init__(self, read: Callable[[Any], Any], group: RuleGroup, done: Takes | None) -> None:
        self._read = read
        self._group = group
        self._done = done
        self._left: Iterator[CompiledRule] = iter(())
        self._runs: list[str] | None = None
        self._timestamps: list[Any] | None = None
        self.event: Event | None = None
        self.rule = NO_RULE
        self.uow = UnitOfWork()
        self.is_matched = False
        self.is_over = False

    def go(self, state: RecordState) -> Any:
        """Read a record, and run its rules as `go_on` does; return what was read, if that is no plain event.

        Runs user code, so it raises whatever that does, and may be interrupted anywhere: what `rule` says has failed
        then, or the reading, if `event` is None.
        """
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
        self._left = iter(self._group.candidates(event["type"]))
        return self.go_on(state)

    def go_on(self, state: RecordState) -> Any:
        """Run the rules that are left until one does not return a unit of work at once; return what it has returned."""
        record, event, done, runs = state.record, self.event, self._done, self._runs
        for rule in self._left:
            if self.is_over:
                raise CutOffError("The invocation is over.")
            uow = UnitOfWork()
            # One by one: as keywords they take half as long again.
            uow["pipeline"] = rule.id
            uow["record"] = record
            uow["event"] = event
            self.rule, self.uow = rule, uow
            if rule.condition is not None and not rule.condition(uow):
                continue
            self.is_matched = True
            if runs is not None:
                runs.append(rule.id)
            outcome = rule.flavor(uow, rule.rule)
            if type(outcome) is not UnitOfWork:
                return outcome
            if done is not None:
                done.append((state.position, rule.position, rule.id, (outcome,)))
        return FINISHED


class ObservedStraightWay(StraightWay):
    """A straight way that counts, and knows what runs, so that nothing need be said of each step.

    Parameters
    ----------
    read, group, done
        As for `StraightWay`.
    interrupter
        Knows whether user code runs.
    observation
        Is told of events and of runs.
    """

    __slots__ = ("_interrupter", "_observation")

    def __init__(
        self,
        read: Callable[[Any], Any],
        group: RuleGroup,
        done: Takes | None,
        interrupter: Interrupter,
        observation: Observation,
    ) -> None:
        super().__init__(read, group, done)
        self._interrupter = interrupter
        self._observation = observation
        self._runs = observation.runs
        self._timestamps = observation.timestamps

    def details(self) -> StepDetails | None:
        """Return what runs now; None: nothing on this way."""
        if self.rule is NO_RULE or not self._interrupter.is_in_user_code:
            return None
        return step_details(self.rule, self.uow, self._observation.source)
