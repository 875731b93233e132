"""Runs the cases of one contestant in a process of its own: ``python -m tests.bench.worker <contestant>``.

Reads one command per line, ``{"do": "run", "case": {…}, "times": n}``, and answers each with one line of JSON.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
import traceback
import tracemalloc
from typing import Any, TextIO

from tests.bench.cases import Case, Handler, Prepare, event_of, totals

__all__ = ["Runner", "main"]


class Runner:
    """Keeps handlers and batches between commands, like a warm function that keeps its modules."""

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare
        self._handlers: dict[Case, Handler] = {}
        self._events: dict[int, dict[str, Any]] = {}

    def run(self, case: Case, times: int) -> dict[str, float]:
        """Run a case; return the wall and CPU time (of all threads) of one run, in seconds."""
        handler, event = self._ready(case)
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(times):
            handler(event)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        _check_totals(case, times)
        return {"wall": wall / times, "cpu": cpu / times}

    def memory(self, case: Case) -> dict[str, float]:
        """Run a case once; return its peak memory in bytes, beyond what was in use before, including the event."""
        handler, event = self._ready(case)
        gc.collect()
        tracemalloc.start()
        try:
            handler(event)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        _check_totals(case, 1)
        return {"peak": peak}

    def forget(self) -> dict[str, float]:
        """Drop handlers and batches."""
        self._handlers.clear()
        self._events.clear()
        return {}

    def _ready(self, case: Case) -> tuple[Handler, dict[str, Any]]:
        if case.records not in self._events:
            self._events[case.records] = event_of(case.records)
        if case not in self._handlers:
            self._handlers[case] = self._prepare(case)
        return self._handlers[case], self._events[case.records]


def _check_totals(case: Case, times: int) -> None:
    done = len(totals)
    totals.clear()
    if case.job == "total" and done != case.records * case.rules * times:
        raise RuntimeError(
            f"Expected {case} to call its function for every record and rule, but it did so {done} times."
        )


def _answer(runner: Runner, command: dict[str, Any]) -> dict[str, Any]:
    if command["do"] == "forget":
        return runner.forget()
    case = Case(**command["case"])
    return runner.memory(case) if command["do"] == "memory" else runner.run(case, command["times"])


def _serve(runner: Runner, answers: TextIO) -> None:
    for line in sys.stdin:
        try:
            answer = _answer(runner, json.loads(line))
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


def main(contestant: str) -> None:
    """Serve commands until there are no more. The contestant's output is discarded."""
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        module = importlib.import_module(f"tests.bench.contestants.{contestant}")
    except Exception:
        print(json.dumps({"error": traceback.format_exc()}), file=answers, flush=True)
        return
    print(json.dumps({}), file=answers, flush=True)
    _serve(Runner(module.prepare), answers)


if __name__ == "__main__":
    main(sys.argv[1])
