"""What is counted of a batch, once at its end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from powertools_stream.environment.variables import variable
from powertools_stream.outcomes import BatchSummary, CallDetails, Fault, RecordDetails
from powertools_stream.rules.compiled import NO_RULE

__all__ = ["MetricsObserver"]


class MetricsObserver:
    """Adds up what a batch did with Powertools' Metrics; the handler's own decorator flushes them.

    Each metric is added once for a batch, since that costs as much as two records. What is 0 is left out, but for
    ``Records``, ``RuleRuns`` and ``BatchDuration``.

    Parameters
    ----------
    metrics
        Powertools' Metrics.
    per_rule
        Whether runs and faults are counted for each rule as well, under the dimension ``rule``.
    """

    def __init__(self, metrics: Any, *, per_rule: bool = False) -> None:
        self._metrics = metrics
        self._per_rule = per_rule

    def on_call(self, details: CallDetails) -> None:
        """Do nothing: calls are counted at the end of the batch."""

    def on_record_failed(self, details: RecordDetails) -> None:
        """Do nothing: records are counted at the end of the batch."""

    def on_batch(self, summary: BatchSummary) -> None:
        """Add the metrics of the batch."""
        for name, value in _counts(summary):
            self._metrics.add_metric(name=name, unit="Count", value=value)
        for name, value in _milliseconds(summary):
            self._metrics.add_metric(name=name, unit="Milliseconds", value=value)
        if (size := variable("BATCH_SIZE")) and size.isdecimal() and int(size):
            self._metrics.add_metric(name="BatchUtilization", unit="Percent", value=100 * summary.records / int(size))
        if self._per_rule:
            self._add_for_rules(summary)

    def _add_for_rules(self, summary: BatchSummary) -> None:
        """Write the metrics of each rule. They have other dimensions than the rest, so that each rule takes a line."""
        from aws_lambda_powertools.metrics import EphemeralMetrics

        faults = Counter(fault.rule_id for fault in summary.faults if fault.rule_id != NO_RULE.id)
        # One whose filter raises, or whose event does not fit its model, has not run.
        for rule_id in dict.fromkeys((*summary.runs, *faults)):
            own = EphemeralMetrics(namespace=self._metrics.namespace, service=self._metrics.service)
            for name, value in {**getattr(self._metrics, "default_dimensions", {}), "rule": rule_id}.items():
                own.add_dimension(name=name, value=value)
            own.add_metric(name="RuleRuns", unit="Count", value=summary.runs.get(rule_id, 0))
            own.add_metric(name="Faults", unit="Count", value=faults[rule_id])
            own.flush_metrics()


def _counts(summary: BatchSummary) -> Iterator[tuple[str, float]]:
    yield "Records", summary.records
    yield "RuleRuns", sum(summary.runs.values())
    counts = {
        "RecordsUnmatched": summary.unmatched,
        "RecordsReported": summary.reported,
        "RecordsSetAside": summary.set_aside,
        "RulesSkipped": summary.skipped,
        **(_of_faults(summary.faults) if summary.faults else {}),
        **(_of_calls(summary.calls) if summary.calls else {}),
    }
    for name, count in counts.items():
        if count:
            yield name, count


def _of_faults(faults: Sequence[Fault]) -> dict[str, int]:
    return {
        "Faults": len(faults),
        "FaultEventsUnpublished": sum(fault.publishing_error is not None for fault in faults),
    }


def _of_calls(calls: Sequence[CallDetails]) -> dict[str, int]:
    return {
        "Calls": len(calls),
        "FailedEntries": sum(call.failed for call in calls),
        "ConditionsFailed": sum(call.refused for call in calls),
    }


def _milliseconds(summary: BatchSummary) -> Iterator[tuple[str, float]]:
    yield "BatchDuration", round(summary.seconds * 1_000, 3)
    if summary.calls:
        yield "CallTime", round(sum(call.seconds for call in summary.calls) * 1_000, 3)
    if summary.oldest_timestamp is not None:
        # The clock of whoever made the event may be fast.
        yield "EventAge", max(0.0, round(time.time() * 1_000 - summary.oldest_timestamp, 3))
