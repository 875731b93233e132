"""What comes in which invocation: the part of Lambda that delivers records, and delivers again what was reported."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tests.soak.program import PlannedRecord, Program
from tests.soak.sources import SOURCES

__all__ = ["Deliveries"]


class Deliveries:
    """The records that wait to be delivered, in order."""

    def __init__(self, program: Program) -> None:
        self._source = SOURCES[program.source]
        self._to_come = list(program.records)
        self.waiting: list[PlannedRecord] = []

    def next(self, number: int, size: int) -> list[PlannedRecord]:
        """Return the records of an invocation."""
        while self._to_come and self._to_come[0].arrives <= number:
            self.waiting.append(self._to_come.pop(0))
        return self.waiting[: min(size, self._source.batch_size)]

    def settle(self, delivered: Sequence[PlannedRecord], reported: Collection[PlannedRecord]) -> list[PlannedRecord]:
        """Take note of what was reported, and return what is acknowledged: it never comes again."""
        again = set(self._again(delivered, reported))
        acknowledged = [record for record in delivered if record not in again]
        self.drop(delivered if self._source.redelivery == "nothing" else acknowledged)
        if self._source.redelivery == "each":
            # They are back when their visibility time-out is over, behind others.
            self.waiting.sort(key=again.__contains__)
        return acknowledged

    def drop(self, records: Collection[PlannedRecord]) -> None:
        """Give up on records, as a source does after many attempts."""
        self.waiting = [record for record in self.waiting if record not in records]

    def _again(
        self, delivered: Sequence[PlannedRecord], reported: Collection[PlannedRecord]
    ) -> Collection[PlannedRecord]:
        redelivery = self._source.redelivery
        if not reported:
            return ()
        if redelivery == "whole":
            return delivered
        if redelivery == "lowest":
            return delivered[min(map(delivered.index, reported)) :]
        if redelivery == "partition":
            lowest: dict[str, int] = {}
            for record in reported:
                part = self._part(record)
                lowest[part] = min(record.position, lowest.get(part, record.position))
            return [one for one in delivered if one.position >= lowest.get(self._part(one), one.position + 1)]
        return reported

    def _part(self, record: PlannedRecord) -> str:
        return str(self._source.identifier(record)["partition"])
