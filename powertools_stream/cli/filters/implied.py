"""The filters that the rules of a function imply for an event source mapping."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from powertools_stream.cli.filters.changes import change_demand
from powertools_stream.cli.filters.clauses import Clause, is_covered
from powertools_stream.cli.filters.demand import Demand
from powertools_stream.cli.filters.fitting import DEFAULT_LIMIT, ImpliedFilter, fitted
from powertools_stream.cli.filters.payloads import ENVELOPES, payload_demand
from powertools_stream.cli.handlers import Part
from powertools_stream.cli.output import counted
from powertools_stream.local.mappings.filters import KEYS, Source
from powertools_stream.rules.rule import Rule
from powertools_stream.sources import DynamoDBSource
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import Source as EventSource

__all__ = ["SOURCES", "Implied", "demands_of", "implied_filters", "source_for", "why_everything"]

SOURCES: tuple[Source, ...] = ("sqs", "kinesis", "dynamodb", "kafka")


@dataclass(frozen=True)
class Implied:
    """What rules imply for a mapping.

    Parameters
    ----------
    filters
        They let through whatever a rule takes; none: there is nothing to filter by.
    reasons
        Why they let through more than the rules take, or why there are none; each with the rules.
    """

    filters: tuple[ImpliedFilter, ...]
    reasons: tuple[str, ...]

    @property
    def criteria(self) -> dict[str, list[dict[str, str]]] | None:
        """The ``FilterCriteria``; None: there are none."""
        return {"Filters": [{"Pattern": each.text} for each in self.filters]} if self.filters else None


def implied_filters(
    parts: Sequence[Part],
    source: Source,
    envelopes: Collection[str] = ENVELOPES,
    limit: int = DEFAULT_LIMIT,
) -> Implied:
    """Return the filters that let through every record that a rule takes.

    Parameters
    ----------
    parts
        The rules of the function.
    source
        What the mapping reads from.
    envelopes
        What may be around an event in a payload, some of `ENVELOPES`.
    limit
        How many filters a mapping may have.
    """
    if why := why_everything(parts, source):
        return Implied((), (why,))
    demands = list(demands_of(parts, source, envelopes))
    reasons = _told(demands)
    if everything := [rule.id for rule, demand in demands if demand.is_everything]:
        return Implied((), (f"{_listed(everything)} may take a record whatever is in it", *reasons))
    found = [one for rule, demand in demands for one in _filters(rule, demand)]
    if not found:
        return Implied((), ("no rule takes any record of this source, and no filter says so", *reasons))
    filters = fitted(found, limit)
    if filters is None:
        return Implied((), (f"what the rules take is too long for {counted(limit, 'filter')}", *reasons))
    wanted = [clause for each in found for clause in each.clauses]
    if not all(is_covered(clause, wanted) for each in filters for clause in each.clauses):
        reasons.append(f"all of it would not fit into {counted(limit, 'filter')}")
    return Implied(tuple(filters), tuple(reasons))


def demands_of(
    parts: Iterable[Part], source: Source, envelopes: Collection[str] = ENVELOPES, *, as_published: bool = False
) -> Iterator[tuple[Rule, Demand]]:
    """Yield the rules, each with what it takes. Parameters as for `implied_filters`, and for `payload_demand`."""
    for part in parts:
        encrypts = part.options.encrypts if part.options is not None else part.registry.encrypts
        reader = source_for(part, source)
        for rule in part.registry:
            if source == "dynamodb":
                assert isinstance(reader, DynamoDBSource)
                yield rule, change_demand(rule, reader)
            else:
                key = KEYS[source][0]
                yield rule, payload_demand(rule, key, envelopes, encrypts=encrypts, as_published=as_published)


def source_for(part: Part, source: Source) -> EventSource | None:
    """Return the library's source that reads the records; None: one of the user's own may read them."""
    from powertools_stream.sources.recognition import built_in

    default = built_in(source)
    for given in part.options.sources if part.options is not None else ():
        if type(given) is type(default):
            return given
        if not type(given).__module__.startswith(_LIBRARY) or not isinstance(given, BuiltInSource):
            return None
    return default


_LIBRARY = "powertools_stream.sources."


def why_everything(parts: Sequence[Part], source: Source) -> str:
    """Return why records are wanted that no rule takes; empty: they are not."""
    for part in parts:
        if not len(part.registry):
            return "a processor without rules takes every record"
        if part.options is not None and part.options.on_unmatched == "fault":
            return 'an event that no rule takes is a fault (on_unmatched="fault")'
        if source_for(part, source) is None:
            return "a source of your own may read anything as an event"
    return ""


def _filters(rule: Rule, demand: Demand) -> Iterator[ImpliedFilter]:
    """Yield one filter for the clauses of a rule that only differ in what they have beside the type."""
    groups: dict[str, list[Clause]] = {}
    for clause in demand.clauses:
        groups.setdefault(_shape(clause), []).append(clause)
    for clauses in groups.values():
        yield ImpliedFilter(tuple(clauses), (rule.id,))


def _shape(clause: Clause) -> str:
    """Return what clauses have in common that make one filter: the types, and the change; each alone without these."""
    told = {path: each for path, each in clause.fields.items() if path[-1] in ("type", "detail-type", "eventName")}
    others = len(clause.fields) - len(told)
    return repr(told if told and others else clause)


def _told(demands: Iterable[tuple[Rule, Demand]]) -> list[str]:
    """Return the reasons, each once, with the rules that have them."""
    rules: dict[str, list[str]] = {}
    for rule, demand in demands:
        for reason in demand.reasons:
            rules.setdefault(reason, []).append(rule.id)
    return [f"{_listed(ids)}: {reason}" for reason, ids in rules.items()]


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(ids))
