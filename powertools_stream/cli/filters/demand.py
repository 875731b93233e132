"""What one rule asks of the records that it takes, as far as a filter can say it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.filters.clauses import Clause, clauses_of, operator_of
from powertools_stream.local.mappings.filters import OPERATORS
from powertools_stream.matching.filters import Filter, out_latched, out_skip
from powertools_stream.rules.binding import unbound
from powertools_stream.rules.rule import Rule

__all__ = ["EVERYTHING", "Demand", "is_told", "pattern_clauses", "wider_by_functions"]


@dataclass(frozen=True)
class Demand:
    """What a rule takes, or more.

    Parameters
    ----------
    clauses
        One of them matches each record that the rule takes; none: the rule takes no record of the source.
    reasons
        Why they match more, as far as a person might wonder.
    """

    clauses: tuple[Clause, ...]
    reasons: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether there is nothing to filter by."""
        return any(not clause.fields for clause in self.clauses)


EVERYTHING = (Clause({}),)


def pattern_clauses(
    rule: Rule, field: str, is_usable: Callable[[tuple[str, ...]], bool], why_not: str
) -> tuple[list[Clause], list[str]]:
    """Return the clauses of a rule's pattern, without what filters cannot say; and why they match more.

    Parameters
    ----------
    field
        ``"event_pattern"`` or ``"record_pattern"``.
    is_usable
        Tells whether a filter can look at what a path leads to.
    why_not
        Why it cannot, for people.
    """
    pattern = rule.__dict__[field]
    if pattern is None:
        return list(EVERYTHING), []
    whole = clauses_of(json.loads(json.dumps(pattern, default=float)))
    paths = {path for clause in whole for path in clause.fields}
    unseen = [path for path in sorted(paths) if not is_usable(path)]
    untold = {
        path: alternative
        for clause in whole
        for path, alternatives in clause.fields.items()
        for alternative in alternatives
        if not is_told(alternative)
    }
    reasons = [f"of its {field}, {_listed(unseen)} is left out: {why_not}"] if unseen else []
    reasons += (
        [f"of its {field}, {_listed(untold)} is left out: Lambda's filters do not have {_listed_operators(untold)}"]
        if untold
        else []
    )
    return [clause.without(*unseen, *untold) for clause in whole], reasons


def is_told(alternative: Any) -> bool:
    """Tell whether Lambda's filters have the operator of an alternative."""
    operator = operator_of(alternative)
    return operator is None or (operator in OPERATORS and not isinstance(alternative[operator], Mapping))


def wider_by_functions(rule: Rule) -> list[str]:
    """Return why a rule takes less than any filter can say, because only functions know what it takes."""
    functions = [each for each in rule.filters if unbound(each) not in _KNOWN]
    return ["its filters are functions"] if functions else []


_KNOWN: tuple[Filter, ...] = (out_latched, out_skip)


def _listed(paths: Iterable[tuple[str, ...]]) -> str:
    return ", ".join(repr(".".join(path)) for path in paths)


def _listed_operators(untold: Mapping[Any, Any]) -> str:
    return ", ".join(dict.fromkeys(json.dumps(each) for each in untold.values()))
