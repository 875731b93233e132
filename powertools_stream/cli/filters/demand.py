"""What one rule asks of the records that it takes, as far as a filter can say it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.filters.clauses import Clause, clauses_of, operator_of
from powertools_stream.local.mappings.filters import OPERATORS
from powertools_stream.matching.filters import Filter, out_latched, out_skip
from powertools_stream.matching.pattern_operators import number_of
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

# "… limited to values between -5.0e9 and +5.0e9 inclusive":
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#filtering-numeric-matching
_MAX_NUMBER = 5e9
_NUMBERS_ONLY = "Lambda's filters compare numbers from -5e9 to 5e9 only, which is less than"


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
    whole = [_compared(clause) for clause in clauses_of(json.loads(json.dumps(pattern, default=float)))]
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
    unsayable = {path: each for path, each in untold.items() if not _has_operator(each)}
    reasons += _left_out(field, unsayable, "Lambda's filters do not have")
    unlimited = {path: each for path, each in untold.items() if path not in unsayable}
    reasons += _left_out(field, unlimited, _NUMBERS_ONLY)
    return [clause.without(*unseen, *untold) for clause in whole], reasons


def is_told(alternative: Any) -> bool:
    """Tell whether Lambda's filters can say all that an alternative takes."""
    return _has_operator(alternative) and _is_limited(alternative)


def _has_operator(alternative: Any) -> bool:
    operator = operator_of(alternative)
    return operator is None or (operator in OPERATORS and not isinstance(alternative[operator], Mapping))


def _compared(clause: Clause) -> Clause:
    """Return the same with numbers that are compared as such: as values, 300 and 300.0 differ to EventBridge.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html#eb-create-pattern-considerations
    """
    return Clause({path: tuple(map(_as_number, alternatives)) for path, alternatives in clause.fields.items()})


def _as_number(alternative: Any) -> Any:
    return {"numeric": ["=", alternative]} if number_of(alternative) is not None else alternative


def _is_limited(alternative: Any) -> bool:
    """Tell whether an alternative takes no numbers, or only such as filters compare."""
    operator = operator_of(alternative)
    if operator == "anything-but":
        operand = alternative[operator]
        numbers = map(number_of, operand if isinstance(operand, list) else [operand])
        return all(number is None or abs(number) <= _MAX_NUMBER for number in numbers)
    if operator != "numeric":
        return True
    operators, bounds = alternative[operator][::2], alternative[operator][1::2]
    return all(abs(bound) <= _MAX_NUMBER for bound in bounds) and (len(bounds) == 2 or operators == ["="])


def _left_out(field: str, untold: Mapping[tuple[str, ...], Any], why: str) -> list[str]:
    return [f"of its {field}, {_listed(untold)} is left out: {why} {_listed_operators(untold)}"] if untold else []


def wider_by_functions(rule: Rule) -> list[str]:
    """Return why a rule takes less than any filter can say, because only functions know what it takes."""
    functions = [each for each in rule.filters if unbound(each) not in _KNOWN]
    return ["its filters are functions"] if functions else []


_KNOWN: tuple[Filter, ...] = (out_latched, out_skip)


def _listed(paths: Iterable[tuple[str, ...]]) -> str:
    return ", ".join(repr(".".join(path)) for path in paths)


def _listed_operators(untold: Mapping[Any, Any]) -> str:
    return ", ".join(dict.fromkeys(json.dumps(each) for each in untold.values()))
