"""What user code notes while it runs: in which invocation it does, and how often it has failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.soak.failing import HANGING, IN_COROUTINES, fail, fail_in_coroutine
from tests.soak.history import History
from tests.soak.program import CodeFailure, Program
from tests.soak.sources import MARK

__all__ = ["Journal", "stamp"]


class Journal:
    """The journal of a run.

    Parameters
    ----------
    program
        Says where user code fails.
    history
        Gets what the oracle has to know.

    Attributes
    ----------
    current
        The invocation that is under way; None: there is none.
    is_calm
        Whether nothing fails any more.
    """

    def __init__(self, program: Program, history: History) -> None:
        self.history = history
        self.current: int | None = None
        self.is_calm = False
        self._failures = {(one.rule_id, one.ref, one.place): one for one in program.code}
        self._times: Counter[CodeFailure] = Counter()
        # A hang on another thread than the main one cannot be cut off: the next invocation waits for its end.
        self._hangs_for = 0.8 if program.options.own_thread else 5.0

    def step(self, uow: Mapping[str, Any], rule_id: str, what: str) -> None:
        """Take note of a step of user code."""
        mark = uow["record"][MARK]
        if mark["invocation"] != self.current:
            self.history.foreign.append(
                f"{rule_id} on {mark['ref']} of invocation {mark['invocation']}: {what} in invocation {self.current}"
            )

    def enter(self, uow: Mapping[str, Any], rule_id: str, place: str) -> None:
        """Take note of a step, and fail if that is planned."""
        self.step(uow, rule_id, place)
        if (kind := self._failure(uow, rule_id, place)) is not None:
            fail(kind, self._hangs_for)

    async def enter_coroutine(self, uow: Mapping[str, Any], rule_id: str, place: str) -> None:
        """Take note of a step, and fail as a coroutine does if that is planned."""
        self.step(uow, rule_id, place)
        if (kind := self._failure(uow, rule_id, place)) is not None:
            await fail_in_coroutine(kind, self._hangs_for, lambda: self.step(uow, rule_id, f"{place}, {kind}"))

    def enter_worker(self, uow: Mapping[str, Any], rule_id: str) -> None:
        """Take note of a step on a worker thread, and fail if that is planned; a hang cannot be cut off there."""
        if self.current is not None:  # a call may begin in the moment in which its batch ends
            self.step(uow, rule_id, "a call")
        kind = self._failure(uow, rule_id, "code")
        if kind is not None and kind not in IN_COROUTINES:
            fail(kind, 0.6 if kind in HANGING else 0.0)

    def finish(self, uow: Mapping[str, Any], rule_id: str, label: str) -> None:
        """Take note that a rule has done something that no service sees."""
        mark = uow["record"][MARK]
        self.history.did(mark["invocation"], mark["ref"], rule_id, label)

    def expect(self, holds: bool, uow: Mapping[str, Any], rule_id: str, what: str) -> None:
        """Take note of an answer that is wrong."""
        if not holds:
            mark = uow["record"][MARK]
            self.history.wrong.append(f"{rule_id} on {mark['ref']}, invocation {mark['invocation']}: {what}")

    def _failure(self, uow: Mapping[str, Any], rule_id: str, place: str) -> str | None:
        failure = self._failures.get((rule_id, uow["record"][MARK]["ref"], place))
        if failure is None or self.is_calm or self._times[failure] >= failure.times:
            return None
        self._times[failure] += 1
        return failure.kind


def stamp(seed: int, uow: Mapping[str, Any], rule_id: str, label: str) -> str:
    """Return what a write carries, so that whoever sees it knows whose it is."""
    mark = uow["record"][MARK]
    return f"{seed}.{mark['invocation']}.{mark['ref']}.{rule_id}.{label}"
