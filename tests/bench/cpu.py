"""The part without I/O: CPU time and memory for each record, parsing the body included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from tests.bench.cases import Case
from tests.bench.measuring import Effort, Medians, medians
from tests.bench.processes import Contestants, has_lambda_stream
from tests.bench.report import Section, Table, Target

__all__ = ["measure", "measure_memory"]

_POWERTOOLS = partial(Case, "powertools", "total")
_STREAM = partial(Case, "stream", "total")
_LAMBDA_STREAM = partial(Case, "lambda_stream", "total")

_ROWS: Sequence[tuple[str, Callable[[int], Case]]] = (
    ("Powertools BatchProcessor, 1 function", partial(_POWERTOOLS, rules=1)),
    ("Powertools BatchProcessor, 5 functions", partial(_POWERTOOLS, rules=5)),
    ("Powertools BatchProcessor, 20 functions", partial(_POWERTOOLS, rules=20)),
    ("Powertools AsyncBatchProcessor, 1 function", partial(_POWERTOOLS, form="async")),
    ("Powertools BatchProcessor, 1 function, Logger, Metrics by hand", partial(_POWERTOOLS, form="observed")),
    ("Powertools BatchProcessor, the same, with keys on each line", partial(_POWERTOOLS, form="keys")),
    ("powertools-stream, a record handler, no rules", partial(_STREAM, form="handler")),
    ("powertools-stream, 1 matching rule", partial(_STREAM, rules=1)),
    ("powertools-stream, 5 matching rules", partial(_STREAM, rules=5)),
    ("powertools-stream, 20 matching rules", partial(_STREAM, rules=20)),
    ("powertools-stream, 1 of 1,000 rules matches", partial(_STREAM, others=999)),
    ("powertools-stream, 1 matching rule, results kept", partial(_STREAM, form="results")),
    ("powertools-stream, 20 matching rules, results kept", partial(_STREAM, rules=20, form="results")),
    ("powertools-stream, 1 matching rule, Logger, Metrics, tracer off", partial(_STREAM, form="observed")),
    ("aws-lambda-stream, 1 matching rule", partial(_LAMBDA_STREAM, rules=1)),
    ("aws-lambda-stream, 5 matching rules", partial(_LAMBDA_STREAM, rules=5)),
    ("aws-lambda-stream, 20 matching rules", partial(_LAMBDA_STREAM, rules=20)),
    ("aws-lambda-stream, 1 of 1,000 rules matches", partial(_LAMBDA_STREAM, others=999)),
)

_MOST = {10: 1.6, 100: 1.2, 1_000: 1.1, 10_000: 0.9}
"""How many times the CPU time of BatchProcessor a record may take, by the size of the batch."""

_MOST_OBSERVED = {10: 2.1}
"""How many times its CPU time a record may take with Logger and Metrics, which write as much of a small batch as of a
large one: a line and four metrics by hand take 1.6 times that of a batch of 10."""

_MOST_OBSERVED_BY_HAND = {10: 1.5}
"""How many times the CPU time of Powertools' batch utility, if all this is done by hand."""

_MEASURED_IN_BYTES = (
    "Powertools BatchProcessor, 1 function",
    "powertools-stream, 1 matching rule",
    "powertools-stream, 1 matching rule, results kept",
    "powertools-stream, 20 matching rules, results kept",
)
_MEMORY_ROWS = [row for row in _ROWS if row[0] in _MEASURED_IN_BYTES]


def measure(contestants: Contestants, effort: Effort, progress: Callable[[str], None]) -> Section:
    """Measure the CPU time of each row for each size of batch."""
    measured: Medians = {}
    for size in effort.sizes:
        progress(f"CPU time, batches of {size:,}")
        cases = [make(size) for _, make in _ROWS if _is_measured(make(size), effort)]
        measured |= medians(cases, partial(_cpu_per_record, contestants, effort), effort)
        contestants.forget()
    rows = [(name, *(_cell(measured, make(size)) for size in effort.sizes)) for name, make in _ROWS]
    table = Table(
        "CPU time per record, no I/O",
        ("batch of", *(f"{size:,}" for size in effort.sizes)),
        rows,
        "Microseconds, and how many times those of BatchProcessor with one function. Left out (–): what copies the "
        f"batch more than {effort.max_copies:,} times over, in records times rules.",
    )
    return Section([table], [target for size in effort.sizes for target in _targets(measured, size)])


def measure_memory(contestants: Contestants, effort: Effort, progress: Callable[[str], None]) -> Section:
    """Measure the peak memory of each size of batch, without the event."""
    progress("memory")
    measured: Medians = {}
    for size in effort.sizes:
        for _, make in _MEMORY_ROWS:
            case = make(size)
            # Tracing makes everything several times slower, so a tenth of the copies is enough.
            if _is_measured(case, replace(effort, max_copies=effort.max_copies // 10)):
                contestants.run(case)
                measured[case] = contestants.memory(case) / size
        contestants.forget()
    rows = [
        (name, *(f"{measured[make(size)]:,.0f}" if make(size) in measured else "–" for size in effort.sizes))
        for name, make in _MEMORY_ROWS
    ]
    columns = ("batch of", *(f"{size:,}" for size in effort.sizes))
    table = Table("Bytes per record at the peak of a batch, beyond the event itself", columns, rows)
    largest, before = max(effort.sizes), sorted(effort.sizes)[-2]
    growth = measured[_STREAM(largest)] / measured[_STREAM(before)]
    return Section([table], [Target(f"memory per record, batch of {largest:,}, times that of {before:,}", growth, 1.2)])


def _is_measured(case: Case, effort: Effort) -> bool:
    if case.contestant != "lambda_stream":
        return True
    return has_lambda_stream() and case.records * (case.rules + case.others) <= effort.max_copies


def _cpu_per_record(contestants: Contestants, effort: Effort, case: Case) -> float:
    times = 1 if case.contestant == "lambda_stream" else max(1, effort.records // case.records)
    return contestants.run(case, times)["cpu"] / case.records


def _cell(measured: Medians, case: Case) -> str:
    if case not in measured:
        return "–"
    base = measured[_POWERTOOLS(case.records)]
    return f"{measured[case] * 1e6:,.1f}  ×{measured[case] / base:,.2f}"


def _targets(measured: Medians, size: int) -> list[Target]:
    powertools, one = measured[_POWERTOOLS(size)], measured[_STREAM(size)]
    kept, observed = measured[_STREAM(size, form="results")], measured[_STREAM(size, form="observed")]
    by_hand = measured[_POWERTOOLS(size, form="keys")]
    each = [(measured[_STREAM(size, rules)] - one) / (rules - 1) / powertools for rules in (5, 20)]
    return [
        Target(f"1 matching rule, times BatchProcessor, batch of {size:,}", one / powertools, _MOST.get(size, 2.0)),
        Target(f"1 matching rule, results kept, times BatchProcessor, batch of {size:,}", kept / powertools, 1.35),
        Target(
            f"Logger, Metrics, times none, batch of {size:,}",
            observed / one,
            _MOST_OBSERVED.get(size, 1.25),
        ),
        Target(
            f"Logger, Metrics, times the same by hand, batch of {size:,}",
            observed / by_hand,
            _MOST_OBSERVED_BY_HAND.get(size, 1.0),
        ),
        Target(f"each further matching rule, times BatchProcessor, batch of {size:,}", max(each), 0.2),
        Target(f"1 of 1,000 rules, times 1 rule, batch of {size:,}", measured[_STREAM(size, 1, 999)] / one, 1.2),
    ]
