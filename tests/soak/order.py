"""The order of what was done for records with the same key, within an invocation and from one to the next."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.soak.expectations import is_ordered, matches, may_stand_for
from tests.soak.history import Deed, History
from tests.soak.program import UNDEFINED, PlannedRecord, PlannedRule, Program
from tests.soak.sources import SOURCES
from tests.soak.violations import Violation
from tests.soak.works import WORKS

__all__ = ["check_order"]


def check_order(program: Program, history: History) -> Iterator[Violation]:
    """Yield what ordered rules have done out of order."""
    for rule in program.rules:
        if is_ordered(program, rule):
            deeds = [deed for deed in history.deeds if deed.rule_id == rule.id]
            for records in _lanes(program):
                lane = _Lane(program, history, rule, records, deeds)
                yield from lane.check_successes()
                yield from lane.check_turns()


def _lanes(program: Program) -> list[list[PlannedRecord]]:
    """Return the records of each key, in order."""
    lanes: dict[str, list[PlannedRecord]] = {}
    for record in program.records:
        if (key := SOURCES[program.source].order_key(record)) is not None:
            lanes.setdefault(key, []).append(record)
    return list(lanes.values())


class _Lane:
    """What one rule has done for the records of one key."""

    def __init__(
        self, program: Program, history: History, rule: PlannedRule, records: list[PlannedRecord], deeds: list[Deed]
    ) -> None:
        self._program = program
        self._history = history
        self._rule = rule
        self._records = records
        refs = {record.ref for record in records}
        self._deeds = [deed for deed in deeds if deed.ref in refs]

    def check_successes(self) -> Iterator[Violation]:
        """Yield what was done for a record before all was done for the ones before it, or these were set aside."""
        settled = {record.ref: self._settled_at(record) for record in self._records}
        for deed in self._deeds:
            done = self._program.record(deed.ref)
            for before in self._records[: self._records.index(done)]:
                if self._is_gone(before, deed.invocation) or self._may_stand_for(done, before):
                    continue
                if settled[before.ref] > deed.index:
                    what = f"{deed.ref} before {before.ref} by {deed.rule_id} in invocation {deed.invocation}"
                    yield Violation("out of order", what)

    def _may_stand_for(self, done: PlannedRecord, record: PlannedRecord) -> bool:
        came_later = done.position > record.position
        return may_stand_for(self._program, self._rule, done, record, came_later=came_later)

    def check_turns(self) -> Iterator[Violation]:
        """Yield what was done for a record once something was done for one behind it, in the same invocation."""
        if self._rule.compact:
            return
        furthest: dict[int, int] = {}
        for deed in self._deeds:
            position = self._program.record(deed.ref).position
            before = furthest.get(deed.invocation, -1)
            if position < before:
                what = f"{deed.ref} after r{before} by {deed.rule_id} in invocation {deed.invocation}"
                yield Violation("out of order", what)
            furthest[deed.invocation] = max(position, before)

    def _settled_at(self, record: PlannedRecord) -> float:
        """Return from when on others may follow a record: all is done for it, or it is set aside."""
        can_be_read = record.malformed is None
        if can_be_read and not matches(self._program, self._rule, record):
            return -1
        rule_id = self._rule.id if can_be_read else UNDEFINED
        ends = [
            fault.index
            for fault in self._history.faults
            if fault.rule_id == rule_id and record.ref in fault.refs and fault.disposition == "set-aside"
        ]
        firsts: dict[str, int] = {}
        for deed in self._deeds:
            if self._may_stand_for(self._program.record(deed.ref), record):
                firsts.setdefault(deed.label, deed.index)
        if can_be_read and firsts.keys() >= set(WORKS[self._rule.work].labels):
            ends.append(max(firsts.values()))
        return min(ends, default=math.inf)

    def _is_gone(self, record: PlannedRecord, invocation: int) -> bool:
        """Tell whether a record is not delivered any more: it was given up, or acknowledged, even if wrongly."""
        if record.never_ends_well and invocation >= len(self._program.invocations):
            return True
        return any(
            record.ref in delivery.acknowledged and delivery.number < invocation
            for delivery in self._history.deliveries
        )
