"""Records that come again: what checkpoints cost and spare, and idempotent rules beside `@idempotent_function`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from tests.bench.calls import sample
from tests.bench.cases import LATENCY, Case
from tests.bench.measuring import Effort, Medians, medians
from tests.bench.processes import Contestants, Endpoint
from tests.bench.report import Section, Table, Target

__all__ = ["measure"]

_TOTAL = partial(Case, "redelivery", "total")
_REDELIVERED = partial(Case, "redelivery", "redeliver")
_SIZES = (1, 10, 100)
_IDEMPOTENT = tuple(Case("redelivery", "idempotent", 10, form=form) for form in ("function", "rule"))


def measure(endpoint: Endpoint, contestants: Contestants, effort: Effort, progress: Callable[[str], None]) -> Section:
    """Measure messages of which none fails, messages that fail in one of two rules, and keys."""
    calls: dict[Case, Mapping[str, int]] = {}
    progress("checkpoints, nothing fails")
    idle = [_TOTAL(100, form=form) for form in ("", "checkpoints")]
    cpu = medians(idle, lambda case: contestants.run(case, max(1, effort.records // 100))["cpu"], effort)
    for case in idle:
        sample(endpoint, contestants, case, calls)
    progress("checkpoints, redelivery; idempotent rules")
    cases = [_REDELIVERED(size, form=form) for size in _SIZES for form in ("", "checkpoints")]
    measured = medians([*cases, *_IDEMPOTENT], lambda case: sample(endpoint, contestants, case, calls), effort)
    contestants.forget()
    return Section(
        [_checkpoints(idle, cpu, measured, calls), _idempotent(measured, calls)],
        [*_idle_targets(idle, cpu, calls), *_targets(measured, calls)],
    )


def _checkpoints(idle: list[Case], cpu: Medians, measured: Medians, calls: Mapping[Case, Mapping[str, int]]) -> Table:
    rows = [_row("100 messages, none fails", idle[0], idle[1], cpu, calls)]
    for size in _SIZES:
        without = _REDELIVERED(size)
        title = f"{size:,} message{'s' if size > 1 else ''}, each fails in one of two rules and comes again"
        rows.append(_row(title, without, replace(without, form="checkpoints"), measured, calls))
    note = (
        "Both deliveries together. The rule that succeeds updates a row for each message. Times are wall-clock time, "
        f"with {LATENCY * 1e3:.0f} ms for each answer; where no call is made, CPU time."
    )
    return Table("Checkpoints on SQS", ("", "calls without", "with", "ms without", "with", "ratio"), rows, note)


def _row(
    title: str, without: Case, having: Case, measured: Medians, calls: Mapping[Case, Mapping[str, int]]
) -> tuple[str, ...]:
    made = [_operations(calls[case]) for case in (without, having)]
    times = [f"{measured[case] * 1e3:,.1f}" for case in (without, having)]
    return title, *made, *times, f"×{measured[having] / measured[without]:.2f}"


def _operations(calls: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {operation}" for operation, count in sorted(calls.items())) or "0"


def _idempotent(measured: Medians, calls: Mapping[Case, Mapping[str, int]]) -> Table:
    base = measured[_IDEMPOTENT[0]]
    rows = [
        (title, str(sum(calls[case].values())), f"{measured[case] * 1e3:,.0f}", f"×{measured[case] / base:.2f}")
        for title, case in zip(("@idempotent_function", "a rule with idempotent=True"), _IDEMPOTENT, strict=True)
    ]
    return Table("10 records, each with a new idempotency key", ("", "calls", "ms", "ratio"), rows)


def _idle_targets(idle: list[Case], cpu: Medians, calls: Mapping[Case, Mapping[str, int]]) -> list[Target]:
    without, having = idle
    return [
        Target("calls of checkpoints on SQS while nothing fails", sum(calls[having].values()), 0, ""),
        Target("CPU time with checkpoints on SQS while nothing fails, times without", cpu[having] / cpu[without], 1.1),
    ]


def _targets(measured: Medians, calls: Mapping[Case, Mapping[str, int]]) -> list[Target]:
    without, having = (sum(calls[_REDELIVERED(10, form=form)].values()) for form in ("", "checkpoints"))
    function, rule = (measured[case] for case in _IDEMPOTENT)
    return [
        Target("10 messages that come again, calls with checkpoints, times without", having / without, 1.0),
        Target("idempotent=True, wall time, times @idempotent_function", rule / function, 0.2),
    ]
