"""What goes to the log: a line for each record that failed, and the rules that are switched off."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from powertools_stream.options import AnyLogger
from powertools_stream.outcomes import CallDetails, Disposition, Fault, Reason, RecordDetails
from powertools_stream.rules.switches import Switches

__all__ = ["LogObserver", "log_of", "tell_switches"]

_QUIET = frozenset({Reason.RETRYABLE, Reason.UNFINISHED, Reason.HELD_BACK})
"""Reasons that pass by themselves. They are warnings, the others are errors."""


class LogObserver:
    """Writes one line for each record that failed: which rules failed on it, why, and at which attempt.

    The payload is not logged.

    Parameters
    ----------
    logger
        Powertools' Logger or one of the standard library.
    """

    def __init__(self, logger: AnyLogger) -> None:
        self._logger = logger

    def on_call(self, details: CallDetails) -> None:
        """Write one line for each call, for debugging."""
        self._logger.debug(
            "%s %s: %d entries, %d failed", details.service, details.operation, details.entries, details.failed
        )

    def on_record_failed(self, details: RecordDetails) -> None:
        """Write the line."""
        first = details.faults[0]
        quiet = all(fault.reason in _QUIET for fault in details.faults)
        unpublished = [fault.publishing_error for fault in details.faults if fault.publishing_error is not None]
        set_aside = details.disposition is Disposition.SET_ASIDE
        outcome = "set aside, its fault event is published" if set_aside else "reported"
        write = self._logger.warning if quiet or set_aside else self._logger.error
        write(
            "Record processing exception; skipping this record. Record %s is %s: %s (attempt %s)%s",
            details.record_id,
            outcome,
            "; ".join(_fault_text(fault) for fault in details.faults),
            details.attempt or "unknown",
            "".join(f"; its fault event could not be published: {_error_text(error)}" for error in unpublished),
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


def log_of(logger: AnyLogger | None) -> AnyLogger:
    """Return the user's logger, else the library's own."""
    return logger or logging.getLogger("powertools_stream")


def tell_switches(logger: AnyLogger, switches: Switches, rule_ids: Iterable[str]) -> None:
    """Log which rules the environment switches off, and which of the ids that it names are of no rule.

    Nothing is logged if there are none. One variable may be meant for several functions, so an id that is unknown here
    is no error.
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


def _fault_text(fault: Fault) -> str:
    return f"rule {fault.rule_id}, {fault.reason.value}: {_error_text(fault.error)}"


def _error_text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
