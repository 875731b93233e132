"""Powertools' Logger, Tracer and Metrics as observers of the engine."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeAlias

from powertools_stream.outcomes import CallDetails, Disposition, Fault, Observer, Reason, RecordDetails
from powertools_stream.rules.switches import Switches

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

__all__ = ["AnyLogger", "LogObserver", "MetricsObserver", "log_of", "observers_for", "tell_switches", "traced"]

AnyLogger: TypeAlias = "logging.Logger | Logger"
"""A logger of the standard library, or Powertools' Logger, which is not one to the type checker."""

_QUIET = frozenset({Reason.RETRYABLE, Reason.UNFINISHED, Reason.HELD_BACK})
"""Reasons that pass by themselves: warnings, where the others are errors."""


class LogObserver:
    """Writes one line for each record that failed: which rule, why, and the how-manieth attempt it was.

    The payload is not logged.

    Parameters
    ----------
    logger
        Powertools' Logger or one of the standard library.
    """

    def __init__(self, logger: AnyLogger) -> None:
        self._logger = logger

    def on_call(self, details: CallDetails) -> None:
        """Say which calls were made, for debugging."""
        self._logger.debug(
            "%s %s: %d entries, %d failed", details.service, details.operation, details.entries, details.failed
        )

    def on_record_failed(self, details: RecordDetails) -> None:
        """Write the line."""
        first = details.faults[0]
        quiet = all(fault.reason in _QUIET for fault in details.faults)
        untold = [fault for fault in details.faults if fault.publishing_error is not None]
        set_aside = details.disposition is Disposition.SET_ASIDE
        outcome = "set aside, its fault event is published" if set_aside else "reported"
        write = self._logger.warning if quiet or set_aside else self._logger.error
        write(
            "Record processing exception; skipping this record. Record %s is %s: %s (attempt %s)%s",
            details.record_id,
            outcome,
            "; ".join(_told(fault) for fault in details.faults),
            details.attempt or "unknown",
            "".join(f"; its fault event could not be published: {_named(fault.publishing_error)}" for fault in untold),
            exc_info=None if first.reason in _QUIET else first.error,
            extra={
                "record_id": details.record_id,
                "rules": [fault.rule_id for fault in details.faults],
                "reasons": [fault.reason.value for fault in details.faults],
                "disposition": details.disposition.value,
                "attempt": details.attempt,
                "fault_ids": [fault.event["id"] for fault in details.faults if fault.event is not None],
            },
        )


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


def log_of(logger: AnyLogger | None) -> AnyLogger:
    """Return the user's logger, else the library's own."""
    return logger or logging.getLogger("powertools_stream")


def tell_switches(logger: AnyLogger, switches: Switches, rule_ids: Iterable[str]) -> None:
    """Say which rules the environment has switched off, and which ids in it are of no rule; nothing where it has not.

    One variable may be meant for several functions, so an id that is unknown here is no error.
    """
    ids = list(rule_ids)
    if off := [rule_id for rule_id in ids if not switches.is_on(rule_id)]:
        logger.warning("Rules that ENABLED_PIPELINES and DISABLED_PIPELINES have switched off: %s", ", ".join(off))
    if unknown := switches.unknown(ids):
        logger.warning(
            "ENABLED_PIPELINES and DISABLED_PIPELINES name rules that there are not: %s. There are: %s",
            ", ".join(unknown),
            ", ".join(ids),
        )


def observers_for(logger: AnyLogger | None, metrics: Any, others: Sequence[Observer]) -> tuple[Observer, ...]:
    """Return the observers of a processor; without a logger of the user's, the library's own is written to."""
    log = LogObserver(log_of(logger))
    return (log, *([MetricsObserver(metrics)] if metrics is not None else []), *others)


_UNTRACED: AbstractContextManager[None] = nullcontext()


def traced(tracer: Any, name: str) -> AbstractContextManager[Any]:
    """Put what happens inside into a subsegment of Powertools' Tracer, where there is one."""
    if tracer is None:
        return _UNTRACED
    subsegment: AbstractContextManager[Any] = tracer.provider.in_subsegment(name=f"## {name}")
    return subsegment


def _told(fault: Fault) -> str:
    return f"rule {fault.rule_id}, {fault.reason.value}: {_named(fault.error)}"


def _named(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"
