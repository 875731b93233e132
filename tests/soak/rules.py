"""Makes rules of planned ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from powertools_stream import FaultPolicy, UnitOfWork
from tests.soak.crew import Crew
from tests.soak.journal import Journal
from tests.soak.program import PlannedRule, Program
from tests.soak.sources import MARK
from tests.soak.works import WORKS

__all__ = ["make_rules"]


def make_rules(program: Program, journal: Journal) -> list[dict[str, Any]]:
    """Return the rules of a program."""
    return [_made(rule, Crew(program.seed, rule.id, journal)) for rule in program.rules]


def _made(rule: PlannedRule, crew: Crew) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": rule.id, "filters": [_filter(rule, crew)], **WORKS[rule.work].fields(crew)}
    if rule.types is not None:
        fields["event_type"] = _event_type(rule.types, rule.types_as)
    if rule.compact:
        fields["compact"] = True
    if rule.ordered is not None:
        fields["ordered"] = rule.ordered
    if rule.on_fault is not None:
        fields["on_fault"] = FaultPolicy(rule.on_fault)
    if rule.rate is not None:
        fields["rate"] = rule.rate
    return fields


def _filter(rule: PlannedRule, crew: Crew) -> Callable[[UnitOfWork], bool]:
    def passes(uow: UnitOfWork) -> bool:
        crew.enter(uow, "filter")
        return bool(uow.record[MARK]["number"] % rule.every == 0)

    return passes


def _event_type(types: tuple[str, ...], types_as: str) -> Any:
    if types_as == "name":
        return types[0]
    if types_as == "pattern":
        return re.compile("|".join(f"^{name}$" for name in types))
    if types_as == "function":
        return lambda uow: uow.event["type"] in types
    return list(types)
