"""Runs programs by their seeds, and says what came of each."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from powertools_stream.testing.endpoint import ScriptedEndpoint
from tests.soak.drawing import draw
from tests.soak.history import History
from tests.soak.oracle import TOLERANCE, check
from tests.soak.program import Program, describe
from tests.soak.running import run
from tests.soak.violations import Violation

__all__ = ["Summary", "Verdict", "examine"]

_LONGEST_RUN = 60.0
"""Seconds after which a run is taken for one that never ends."""


@dataclass(frozen=True)
class Verdict:
    """What came of one program.

    Parameters
    ----------
    near_misses
        Invocations that ended too late, but by no more than what a busy machine explains.
    description
        What the program consists of, if something went wrong.
    """

    seed: int
    invocations: int
    records: int
    near_misses: int
    seconds: float
    violations: tuple[Violation, ...]
    description: str = ""

    def __str__(self) -> str:
        return "\n".join([self.description, *(f"  !! {violation}" for violation in self.violations)])


@dataclass
class Summary:
    """What came of many."""

    programs: int = 0
    invocations: int = 0
    records: int = 0
    near_misses: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    failed: list[int] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        self.programs += 1
        self.invocations += verdict.invocations
        self.records += verdict.records
        self.near_misses += verdict.near_misses
        self.violations.update(violation.kind for violation in verdict.violations)
        if verdict.violations:
            self.failed.append(verdict.seed)


def examine(seed: int, endpoint: ScriptedEndpoint) -> Verdict:
    """Run the program of a seed, and check what happened.

    One that ended too late is run again, to see whether that was because the machine was busy.
    """
    program = draw(seed)
    with _ending(seed):
        history = run(program, endpoint)
        violations = check(program, history)
        near_misses = _near_misses(history)
        for _ in range(2):
            if {violation.kind for violation in violations} != {"late"}:
                break
            near_misses += len(violations)
            violations = check(program, run(program, endpoint))
    return _verdict(program, history, near_misses, violations)


def _verdict(program: Program, history: History, near_misses: int, violations: list[Violation]) -> Verdict:
    return Verdict(
        seed=program.seed,
        invocations=len(history.deliveries),
        records=sum(len(delivery.refs) for delivery in history.deliveries),
        near_misses=near_misses,
        seconds=history.seconds,
        violations=tuple(violations),
        description=describe(program) if violations else "",
    )


def _near_misses(history: History) -> int:
    return sum(
        delivery.remaining is not None and 0 < delivery.elapsed - delivery.remaining <= TOLERANCE
        for delivery in history.deliveries
    )


@contextmanager
def _ending(seed: int) -> Iterator[None]:
    """End the process if a run does not end, and say where it is."""
    timer = threading.Timer(_LONGEST_RUN, _give_up, [seed])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _give_up(seed: int) -> None:
    print(f"program {seed} has not ended after {_LONGEST_RUN:.0f} s:", file=sys.stderr)
    faulthandler.dump_traceback(file=sys.stderr)
    os._exit(3)
