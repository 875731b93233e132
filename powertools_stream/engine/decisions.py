"""Which records are reported, and which may yet be: what comes behind them with the same order key has to wait."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from functools import partial
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.batch import Reading
from powertools_stream.engine.driver import Completion
from powertools_stream.engine.failed import Failed

if TYPE_CHECKING:
    from powertools_stream.engine.batch import Failure, RecordState, RuleRun
    from powertools_stream.engine.driver import Driver
    from powertools_stream.engine.faults import FaultEvent

__all__ = ["Decisions", "Publish"]

Publish = Callable[["Failure"], Generator[Any, Any, "FaultEvent"]]
"""Publishes the fault event of a failure; driven like a flavor."""


class _Undecided:
    """Failures with one order key that set their records aside if their fault events are accepted.

    Attributes
    ----------
    failures
        All of them: as long as a failure is here, what comes behind its record has to wait.
    unpublished
        Those whose fault events nobody has had to wait for yet.
    waiting
        Resumes the runs that wait.
    """

    __slots__ = ("failures", "unpublished", "waiting")

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.unpublished: list[Failure] = []
        self.waiting: list[Callable[[], None]] = []


class _Publishing(Reading):
    """The publishing of a fault event on which it depends what happens to other records."""

    __slots__ = ("failure",)

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.state)
        self.failure = failure


class Decisions:
    """What is decided of the records that failed.

    A record with a fault event that is not published yet is undecided. Nothing is published before a run has to wait
    for it: until then, fault events fill calls at the end of the batch.

    Parameters
    ----------
    order_key
        What orders a record among others; None: nothing does.
    publish
        Publishes the fault event of a failure.
    driver
        Runs what publishes.

    Attributes
    ----------
    fault_events
        What became of the fault events that are published.
    concern_others
        Whether a record that is reported, or may yet be, has an order key: what comes behind it has to ask.
    """

    def __init__(
        self,
        order_key: Callable[[RecordState], Hashable | None],
        publish: Publish,
        driver: Driver,
    ) -> None:
        self.fault_events: list[FaultEvent] = []
        self.concern_others = False
        self._order_key = order_key
        self._publish = publish
        self._driver = driver
        self._reported: dict[Hashable, int] = {}
        self._undecided: dict[Hashable, _Undecided] = {}

    def add(self, failure: Failure) -> None:
        """Take note of a failure: its record is reported, or may be set aside."""
        state = failure.state
        state.add_failure(failure)
        if failure.is_reported:
            self._report(state)
        elif failure.is_published and (key := self._order_key(state)) is not None:
            undecided = self._undecided.setdefault(key, _Undecided())
            undecided.failures.append(failure)
            undecided.unpublished.append(failure)
            self.concern_others = True

    def hold_back(self, run: RuleRun) -> bool:
        """Tell whether a record before a run is reported, so that the run must not start."""
        reported = self._reported
        if not reported or not run.is_ordered:
            return False
        return any(state.position > reported.get(self._order_key(state), state.position) for state in run.states)

    def are_awaited_by(self, run: RuleRun, resume: Callable[[RuleRun], None]) -> bool:
        """Tell whether a record before a run is undecided; if so, it is decided now, and the run is resumed then."""
        if not self._undecided or not run.is_ordered:
            return False
        for state in run.states:
            undecided = self._undecided.get(self._order_key(state))
            if undecided is not None and any(failure.state.position < state.position for failure in undecided.failures):
                undecided.waiting.append(partial(resume, run))
                self._decide(undecided)
                return True
        return False

    def _report(self, state: RecordState) -> None:
        state.is_reported = True
        if (key := self._order_key(state)) is not None:
            self.concern_others = True
            self._reported[key] = min(state.position, self._reported.get(key, state.position))

    def _decide(self, undecided: _Undecided) -> None:
        unpublished, undecided.unpublished = undecided.unpublished, []
        for failure in unpublished:
            self._driver.start_later(self._publish(failure), Completion(_Publishing(failure), self._on_published))

    def _on_published(self, publishing: _Publishing, fault: Any) -> None:
        if type(fault) is not Failed:
            self.fault_events.append(fault)
        if type(fault) is Failed or not fault.is_accepted:
            self._report(publishing.state)
        key = self._order_key(publishing.state)
        undecided = self._undecided[key]
        undecided.failures.remove(publishing.failure)
        if len(undecided.failures) > len(undecided.unpublished):
            return  # others are on their way
        if not undecided.failures:
            del self._undecided[key]
        waiting, undecided.waiting = undecided.waiting, []
        for resume in waiting:
            resume()
