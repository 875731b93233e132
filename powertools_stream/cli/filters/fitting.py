"""Brings clauses into as few filters as Lambda takes: without repetitions, within the limits, and readable."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.filters.clauses import (
    Clause,
    Path,
    are_same,
    is_covered,
    operator_of,
    pattern_of,
    takes_all,
    unique,
)
from powertools_stream.local.mappings.filters import MAX_PATTERN

__all__ = ["DEFAULT_LIMIT", "MAX_LIMIT", "ImpliedFilter", "fitted"]

# https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
DEFAULT_LIMIT = 5
MAX_LIMIT = 10
"""On request."""

_OR = "$or"

_MAX_PIECES = 60
"""As many never fit into ten filters, as long as pieces are cut only from what does not fit into one."""


@dataclass(frozen=True)
class ImpliedFilter:
    """A filter.

    Parameters
    ----------
    clauses
        One of them matches what the filter lets through.
    rules
        The ids of the rules that it is for.
    """

    clauses: tuple[Clause, ...]
    rules: tuple[str, ...]

    @property
    def pattern(self) -> dict[str, Any]:
        """The pattern; what the clauses have in common stands before ``$or``."""
        first, *others = self.clauses
        if not others:
            return pattern_of(first)
        common = {
            path: alternatives
            for path, alternatives in first.fields.items()
            if all(are_same(other.fields.get(path), alternatives) for other in others)
        }
        options = [clause.without(*common) for clause in self.clauses]
        return _with_options(common, options) if all(one.fields for one in options) else pattern_of(Clause(common))

    @property
    def text(self) -> str:
        """The pattern as it stands in ``FilterCriteria``."""
        return json.dumps(self.pattern, ensure_ascii=False)

    @property
    def fits(self) -> bool:
        """Whether Lambda takes a pattern of this length."""
        return len(self.text) <= MAX_PATTERN


def fitted(filters: Iterable[ImpliedFilter], limit: int) -> list[ImpliedFilter] | None:
    """Return filters that let through the same, or more, as many as a mapping may have; None: that cannot be done."""
    plain = _without_covered(_merged(list(filters)))
    for wider in (plain, _without_patterns(plain), _with_prefixes(plain)):
        pieces = [piece for each in _without_covered(_merged(wider)) for piece in _pieces(each)]
        packed = _packed(pieces, limit) if len(pieces) <= _MAX_PIECES else pieces
        if len(packed) <= limit and all(each.fits for each in packed):
            return packed
    return None


def _with_options(common: dict[Path, tuple[Any, ...]], options: Sequence[Clause]) -> dict[str, Any]:
    """Return the pattern of an ``$or``, as deep in it as all options reach."""
    depth = _common_depth([path for option in options for path in option.fields])
    place = next(iter(options[0].fields))[:depth]
    inner = [pattern_of(Clause({path[depth:]: each for path, each in one.fields.items()})) for one in options]
    pattern = pattern_of(Clause(common))
    within = pattern
    for name in place:
        within = within.setdefault(name, {})
    within[_OR] = inner
    return pattern


def _common_depth(paths: Sequence[Path]) -> int:
    depth = 0
    while all(len(path) > depth + 1 for path in paths) and len({path[: depth + 1] for path in paths}) == 1:
        depth += 1
    return depth


# -- The same with fewer filters ---------------------------------------------------------------------------------------


def _merged(filters: list[ImpliedFilter]) -> list[ImpliedFilter]:
    """Unite filters of one clause that differ in the alternatives of one field."""
    merged: list[ImpliedFilter] = []
    for each in filters:
        place = next((i for i, other in enumerate(merged) if _united(other, each) is not None), None)
        if place is None:
            merged.append(each)
        else:
            merged[place] = _united(merged[place], each) or each
    return merged if len(merged) == len(filters) else _merged(merged)


def _united(first: ImpliedFilter, second: ImpliedFilter) -> ImpliedFilter | None:
    if len(first.clauses) > 1 or len(second.clauses) > 1:
        return None
    (one,), (other,) = first.clauses, second.clauses
    if one.fields.keys() != other.fields.keys():
        return None
    rules = tuple(dict.fromkeys((*first.rules, *second.rules)))
    different = [path for path in one.fields if not are_same(one.fields[path], other.fields[path])]
    if not different:
        return ImpliedFilter(first.clauses, rules)
    if len(different) > 1:
        return None
    (path,) = different
    return ImpliedFilter((one.with_field(path, _told_once((*one.fields[path], *other.fields[path]))),), rules)


def _told_once(alternatives: Iterable[Any]) -> list[Any]:
    """Return alternatives with values first, and without those that others take."""
    found = sorted(unique(alternatives), key=lambda each: (operator_of(each) is not None, each == ""))
    return [each for each in found if not any(each is not other and takes_all([other], each) for other in found)]


def _without_covered(filters: Sequence[ImpliedFilter]) -> list[ImpliedFilter]:
    """Leave out what other filters, or other clauses of the same, let through anyway."""
    kept = [list(each.clauses) for each in filters]
    for clauses in kept:
        for clause in list(clauses):
            place = next(i for i, one in enumerate(clauses) if one is clause)
            del clauses[place]
            if not is_covered(clause, [other for each in kept for other in each]):
                clauses.insert(place, clause)
    pairs = zip(kept, filters, strict=True)
    return [ImpliedFilter(tuple(clauses), each.rules) for clauses, each in pairs if clauses]


def _packed(filters: Sequence[ImpliedFilter], limit: int) -> list[ImpliedFilter]:
    """Unite filters by ``$or`` until there are no more than the limit, those of the same rules first."""
    packed = list(filters)
    while len(packed) > limit and (pair := _fitting_pair(packed)) is not None:
        i, j = pair
        packed[i] = _together(packed[i], packed[j])
        del packed[j]
    return packed


def _fitting_pair(filters: Sequence[ImpliedFilter]) -> tuple[int, int] | None:
    """Return which two make the shortest filter; None: no two fit into one."""
    lengths = [len(each.text) for each in filters]
    pairs = [(i, j) for j in range(len(filters)) for i in range(j)]
    pairs.sort(key=lambda pair: (filters[pair[0]].rules != filters[pair[1]].rules, lengths[pair[0]] + lengths[pair[1]]))
    return next((pair for pair in pairs if _together(filters[pair[0]], filters[pair[1]]).fits), None)


def _together(first: ImpliedFilter, second: ImpliedFilter) -> ImpliedFilter:
    rules = tuple(dict.fromkeys((*first.rules, *second.rules)))
    return ImpliedFilter((*first.clauses, *second.clauses), rules)


def _pieces(whole: ImpliedFilter) -> list[ImpliedFilter]:
    """Cut a filter that is too long into several, by its clauses, then by the longest list of alternatives."""
    if whole.fits:
        return [whole]
    if len(whole.clauses) > 1:
        return [piece for clause in whole.clauses for piece in _pieces(ImpliedFilter((clause,), whole.rules))]
    (clause,) = whole.clauses
    path = max(clause.fields, key=lambda each: len(clause.fields[each]))
    alternatives = clause.fields[path]
    if len(alternatives) < 2:
        return [whole]
    middle = len(alternatives) // 2
    halves = (alternatives[:middle], alternatives[middle:])
    return [piece for half in halves for piece in _pieces(ImpliedFilter((clause.with_field(path, half),), whole.rules))]


# -- More, if the same does not fit ------------------------------------------------------------------------------------


def _without_patterns(filters: Iterable[ImpliedFilter]) -> list[ImpliedFilter]:
    """Leave types, and what tells changes apart."""
    return [ImpliedFilter(tuple(map(_essential, each.clauses)), each.rules) for each in filters]


def _essential(clause: Clause) -> Clause:
    essential = [path for path in clause.fields if path[-1] in ("type", "detail-type", "eventName", "TopicArn")]
    others = [path for path in clause.fields if path not in essential]
    return clause.without(*others) if essential else clause


def _with_prefixes(filters: Iterable[ImpliedFilter]) -> list[ImpliedFilter]:
    """Let types with the same beginning, up to the first hyphen, be one prefix."""
    shorter = [(tuple(map(_by_prefix, map(_essential, each.clauses))), each.rules) for each in filters]
    return [ImpliedFilter(clauses, rules) for clauses, rules in shorter]


def _by_prefix(clause: Clause) -> Clause:
    return Clause({path: unique(map(_beginning, alternatives)) for path, alternatives in clause.fields.items()})


def _beginning(alternative: Any) -> Any:
    is_long = isinstance(alternative, str) and "-" in alternative[1:]
    return {"prefix": alternative[: alternative.index("-", 1) + 1]} if is_long else alternative
