"""Random programs for as long as one likes: ``python -m tests.soak [--programs N | --seconds N | --seed N -v]``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures.process import BrokenProcessPool

from tests.soak.drawing import draw
from tests.soak.examining import Summary, Verdict, examine
from tests.soak.processes import portions, verdicts
from tests.soak.program import describe
from tests.soak.running import soaking
from tests.soak.violations import KINDS


def main() -> int:
    """Run programs; 1 if something went wrong, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--programs", type=int, help="how many programs to run; default: 1000")
    parser.add_argument("--seconds", type=float, help="how long to run programs")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed")
    parser.add_argument("--seed", type=int, help="run the program of this seed alone")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what the programs consist of")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        return _run_one(arguments.seed, verbose=arguments.verbose)
    programs = arguments.programs or (None if arguments.seconds else 1_000)
    return _run_many(arguments.first, programs, arguments.seconds, arguments.processes, verbose=arguments.verbose)


def _run_one(seed: int, *, verbose: bool) -> int:
    if verbose:
        print(describe(draw(seed)))
    with soaking() as endpoint:
        verdict = examine(seed, endpoint)
    print("\n".join(f"  !! {violation}" for violation in verdict.violations) or "  nothing went wrong")
    return 1 if verdict.violations else 0


def _run_many(first: int, programs: int | None, seconds: float | None, processes: int, *, verbose: bool) -> int:
    summary, started, told_at = Summary(), time.monotonic(), time.monotonic()
    until = started + seconds if seconds is not None else None
    try:
        for verdict in verdicts(portions(first, programs, until), processes):
            summary.add(verdict)
            if verdict.violations:
                print(verdict if verbose else _short(verdict), flush=True)
            if time.monotonic() - told_at > 10:
                told_at = time.monotonic()
                print(f"… {_said(summary, told_at - started)}", flush=True)
    except BrokenProcessPool:
        print("A process has ended before its programs: see above.")
        summary.violations["hung"] += 1
    print(_said(summary, time.monotonic() - started))
    return 1 if summary.violations else 0


def _short(verdict: Verdict) -> str:
    kinds = ", ".join(sorted({violation.kind for violation in verdict.violations}))
    return f"program {verdict.seed}: {kinds}; python -m tests.soak --seed {verdict.seed} -v"


def _said(summary: Summary, seconds: float) -> str:
    found = ", ".join(f"{summary.violations[kind]} {kind}" for kind in (*KINDS, "hung"))
    return (
        f"{summary.programs} programs, {summary.invocations} invocations, {summary.records} records in "
        f"{seconds:.0f} s: {found}; {summary.near_misses} near misses"
    )


if __name__ == "__main__":
    sys.exit(main())
