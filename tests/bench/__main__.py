"""The benchmark: ``python -m tests.bench [--quick] [--write docs/benchmark.md]``.

Measures this library beside Powertools' batch utility, aws-lambda-stream and code written by hand, in one run.
"""

from __future__ import annotations

import argparse
import compileall
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

import powertools_stream
from tests.bench import calls, cold_start, collaboration, cpu, imports, per_call, redelivery, sinks
from tests.bench.measuring import Effort
from tests.bench.processes import Contestants, Endpoint, has_lambda_stream
from tests.bench.report import Report, Section, write

__all__ = ["QUICK", "main", "run"]

QUICK = Effort(
    sizes=(5, 20),
    records=20,
    max_copies=50,
    rounds=1,
    seconds=0.1,
    emits=(12,),
    writes=(5,),
    flavored=20,
    sent=(12,),
    imports=1,
    first=(10,),
    repeated=3,
)
"""Only to check that it runs; its figures mean nothing."""


def run(effort: Effort, progress: Callable[[str], None]) -> Report:
    """Measure everything."""
    started = time.monotonic()
    # Where PYTHONDONTWRITEBYTECODE is set, the compiler would be measured.
    compileall.compile_dir(next(iter(powertools_stream.__path__)), quiet=1)
    with Endpoint() as endpoint, Contestants(endpoint) as contestants:
        sections: list[Section] = [
            cpu.measure(contestants, effort, progress),
            cpu.measure_memory(contestants, effort, progress),
            calls.measure(endpoint, contestants, effort, progress),
            per_call.measure(effort, progress),
            collaboration.measure(endpoint, contestants, effort, progress),
            sinks.measure(endpoint, contestants, effort, progress),
            redelivery.measure(endpoint, contestants, effort, progress),
            cold_start.measure(effort, progress),
            imports.measure(effort, progress),
        ]
    return Report(sections, time.monotonic() - started)


def main() -> None:
    """Measure, print, and write the report if asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: to see that it runs")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this Markdown page")
    arguments = parser.parse_args()
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    if not has_lambda_stream():
        console.print("aws-lambda-stream is not installed (extra: bench); it is left out.")
    with console.status("measuring") as status:
        report = run(QUICK if arguments.quick else Effort(), lambda what: _say(console, status.update, what))
    report.show(console)
    if arguments.write:
        write(report, arguments.write)
        console.print(f"Written to {arguments.write}.")


def _say(console: Console, update: Callable[[str], None], what: str) -> None:
    update(f"measuring: {what}")
    if not console.is_terminal:
        console.print(f"measuring: {what}", highlight=False)


if __name__ == "__main__":
    main()
