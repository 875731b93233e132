"""Patterns as alternatives of conjunctions, so that they can be widened, united and compared.

A clause matches if each of its fields has a value that one of the field's alternatives takes. A pattern with ``$or``
is several clauses. A clause with fewer fields, or more alternatives for one, matches more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from powertools_stream.matching import compile_event_pattern

__all__ = [
    "ABSENT",
    "PRESENT",
    "Clause",
    "Path",
    "are_same",
    "clauses_of",
    "is_covered",
    "operator_of",
    "pattern_of",
    "takes_all",
    "unique",
]

Path = tuple[str, ...]
Alternatives = tuple[Any, ...]

ABSENT: Mapping[str, Any] = {"exists": False}
PRESENT: Mapping[str, Any] = {"exists": True}

_OR = "$or"

# A proof tries the alternatives of fields one by one. Nobody writes what takes more.
_MAX_STEPS = 2_000


@dataclass(frozen=True)
class Clause:
    """A conjunction.

    Parameters
    ----------
    fields
        The alternatives of each field, as in a pattern, by the path to it.
    """

    fields: Mapping[Path, Alternatives]

    def under(self, *path: str) -> Clause:
        """Return the same for what is within a field."""
        return Clause({(*path, *inner): alternatives for inner, alternatives in self.fields.items()})

    def with_field(self, path: Path, alternatives: Iterable[Any]) -> Clause:
        """Return a clause that has another field as well."""
        return Clause({**self.fields, path: unique(alternatives)})

    def without(self, *paths: Path) -> Clause:
        """Return a clause without some fields, which matches more."""
        return Clause({path: each for path, each in self.fields.items() if path not in paths})

    def joined(self, other: Clause) -> Clause:
        """Return a clause that matches what both do, and perhaps more: of a field in both, the other's counts."""
        both = {path: _in_both(mine, other.fields[path]) for path, mine in self.fields.items() if path in other.fields}
        fields = {**self.fields, **other.fields, **both}
        # What is within a field cannot be told beside the field itself.
        parents = {path[:length] for path in fields for length in range(1, len(path))}
        return Clause(fields).without(*parents)


def clauses_of(pattern: Mapping[str, Any], *, exactly: bool = False) -> list[Clause]:
    """Return the clauses of a valid pattern.

    Parameters
    ----------
    exactly
        Leave out what matches less than a clause can say, rather than let it match more: a field that is named both
        outside and inside of ``$or``.
    """
    found = [_united(fields, exactly=exactly) for fields in _conjunctions(pattern, ())]
    return [clause for clause in found if clause is not None]


def pattern_of(clause: Clause) -> dict[str, Any]:
    """Return the pattern of a clause."""
    pattern: dict[str, Any] = {}
    for path, alternatives in clause.fields.items():
        within = pattern
        for name in path[:-1]:
            within = within.setdefault(name, {})
        within[path[-1]] = list(alternatives)
    return pattern


def unique(alternatives: Iterable[Any]) -> Alternatives:
    """Return alternatives without repetitions. To Python, 1 is True."""
    return tuple({json.dumps(each, sort_keys=True): each for each in alternatives}.values())


def are_same(first: Any, second: Any) -> bool:
    """Tell whether alternatives, or lists of them, are the same. To Python, 1 is True."""
    return first == second and json.dumps(first) == json.dumps(second)


def operator_of(alternative: Any) -> str | None:
    """Return the operator of an alternative; None: it is a value."""
    return str(next(iter(alternative))) if isinstance(alternative, Mapping) else None


# -- What matches more -------------------------------------------------------------------------------------------------


def is_covered(clause: Clause, others: Sequence[Clause]) -> bool:
    """Tell whether it is sure that one of the others matches whatever a clause matches. False: perhaps not."""
    return _is_covered(clause, others, [_MAX_STEPS])


def _is_covered(clause: Clause, others: Sequence[Clause], steps: list[int]) -> bool:
    # What names a field that the clause does not may not match, whatever else is in a record.
    others = [other for other in others if other.fields.keys() <= clause.fields.keys()]
    if any(_covers(other, clause) for other in others):
        return True
    # Each alternative on its own may be covered by another clause.
    named = {path for other in others for path in other.fields}
    several = next((path for path, each in clause.fields.items() if path in named and len(each) > 1), None)
    steps[0] -= 1
    if several is None or steps[0] < 0:
        return False
    return all(_is_covered(clause.with_field(several, [each]), others, steps) for each in clause.fields[several])


def _covers(wide: Clause, narrow: Clause) -> bool:
    return all(
        all(takes_all(alternatives, each) for each in narrow.fields[path]) for path, alternatives in wide.fields.items()
    )


def takes_all(alternatives: Sequence[Any], one: Any) -> bool:
    """Tell whether it is sure that alternatives take each value that another one takes.

    Examples
    --------
    >>> takes_all([{"prefix": "order-"}], "order-paid"), takes_all([{"prefix": "order-"}], {"prefix": "o"})
    (True, False)
    """
    if any(are_same(one, each) for each in alternatives):
        return True
    if isinstance(one, str) and all(isinstance(each, str) for each in alternatives):
        return False
    if one == ABSENT:
        return False
    if PRESENT in alternatives:
        return True
    values = [each for each in alternatives if each != ABSENT]
    if operator_of(one) is None:
        return bool(values) and compile_event_pattern({"value": values})({"value": one})
    return any(_takes(each, *next(iter(one.items()))) for each in values)


def _takes(wide: Any, operator: str, operand: Any) -> bool:
    """Tell whether an alternative takes what an operator takes: prefixes, suffixes and exclusions are compared."""
    wider, bound = next(iter(wide.items())) if isinstance(wide, Mapping) else (None, wide)
    if wider == "anything-but" and not isinstance(bound, Mapping):
        return not any(_may_take(operator, operand, value) for value in _listed(bound))
    if wider != operator or not isinstance(bound, str) or not isinstance(operand, str):
        return False
    return (operator == "prefix" and operand.startswith(bound)) or (operator == "suffix" and operand.endswith(bound))


def _may_take(operator: str, operand: Any, value: Any) -> bool:
    return compile_event_pattern({"value": [{operator: operand}]})({"value": value})


def _listed(operand: Any) -> Sequence[Any]:
    return operand if isinstance(operand, list | tuple) else (operand,)


def _in_both(first: Alternatives, second: Alternatives) -> Alternatives:
    """Return what both take; if nobody can say, the second."""
    both = [each for each in second if takes_all(first, each)] + [each for each in first if takes_all(second, each)]
    return unique(both) if all(operator_of(each) is None for each in (*first, *second)) and both else second


# -- Reading patterns --------------------------------------------------------------------------------------------------

_Fields = tuple[tuple[Path, Alternatives], ...]


def _conjunctions(pattern: Mapping[str, Any], path: Path) -> Iterator[_Fields]:
    found: list[_Fields] = [()]
    for name, value in pattern.items():
        ways = list(_ways(name, value, path))
        found = [(*one, *way) for one in found for way in ways]
    yield from found


def _ways(name: str, value: Any, path: Path) -> Iterator[_Fields]:
    if name == _OR and isinstance(value, list) and len(value) > 1 and all(isinstance(one, Mapping) for one in value):
        for option in value:
            yield from _conjunctions(option, path)
    elif isinstance(value, Mapping):
        yield from _conjunctions(value, (*path, name))
    else:
        yield (((*path, name), tuple(value)),)


def _united(fields: _Fields, *, exactly: bool) -> Clause | None:
    clause = Clause({})
    for path, alternatives in fields:
        if exactly and path in clause.fields:
            return None
        clause = clause.with_field(path, alternatives)
    return clause
