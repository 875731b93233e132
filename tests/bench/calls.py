"""The part with I/O: calls and wall time, against an endpoint that answers after a delay."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import median
from urllib.parse import urlsplit

from tests.bench.cases import LATENCY, THREADS, Case, Job
from tests.bench.measuring import Effort, Medians, medians
from tests.bench.processes import Contestants, Endpoint, has_lambda_stream
from tests.bench.report import Section, Table, Target

__all__ = ["measure", "sample"]

_WHAT: dict[Job, str] = {
    "emit": "{:,} records emit an event each",
    "put": "{:,} records put an item each",
    "update": "{:,} records update a row each",
    "object": "{:,} records put an object each",
    "message": "{:,} records send a message each",
}
_ENTRIES: dict[Job, int] = {"emit": 10, "put": 25, "update": 1, "object": 1, "message": 10}
"""How many entries a call takes, from which the minimum number of calls follows."""

# Wall time, times written by hand on 8 threads.
_LIMITS: dict[tuple[Job, int], float] = {
    ("emit", 100): 0.75,
    ("emit", 1_000): 0.6,
    ("update", 100): 0.45,
    ("object", 100): 0.7,
    ("message", 100): 0.75,
}
# The same on 32 threads, as many as calls of this library may have. The default of all is 0.9.
_LIMITS_BESIDE_32: dict[Job, float] = {"update": 0.5}
# The jobs that only this library and code by hand have.
_OURS_ALONE: frozenset[Job] = frozenset({"object", "message"})

_ROWS: Sequence[tuple[str, str, str]] = (
    ("written by hand, 8 threads", "by_hand", ""),
    ("written by hand, 32 threads", "by_hand", "32"),
    ("powertools-stream", "stream", ""),
    ("aws-lambda-stream", "lambda_stream", ""),
    ("AsyncBatchProcessor, a call per record, 8 threads", "powertools", "async"),
    ("BatchProcessor, a call per record", "powertools", ""),
)


def measure(endpoint: Endpoint, contestants: Contestants, effort: Effort, progress: Callable[[str], None]) -> Section:
    """Measure each job with each contestant, and what the endpoint itself takes."""
    progress("the endpoint")
    answers_after, cpu_per_call = _endpoint_alone(endpoint)
    jobs: list[tuple[Job, int]] = [("emit", size) for size in effort.emits]
    writes: Sequence[Job] = ("put", "update", "object", "message")
    jobs += [(job, size) for job in writes for size in effort.writes]
    measured: Medians = {}
    calls: dict[Case, Mapping[str, int]] = {}
    for job, size in jobs:
        progress(f"calls: {_WHAT[job].format(size)}")
        cases = [case for case in (_case(row, job, size) for row in _ROWS) if _is_measured(case)]
        measured |= medians(cases, lambda case: sample(endpoint, contestants, case, calls), effort)
        contestants.forget()
    tables = [_table(job, size, measured, calls) for job, size in jobs]
    note = (
        f"Answers come after {LATENCY * 1e3:.0f} ms, measured {answers_after * 1e3:.1f} ms with {THREADS} connections "
        f"busy; the endpoint, a process of its own, takes {cpu_per_call * 1e6:.0f} µs of CPU per call."
    )
    tables[-1] = replace(tables[-1], note=note)
    return Section(tables, [target for job, size in jobs for target in _targets(job, size, measured, calls)])


def _case(row: tuple[str, str, str], job: Job, size: int) -> Case:
    _, contestant, form = row
    return Case(contestant, job, size, form=form)


def _is_measured(case: Case) -> bool:
    if case.job in _OURS_ALONE:
        return case.contestant in ("by_hand", "stream")
    if case.contestant == "powertools" and not case.form:
        return case.records <= 100  # one call after the other: larger batches would take minutes, and show nothing new
    return case.contestant != "lambda_stream" or has_lambda_stream()


def sample(endpoint: Endpoint, contestants: Contestants, case: Case, calls: dict[Case, Mapping[str, int]]) -> float:
    """Run a case once, and count its calls by operation, which must be the same each time."""
    endpoint.calls()
    seconds = contestants.run(case)["wall"]
    came = endpoint.calls()
    if calls.setdefault(case, came) != came:
        raise RuntimeError(f"Expected {case} to make {calls[case]} calls each time, but it has made {came}.")
    return seconds


def _table(job: Job, size: int, measured: Medians, calls: Mapping[Case, Mapping[str, int]]) -> Table:
    base = measured[Case("by_hand", job, size)]
    rows = []
    for row in _ROWS:
        case = _case(row, job, size)
        if case in measured:
            wall = measured[case]
            rows.append((row[0], f"{sum(calls[case].values()):,}", f"{wall * 1e3:,.0f}", f"×{wall / base:.2f}"))
        else:
            rows.append((row[0], "–", "–", "–"))
    return Table(f"{_WHAT[job].format(size)}", ("", "calls", "ms", "by hand"), rows)


def _targets(job: Job, size: int, measured: Medians, calls: Mapping[Case, Mapping[str, int]]) -> list[Target]:
    ours, by_hand = Case("stream", job, size), Case("by_hand", job, size)
    what = _WHAT[job].format(size)
    least = -(-size // _ENTRIES[job])
    on_32 = Target(
        f"{what}: wall time, times written by hand on 32 threads",
        measured[ours] / measured[Case("by_hand", job, size, form="32")],
        _LIMITS_BESIDE_32.get(job, 0.9),
    )
    return [
        Target(f"{what}: calls", sum(calls[ours].values()), least, ""),
        Target(
            f"{what}: wall time, times written by hand",
            measured[ours] / measured[by_hand],
            _LIMITS.get((job, size), 1.15),
        ),
        *([on_32] if (job, size) in _LIMITS else []),
    ]


def _endpoint_alone(endpoint: Endpoint, calls: int = 50) -> tuple[float, float]:
    """Return the endpoint's time per answer with all connections busy, and its CPU time per call, in seconds."""
    before = endpoint.cpu()
    with ThreadPoolExecutor(THREADS) as pool:
        several = pool.map(_call, [endpoint] * THREADS, [calls] * THREADS)
        seconds = [each for one in several for each in one]
    return median(seconds), (endpoint.cpu() - before) / len(seconds)


def _call(endpoint: Endpoint, calls: int) -> list[float]:
    trust = ssl.create_default_context(cafile=endpoint.bundle)
    connection = http.client.HTTPSConnection(urlsplit(endpoint.url).netloc, context=trust)
    connection.connect()
    seconds = []
    for _ in range(calls):
        started = time.perf_counter()
        connection.request("POST", "/", b"{}", {"X-Amz-Target": "AWSEvents.PutEvents"})
        connection.getresponse().read()
        seconds.append(time.perf_counter() - started)
    connection.close()
    return seconds
