"""The observers of a processor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from powertools_stream.telemetry.logs import LogObserver, log_of

if TYPE_CHECKING:
    from powertools_stream.options import ProcessorOptions
    from powertools_stream.outcomes import Observer

__all__ = ["observers_for"]


def observers_for(options: ProcessorOptions) -> tuple[Observer, ...]:
    """Return the observers of a processor; without a logger of the user's, the library's own is written to."""
    log = LogObserver(log_of(options.logger), has_keys=options.logger is not None)
    return (*_tracer_observers(options), log, *_metrics_observers(options), *options.observers)


def _tracer_observers(options: ProcessorOptions) -> Iterator[Observer]:
    if options.tracer is not None:
        from powertools_stream.telemetry.tracing import TracerObserver

        yield TracerObserver(options.tracer)


def _metrics_observers(options: ProcessorOptions) -> Iterator[Observer]:
    if options.metrics is not None:
        from powertools_stream.telemetry.metrics import MetricsObserver

        yield MetricsObserver(options.metrics, per_rule=options.metrics_per == "rule")
