"""The observers of a processor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from powertools_stream.options import AnyLogger
from powertools_stream.outcomes import Observer
from powertools_stream.telemetry.logs import LogObserver, log_of

__all__ = ["observers_for"]


def observers_for(logger: AnyLogger | None, metrics: Any, others: Sequence[Observer]) -> tuple[Observer, ...]:
    """Return the observers of a processor; without a logger of the user's, the library's own is written to."""
    return (LogObserver(log_of(logger)), *_metrics_observers(metrics), *others)


def _metrics_observers(metrics: Any) -> tuple[Observer, ...]:
    if metrics is None:
        return ()
    from powertools_stream.telemetry.metrics import MetricsObserver

    return (MetricsObserver(metrics),)
