"""Counts what a function of this process did."""

from __future__ import annotations

from dataclasses import dataclass

from powertools_stream import StreamProcessor
from powertools_stream.local import Invocation

from .calls import CallCounter

__all__ = ["FunctionCount"]

_NO_RULE = "undefined"  # in a fault of a record that could not be read


@dataclass
class FunctionCount:
    """Counts what one function did."""

    name: str
    processor: StreamProcessor
    calls: CallCounter
    invocations: int = 0
    records: int = 0
    reported: int = 0
    rules: int = 0
    faults: int = 0

    @property
    def done(self) -> int:
        """How many records were not reported."""
        return self.records - self.reported

    def add(self, invocation: Invocation) -> None:
        """Count an invocation right after it: a processor knows its latest batch."""
        records = len(invocation.event["Records"])
        self.invocations += 1
        self.records += records
        if invocation.error is not None:
            self.reported += records
        else:
            self.reported += len(invocation.response["batchItemFailures"])
        self.rules += len(
            {
                (id(result.uow.record), result.rule_id)
                for result in self.processor.results
            }
        )
        self.rules += sum(fault.rule_id != _NO_RULE for fault in self.processor.faults)
        self.faults += len(self.processor.faults)
