"""What rules are to do for records: told from what is planned, and never by asking the library."""

from __future__ import annotations

from typing import Any

from tests.soak.program import UNDEFINED, PlannedRecord, PlannedRule, Program
from tests.soak.sources import SOURCES
from tests.soak.works import WORKS

__all__ = ["is_ordered", "matches", "may_stand_for", "policy_of", "rules_of"]


def matches(program: Program, rule: PlannedRule, record: PlannedRecord) -> bool:
    """Tell whether a rule is for a record that can be read."""
    source, work = SOURCES[program.source], WORKS[rule.work]
    event_type = source.event_type(record)
    if event_type == "fault" and rule.types is None:
        return False
    if record.skipped and source.has_payload:
        return False
    if rule.types is not None and event_type not in _named(rule):
        return False
    if work.skips_latched and source.has_images and record.latched:
        return False
    return record.number % rule.every == 0


def _named(rule: PlannedRule) -> tuple[str, ...]:
    assert rule.types is not None
    return rule.types[:1] if rule.types_as == "name" else rule.types


def rules_of(program: Program, record: PlannedRecord) -> list[str]:
    """Return the rules that have something to do for a record; `UNDEFINED` if it cannot be read."""
    if record.malformed is not None:
        return [UNDEFINED]
    return [rule.id for rule in program.rules if matches(program, rule, record)]


def is_ordered(program: Program, rule: PlannedRule) -> bool:
    """Tell whether a rule takes records with the same key one at a time, in their order."""
    if SOURCES[program.source].redelivery == "group":
        return True
    return WORKS[rule.work].ordered if rule.ordered is None else rule.ordered


def policy_of(program: Program, rule_id: str) -> str:
    """Return what is done with a record on which a rule has failed."""
    of_rule = None if rule_id == UNDEFINED else program.rule(rule_id).on_fault
    return of_rule or program.options.on_fault


def may_stand_for(
    program: Program, rule: PlannedRule, done: PlannedRecord, record: PlannedRecord, *, came_later: bool
) -> bool:
    """Tell whether what a rule has done for a record is done for another as well: for an older one it has compacted.

    Parameters
    ----------
    came_later
        Whether the record that something was done for stands behind the other one: that decides between two of the
        same age.
    """
    if done == record:
        return True
    is_newer = (done.timestamp, came_later) > (record.timestamp, False)
    return rule.compact and _group(program, done) == _group(program, record) and is_newer


def _group(program: Program, record: PlannedRecord) -> Any:
    """Return the group of a record that compacting rules put it into."""
    key = record.key or (SOURCES[program.source].order_key(record) if program.source != "sqs-fifo" else record.key)
    return key or ("alone", record.position)
