"""Rules as the engine runs them: everything that follows from a rule and its flavor is computed once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from powertools_stream.call_options import CallOptions
from powertools_stream.matching.event_models import model_reader
from powertools_stream.matching.event_types import TypeIndex
from powertools_stream.matching.filters import Filter
from powertools_stream.outcomes import FaultPolicy
from powertools_stream.requests import Asks
from powertools_stream.rules.compact import Compact
from powertools_stream.rules.once import Once
from powertools_stream.rules.rule import Flavor, FlavorSpec, Prepare, Rule, spec_of

__all__ = ["NO_RULE", "CompiledRule", "RuleGroup", "compile_rule", "plain_rule"]


class CompiledRule:
    """A rule as the engine runs it. It is never changed.

    Parameters
    ----------
    position
        Its place among all rules of the registry.
    condition
        What else has to hold once the index has found the rule for a type; None: nothing, it matches.
    asks
        The types of the requests that its flavor makes, in order; empty: unknown.
    compact
        How its records are compacted, with functions for keys; None: they are not.
    call_options
        How its calls are made; None: with the default options.
    once
        What lets it run once for each key; None: it runs for every record.
    """

    __slots__ = (
        "asks",
        "call_options",
        "compact",
        "condition",
        "flavor",
        "id",
        "on_fault",
        "once",
        "ordered",
        "position",
        "prepare",
        "rule",
    )

    def __init__(
        self,
        position: int,
        id: str,  # noqa: A002  # as a rule has it
        rule: Rule,
        flavor: Flavor,
        *,
        ordered: bool = False,
        on_fault: FaultPolicy | None = None,
        prepare: Prepare | None = None,
        condition: Filter | None = None,
        asks: Asks = (),
        compact: Compact | None = None,
        call_options: CallOptions | None = None,
        once: Once | None = None,
    ) -> None:
        self.position = position
        self.id = id
        self.rule = rule
        self.flavor = flavor
        self.ordered = ordered
        self.on_fault = on_fault
        self.prepare = prepare
        self.condition = condition
        self.asks = asks
        self.compact = compact
        self.call_options = call_options
        self.once = once


class RuleGroup:
    """The rules that match the same unit of work: the record's own, or the one that a ``prepare`` makes from it.

    Attributes
    ----------
    prepare
        None: the unit of work of the record itself.
    has_patterns
        Whether a rule of the group has a regular expression for its event type.
    candidates
        ``candidates(event_type)`` returns a tuple of the rules for a type, in the order of registration; their
        `CompiledRule.condition` has to hold too.
    """

    __slots__ = ("candidates", "has_patterns", "prepare")

    def __init__(self, prepare: Prepare | None, rules: list[CompiledRule]) -> None:
        self.prepare = prepare
        self.has_patterns = any(isinstance(compiled.rule.event_type, re.Pattern) for compiled in rules)
        self.candidates = TypeIndex([(compiled.rule.event_type, compiled) for compiled in rules]).candidates


def plain_rule(rule_id: str, flavor: Flavor, *, position: int, on_fault: FaultPolicy | None = None) -> CompiledRule:
    """Return a rule that is in no registry and has only a function."""
    rule: Any = None  # the function ignores it
    return CompiledRule(position, rule_id, rule, flavor, on_fault=on_fault)


def _nothing(uow: Any, rule: Any) -> None:
    raise NotImplementedError


NO_RULE = plain_rule("undefined", _nothing, position=-1)
"""The rule to name if there is none: for a record that could not be read."""


def compile_rule(position: int, rule: Rule) -> CompiledRule:
    """Return a rule as the engine runs it."""
    spec = spec_of(rule.flavor)
    ordered = spec.ordered if rule.ordered is None else rule.ordered
    config = Rule.idempotency_config(rule)
    once = None if config is None else Once(rule, config)
    return CompiledRule(
        position,
        rule.id,
        rule,
        once or rule.flavor,
        ordered=ordered,
        on_fault=rule.on_fault,
        prepare=spec.prepare,
        condition=_all_of(list(_tests(rule, spec))),
        # The calls of the persistence layer come before, and after.
        asks=spec.asks if once is None else (),
        compact=rule.compact or None,  # type: ignore[arg-type]  # True was replaced when the rule was made
        call_options=Rule.call_options(rule),  # called on the class: an extra field may have any name
        once=once,
    )


def _tests(rule: Rule, spec: FlavorSpec) -> Iterator[Filter]:
    """Yield the tests that have to pass once the index has found the rule for a type.

    The flavor's filters come first, so that the rule's own filters see only what passes those. The event model comes
    last, since only events that the rule matches have to fit it.
    """
    if callable(rule.event_type):
        yield rule.event_type
    yield from spec.filters
    yield from rule.tests()
    if rule.event_model is not None:
        yield model_reader(rule.event_model, rule.id)


def _all_of(tests: list[Filter]) -> Filter | None:
    if len(tests) <= 1:
        return tests[0] if tests else None

    def passes(uow: Any) -> bool:
        # A loop, not all(…): a generator per record costs more than the tests.
        for test in tests:  # noqa: SIM110
            if not test(uow):
                return False
        return True

    return passes
