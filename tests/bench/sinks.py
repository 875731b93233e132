"""100 and 1,000 records into each sink that batches: how many calls they make, and how long they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil

from tests.bench.calls import sample
from tests.bench.cases import LATENCY, THREADS, Case
from tests.bench.contestants.sinks import SINKS
from tests.bench.measuring import Effort, Medians, medians
from tests.bench.processes import Contestants, Endpoint
from tests.bench.report import Section, Table

__all__ = ["measure"]

_NOTE = (
    f"At least: {LATENCY * 1e3:.0f} ms of latency for each round of {THREADS} calls at a time. What comes on top is "
    "the work of this process: reading the records, and 1.5 to 2.5 ms of CPU that boto3 takes for a call, one call "
    "after the other whatever the number of threads."
)


def measure(endpoint: Endpoint, contestants: Contestants, effort: Effort, progress: Callable[[str], None]) -> Section:
    """Measure each sink at each size."""
    calls: dict[Case, Mapping[str, int]] = {}
    measured: Medians = {}
    for sink in SINKS:
        progress(f"sinks: {sink}")
        cases = [_case(sink, size) for size in effort.sent]
        measured |= medians(cases, lambda case: sample(endpoint, contestants, case, calls), effort)
        contestants.forget()
    return Section([_table(size, measured, calls) for size in effort.sent], [])


def _case(sink: str, size: int) -> Case:
    return Case("sinks", "send", size, form=sink)


def _table(size: int, measured: Medians, calls: Mapping[Case, Mapping[str, int]]) -> Table:
    rows = []
    for sink in SINKS:
        case = _case(sink, size)
        made = sum(calls[case].values())
        least = LATENCY * ceil(made / THREADS)
        wall = measured[case]
        rows.append((sink, f"{made:,}", f"{wall * 1e3:,.0f}", f"{least * 1e3:,.0f}", f"×{wall / least:.2f}"))
    columns = ("", "calls", "ms", "at least, ms", "ratio")
    return Table(f"{size:,} records send an entry each", columns, rows, _NOTE)
