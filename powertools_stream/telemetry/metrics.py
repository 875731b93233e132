"""What is counted: failed records, and calls."""

from __future__ import annotations

from typing import Any

from powertools_stream.outcomes import CallDetails, Disposition, RecordDetails

__all__ = ["MetricsObserver"]


class MetricsObserver:
    """Counts failed records and calls with Powertools' Metrics; the handler's own decorator flushes them.

    Parameters
    ----------
    metrics
        Powertools' Metrics.
    """

    def __init__(self, metrics: Any) -> None:
        self._metrics = metrics

    def on_call(self, details: CallDetails) -> None:
        """Count one call, its failed entries, and the conditions that did not hold."""
        self._metrics.add_metric(name="Calls", unit="Count", value=1)
        if details.failed:
            self._metrics.add_metric(name="FailedEntries", unit="Count", value=details.failed)
        if details.refused:
            self._metrics.add_metric(name="ConditionsFailed", unit="Count", value=details.refused)

    def on_record_failed(self, details: RecordDetails) -> None:
        """Count one record, as reported or as set aside."""
        name = "RecordsSetAside" if details.disposition is Disposition.SET_ASIDE else "RecordsReported"
        self._metrics.add_metric(name=name, unit="Count", value=1)
