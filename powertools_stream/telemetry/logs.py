"""What goes to the log: a line for each record that failed, one for each batch, and the rules that are switched off."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable

from powertools_stream.options import AnyLogger
from powertools_stream.outcomes import BatchSummary, CallDetails, Disposition, Fault, Reason, RecordDetails
from powertools_stream.rules.switches import Switches

__all__ = ["LogObserver", "encodable", "log_of", "tell_switches"]

_QUIET = frozenset({Reason.RETRYABLE, Reason.UNFINISHED, Reason.HELD_BACK})
"""Reasons that pass by themselves. They are warnings, the others are errors."""


# What to do about errors of botocore that say only what is missing. By name: importing botocore takes time.
_CREDENTIALS = (
    "Outside of Lambda, set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; powertools_stream.testing.run "
    "needs none"
)
_REGION = (
    "Outside of Lambda, set AWS_DEFAULT_REGION, since boto3 does not read AWS_REGION; powertools_stream.testing.run "
    "needs none"
)
_ADVICE = {
    "NoCredentialsError": _CREDENTIALS,
    "NoRegionError": _REGION,
    "PartialCredentialsError": _CREDENTIALS,
    "ProfileNotFound": _CREDENTIALS,
}


class LogObserver:
    """Writes one line for each batch, and one for each record that failed: which rules failed, why, at which attempt.

    The payload is not logged.

    Parameters
    ----------
    logger
        Powertools' Logger or one of the standard library.
    has_keys
        Whether lines are logged with the keys of what runs (`attach_keys`).
    """

    def __init__(self, logger: AnyLogger, *, has_keys: bool = False) -> None:
        self._logger = logger
        self._has_keys = has_keys

    @property
    def is_enabled(self) -> bool:
        """Whether anybody would see anything of what a batch looks like from the inside."""
        return self._has_keys or self._writes_info()

    def on_batch(self, summary: BatchSummary) -> None:
        """Write one line for the batch."""
        if not self._writes_info():
            return
        counts = _counts(summary)
        calls = summary.calls_by_service()
        milliseconds = summary.seconds * 1_000
        self._logger.info(
            _BATCH_LINE,
            summary.source,
            *counts.values(),
            ", ".join([f"{count} {service}" for service, count in calls.items()]) or "none",
            milliseconds,
            extra={
                "batch": {
                    "source": summary.source,
                    **counts,
                    "calls": calls,
                    "milliseconds": round(milliseconds, 1),
                }
            },
        )

    def _writes_info(self) -> bool:
        # Whatever has a logger's methods is taken for one; without this method, its level is not known.
        is_enabled = getattr(self._logger, "isEnabledFor", None)
        return is_enabled is not None and bool(is_enabled(logging.INFO))

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
        record_id = encodable(details.record_id)
        # What a logger makes of the error's own text must not be what ends the invocation.
        is_loggable = first.reason in _QUIET or _is_encodable(first.shown)
        outcome = "set aside, its fault event is published" if set_aside else "reported"
        write = self._logger.warning if quiet or set_aside else self._logger.error
        write(
            "Record processing exception; skipping this record. Record %s is %s: %s (attempt %s)%s%s%s",
            record_id,
            outcome,
            "; ".join(_fault_text(fault) for fault in details.faults),
            details.attempt or "unknown",
            "".join(f"; its fault event could not be published: {_error_text(error)}" for error in unpublished),
            _advice([*(fault.error for fault in details.faults), *unpublished]),
            "" if is_loggable else "\n" + encodable("".join(traceback.format_exception(first.shown))),
            exc_info=first.shown if is_loggable and first.reason not in _QUIET else None,
            extra={
                "record_id": record_id,
                "rules": [fault.rule_id for fault in details.faults],
                "reasons": [fault.reason.value for fault in details.faults],
                "disposition": details.disposition.value,
                "attempt": details.attempt,
                "fault_ids": [fault.event["id"] for fault in details.faults if fault.event is not None],
            },
        )


_BATCH_LINE = (
    "Batch of %s: %d records, %d matched, %d unmatched, %d rule runs, %d faults, %d reported, %d set aside; "
    "calls: %s; %d ms"
)


def _counts(summary: BatchSummary) -> dict[str, int]:
    """Return what the line of a batch counts, in its order."""
    return {
        "records": summary.records,
        "matched": summary.matched,
        "unmatched": summary.unmatched,
        "rule_runs": sum(summary.runs.values()),
        "faults": len(summary.faults),
        "reported": summary.reported,
        "set_aside": summary.set_aside,
    }


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


def encodable(text: str) -> str:
    """Return a text that UTF-8 can carry: half a surrogate pair, which JSON may hold, is written as an escape."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _is_encodable(error: BaseException) -> bool:
    """Tell whether UTF-8 can carry what a logger writes of an error and of its causes."""
    try:
        "".join(traceback.format_exception(error)).encode()
    except UnicodeEncodeError:
        return False
    return True


def _fault_text(fault: Fault) -> str:
    return f"rule {fault.rule_id}, {fault.reason.value}: {_error_text(fault.shown)}"


def _error_text(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # an error of the user's, whose text is an error itself
        text = "(its text cannot be read)"
    return encodable(f"{type(error).__name__}: {text}")


def _advice(errors: Iterable[BaseException]) -> str:
    found = dict.fromkeys(_ADVICE.get(type(error).__name__, "") for error in errors)
    return "".join(f". {advice}" for advice in found if advice)
