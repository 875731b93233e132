"""Which records of a DynamoDB stream a rule takes: by the change, the type's prefix, and rows of the event table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from powertools_stream.cli.filters.clauses import ABSENT, PRESENT, Clause, unique
from powertools_stream.cli.filters.demand import EVERYTHING, Demand, is_told, pattern_clauses, wider_by_functions
from powertools_stream.cli.filters.types import Types, types_of
from powertools_stream.flavors import correlate, evaluate, expired, update
from powertools_stream.flavors.steps.event_table import CORREL, EVENT
from powertools_stream.local.mappings.filters import KEYS
from powertools_stream.matching import compile_event_pattern
from powertools_stream.matching.filters import out_latched
from powertools_stream.rules.binding import unbound
from powertools_stream.rules.rule import Rule, spec_of
from powertools_stream.sources import DynamoDBSource

__all__ = ["change_demand", "parts_of"]

_NAME = ("eventName",)
_NEW = ("dynamodb", "NewImage")
_OLD = ("dynamodb", "OldImage")

_INSERT, _MODIFY, _REMOVE = "INSERT", "MODIFY", "REMOVE"
_NAMES = {"created": _INSERT, "updated": _MODIFY, "undeleted": _MODIFY, "deleted": _REMOVE}
"""How types end, and what has changed; a soft delete ends as a removal does."""

# Which of the rows that are inserted.
_COLLECTED = Clause({_NAME: (_INSERT,), (*_NEW, "sk", "S"): (EVENT,)})
_CORRELATED = Clause({_NAME: (_INSERT,), (*_NEW, "discriminator", "S"): (CORREL,)})
_TYPE_OF_ROW = (*_NEW, "event", "M", "type", "S")

# `collect` and `correlate` write True, or a text; a number would do as well.
_EXPIRES = (
    Clause({(*_OLD, "expire", "BOOL"): (True,)}),
    Clause({(*_OLD, "expire", "S"): (PRESENT,)}),
    Clause({(*_OLD, "expire", "N"): (PRESENT,)}),
)


def change_demand(rule: Rule, source: DynamoDBSource) -> Demand:
    """Return what a rule takes.

    Parameters
    ----------
    source
        Reads the records, with its options.
    """
    rows = _rows(rule)
    if rows is None:
        return Demand(EVERYTHING, ("its flavor makes an event of its own (prepare)",))
    types, why = types_of(rule.event_type)
    typed = [row if types is None else row.with_field(_TYPE_OF_ROW, types) for row in rows]
    plain = list(_changes(rule, types, source)) if not rows or rule.flavor is update else []
    patterns, unsaid = pattern_clauses(rule, "record_pattern", _is_on_top, "filters do not see it")
    reasons = [*([why] if why else []), *unsaid, *wider_by_functions(rule)]
    if rule.event_pattern is not None:
        reasons.append("its event_pattern is left out: filters see images in DynamoDB's own form")
    if not rows and not plain:
        reasons = ["no change of a table has its event_type, so it takes none"]
    return Demand(tuple(one.joined(pattern) for one in (*typed, *plain) for pattern in patterns), tuple(reasons))


def _is_on_top(path: tuple[str, ...]) -> bool:
    return path[0] in KEYS["dynamodb"]


def _rows(rule: Rule) -> list[Clause] | None:
    """Return the rows of the event table that a rule is for; None: nobody knows what it is for."""
    if rule.flavor is evaluate:
        return [_COLLECTED, _CORRELATED]
    if rule.flavor in (correlate, update):
        return [_COLLECTED]
    return [] if spec_of(rule.flavor).prepare is None else None


# -- Changes of items --------------------------------------------------------------------------------------------------


def _changes(rule: Rule, types: Types, source: DynamoDBSource) -> Iterator[Clause]:
    is_latched_out = any(each is out_latched for each in (*spec_of(rule.flavor).filters, *map(unbound, rule.filters)))
    for suffixes, prefixes in _kinds(types, source):
        for clause in _of_kind(suffixes, prefixes, source.discriminator):
            if rule.flavor is expired:
                yield from _expiries(clause)
            else:
                yield _unlatched(clause) if is_latched_out else clause


def _of_kind(suffixes: frozenset[str], prefixes: Types, discriminator: str) -> Iterator[Clause]:
    names = {_NAMES[suffix] for suffix in suffixes}
    if prefixes is None and len(names) == len(set(_NAMES.values())):
        yield Clause({})
        return
    live = [name for name in (_INSERT, _MODIFY) if name in names]
    if live:
        yield _with_prefix(Clause({_NAME: tuple(live)}), _NEW, prefixes, discriminator)
    if _REMOVE in names:
        yield _with_prefix(Clause({_NAME: (_REMOVE,)}), _OLD, prefixes, discriminator)
    if _REMOVE in names and len(live) < 2:
        # A soft delete is an update.
        yield _with_prefix(Clause({(*_NEW, "deleted", "BOOL"): (True,)}), _NEW, prefixes, discriminator)


def _with_prefix(clause: Clause, image: tuple[str, ...], prefixes: Types, discriminator: str) -> Clause:
    if prefixes is None:
        return clause
    # Without a discriminator, the sort key gives the prefix, or the table's name does.
    return clause.with_field((*image, discriminator, "S"), (*prefixes, "", ABSENT))


def _unlatched(clause: Clause) -> Clause:
    image = _OLD if clause.fields.get(_NAME) == (_REMOVE,) else _NEW
    return clause.with_field((*image, "latched", "BOOL"), (False, ABSENT))


def _expiries(clause: Clause) -> Iterator[Clause]:
    if clause.fields.get(_NAME, (_REMOVE,)) == (_REMOVE,) and not any(path[:2] == _NEW for path in clause.fields):
        for expires in _EXPIRES:
            yield Clause({**clause.fields, _NAME: (_REMOVE,), **expires.fields})


def _kinds(types: Types, source: DynamoDBSource) -> list[tuple[frozenset[str], Types]]:
    """Return how types end, each with how they begin: alternatives for the discriminator, or None for any."""
    if types is None:
        return [(frozenset(_NAMES), None)]
    if source.event_type_prefix is not None:
        found = frozenset(_NAMES) & set(_suffixes(types, source.event_type_prefix))
        return [(found, None)] if found else []
    by_prefix: dict[Any, set[str]] = {}
    for alternative in types:
        for suffix, prefix in parts_of(alternative):
            by_prefix.setdefault(_key(prefix), set()).add(suffix)
    return _united(by_prefix)


def _united(by_prefix: Mapping[Any, set[str]]) -> list[tuple[frozenset[str], Types]]:
    by_suffixes: dict[frozenset[str], list[Any]] = {}
    for prefix, suffixes in by_prefix.items():
        by_suffixes.setdefault(frozenset(suffixes), []).append(_alternative(prefix))
    return [(suffixes, None if None in prefixes else unique(prefixes)) for suffixes, prefixes in by_suffixes.items()]


def _key(prefix: Any) -> Any:
    return ("prefix", prefix["prefix"]) if isinstance(prefix, Mapping) else prefix


def _alternative(key: Any) -> Any:
    return {"prefix": key[1]} if isinstance(key, tuple) else key


def _suffixes(types: Iterable[Any], prefix: Any) -> Iterator[str]:
    """Yield how types end, if the source itself says how they begin; a function may say anything."""
    fits = compile_event_pattern({"type": list(types)})
    for suffix in _NAMES:
        if fits({"type": f"{prefix}-{suffix}"}) if isinstance(prefix, str) else _may_end(types, suffix):
            yield suffix


def _may_end(types: Iterable[Any], suffix: str) -> bool:
    return any(suffix == ending for each in types for ending, _ in parts_of(each))


def parts_of(alternative: Any) -> Iterator[tuple[str, Any]]:
    """Yield how the types that an alternative takes may end, each with an alternative for how they begin."""
    assert is_told(alternative)
    operator, text = next(iter(alternative.items())) if isinstance(alternative, Mapping) else ("", str(alternative))
    for suffix in _NAMES:
        ending = f"-{suffix}"
        if operator == "suffix" and (ending.endswith(text) or text.endswith(ending)):
            yield suffix, None
        elif operator == "prefix":
            yield suffix, {"prefix": text}
            head, hyphen, rest = text.rpartition("-")
            if hyphen and suffix.startswith(rest):
                yield suffix, head
        elif not operator and text.endswith(ending):
            yield suffix, text.removesuffix(ending)
