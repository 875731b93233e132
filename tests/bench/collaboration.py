"""100 records of each flavor: which calls they make, and how long they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.bench.calls import sample
from tests.bench.cases import LATENCY, Case
from tests.bench.contestants.flavors import FLAVORS
from tests.bench.measuring import Effort, Medians, medians
from tests.bench.processes import Contestants, Endpoint
from tests.bench.report import Section, Table

__all__ = ["measure"]

_NOTE = (
    "The calls themselves: the same ones, ready-made, with boto3 on as many threads, one kind after the other. Every "
    "two records of evaluate have one correlation key; compact makes 10 units of work of all records; the job scans "
    f"100 items in pages of 25. Answers come after {LATENCY * 1e3:.0f} ms."
)


def measure(endpoint: Endpoint, contestants: Contestants, effort: Effort, progress: Callable[[str], None]) -> Section:
    """Measure each flavor, and its calls made without it."""
    records = effort.flavored
    calls: dict[Case, Mapping[str, int]] = {}
    measured: Medians = {}
    for flavor in FLAVORS:
        progress(f"flavors: {flavor}")
        cases = [Case(contestant, "flavor", records, form=flavor) for contestant in ("flavors", "replay")]
        measured |= medians(cases, lambda case: sample(endpoint, contestants, case, calls), effort)
        contestants.forget()
    rows = [_row(flavor, records, measured, calls) for flavor in FLAVORS]
    title = f"{records:,} records of each flavor"
    return Section([Table(title, ("", "calls", "ms", "the calls themselves"), rows, _NOTE)], [])


def _row(
    flavor: str, records: int, measured: Medians, calls: Mapping[Case, Mapping[str, int]]
) -> tuple[str, str, str, str]:
    ours, theirs = (Case(contestant, "flavor", records, form=flavor) for contestant in ("flavors", "replay"))
    made = ", ".join(f"{count} {operation}" for operation, count in sorted(calls[ours].items()))
    return flavor, made, f"{measured[ours] * 1e3:,.0f}", f"×{measured[ours] / measured[theirs]:.2f}"
