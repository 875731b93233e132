"""The CPU of a call, over TLS: boto3's own, with the library's connections, and by the lean call path."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench.cases import Case
from tests.bench.contestants.one_call import CALLS
from tests.bench.measuring import Effort, Medians, medians
from tests.bench.processes import Contestants, Endpoint
from tests.bench.report import Section, Table, Target

__all__ = ["measure"]

_FORMS = ("boto3", "full", "lean")
_LIMIT = 0.3
_NOTE = (
    "One call after the other on one thread; the CPU time of the process that makes them. Full: POWERTOOLS_STREAM_LEAN_"
    "CALLS=off, so botocore's own path over the library's connections. PutObject is no lean call."
)


def measure(effort: Effort, progress: Callable[[str], None]) -> Section:
    """Measure each call in each form. The endpoint answers at once: this is about CPU."""
    measured: Medians = {}
    with Endpoint(latency=0) as endpoint, Contestants(endpoint) as own:
        for name in CALLS:
            progress(f"a call: {name}")
            cases = [_case(name, form, effort) for form in _FORMS]
            measured |= medians(cases, lambda case: own.run(case)["cpu"] / case.records, effort)
            own.forget()
    rows = [_row(name, measured, effort) for name in CALLS]
    table = Table("CPU time per call, over TLS", ("", "boto3, µs", "full, µs", "lean, µs", "full", "lean"), rows, _NOTE)
    return Section([table], [_target(name, measured, effort) for name in CALLS if not name.startswith("PutObject")])


def _case(name: str, form: str, effort: Effort) -> Case:
    return Case("one_call", "send", effort.repeated, form=f"{name}|{form}")


def _row(name: str, measured: Medians, effort: Effort) -> tuple[str, ...]:
    boto3, full, lean = (measured[_case(name, form, effort)] for form in _FORMS)
    micros = [f"{each * 1e6:,.0f}" for each in (boto3, full, lean)]
    return (name, *micros, f"×{full / boto3:.2f}", f"×{lean / boto3:.2f}")


def _target(name: str, measured: Medians, effort: Effort) -> Target:
    boto3, _, lean = (measured[_case(name, form, effort)] for form in _FORMS)
    return Target(f"{name}: CPU of a lean call, times boto3's", lean / boto3, _LIMIT)
