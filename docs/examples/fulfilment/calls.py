"""Counts the calls that a function makes, as an observer of its processor."""

from __future__ import annotations

from dataclasses import dataclass

from powertools_stream.outcomes import CallDetails, RecordDetails

__all__ = ["CallCount", "CallCounter"]


@dataclass
class CallCount:
    """How often an operation was called, and how many requests the calls carried."""

    calls: int = 0
    requests: int = 0


class CallCounter:
    """Counts calls by service and operation."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], CallCount] = {}

    def on_call(self, details: CallDetails) -> None:
        """Count one call."""
        count = self.counts.setdefault(
            (details.service, details.operation), CallCount()
        )
        count.calls += 1
        count.requests += details.entries

    def on_record_failed(self, details: RecordDetails) -> None:
        """Count nothing: the demo looks at the processor's faults."""
