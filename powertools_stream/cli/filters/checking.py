"""Tells whether the filters of a mapping let through what the rules of its function take."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from powertools_stream.cli.filters.clauses import Clause, clauses_of, is_covered, pattern_of
from powertools_stream.cli.filters.feeders import envelopes_of_feeders
from powertools_stream.cli.filters.implied import demands_of, source_for, why_everything
from powertools_stream.cli.filters.samples import samples_of, takes
from powertools_stream.cli.handlers import Part
from powertools_stream.cli.stack import SourceMapping, is_known
from powertools_stream.local.mappings.errors import MappingError
from powertools_stream.local.mappings.filters import KEYS, Source, compile_filters
from powertools_stream.payloads.parsing import parse_base64
from powertools_stream.rules.rule import Rule
from powertools_stream.templates.values import Reference, Text

__all__ = ["Checked", "Finding", "check_mapping"]


@dataclass(frozen=True)
class Finding:
    """A record that a rule takes, and that the filters discard; or what is wrong with the filters themselves.

    Parameters
    ----------
    rule
        The rule's id; empty: the filters are not valid.
    problem
        What is wrong.
    record
        The record, as the filters see it; None: there is none.
    """

    rule: str
    problem: str
    record: Any = None


@dataclass
class Checked:
    """What was found out about a mapping.

    Attributes
    ----------
    findings
        What the filters discard though a rule takes it.
    notes
        What could not be told.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_mapping(
    mapping: SourceMapping, parts: Sequence[Part], source: Source, envelopes: Collection[str] = ()
) -> Checked:
    """Compare the filters of a mapping with the rules of its function.

    Parameters
    ----------
    envelopes
        What is around events in payloads. None: what the template sends to the source, else what the filters look for.
    """
    criteria = mapping.setting("FilterCriteria")
    checked = Checked()
    if not criteria:
        return checked
    if not is_known(criteria) or _has_references(criteria):
        checked.notes.append("its filters are only known once it is deployed")
        return checked
    try:
        passes = compile_filters(criteria, source)
    except MappingError as error:
        checked.findings.append(Finding("", str(error)))
        return checked
    filters = [one for each in criteria.get("Filters") or () for one in _clauses(each)]
    if not filters:
        return checked
    if why := why_everything(parts, source):
        checked.notes.append(f"{why}, so whatever its filters discard is missed")
        return checked
    expected = envelopes or envelopes_of_feeders(mapping) or _looked_for(filters, KEYS[source][0])
    for rule, reader in _rules(parts, source):
        found = _discarded(rule, reader, source, expected, passes)
        checked.findings += found.findings
        checked.notes += found.notes
    failed = {each.rule for each in checked.findings}
    checked.notes += _unproven(parts, source, expected, filters, failed)
    return checked


def _has_references(value: Any) -> bool:
    if isinstance(value, Reference | Text):
        return True
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_has_references, parts))


def _clauses(each: Any) -> list[Clause]:
    return clauses_of(json.loads(each["Pattern"]), exactly=True)


def _rules(parts: Iterable[Part], source: Source) -> Iterator[tuple[Rule, Any]]:
    for part in parts:
        reader = source_for(part, source)
        for rule in part.registry:
            yield rule, reader


def _looked_for(filters: Iterable[Clause], key: str) -> tuple[str, ...]:
    """Return the envelopes that filters look into."""
    names = {path[1] for clause in filters for path in clause.fields if path[0] == key and len(path) > 1}
    bus, topic = names & {"detail", "detail-type"}, names & {"TopicArn", "Message"}
    plain = "type" in names or not (bus or topic)
    return tuple(name for name, is_found in (("none", plain), ("eventbridge", bus), ("sns", topic)) if is_found)


def _discarded(rule: Rule, reader: Any, source: Source, envelopes: Collection[str], passes: Any) -> Checked:
    """Return the first record in each envelope that a rule takes, and that does not pass."""
    checked = Checked()
    count = 0
    for envelope in envelopes if source != "dynamodb" else ("none",):
        taken = [record for record in samples_of(rule, source, envelope) if takes(rule, reader, record)]
        count += len(taken)
        lost = [record for record in taken if not passes(record)]
        if lost:
            checked.findings.append(Finding(rule.id, _problem(envelope, len(lost)), _seen(lost[0], source)))
    if not count:
        checked.notes.append(f"{rule.id}: no record could be made up that it takes, to try the filters with")
    return checked


def _problem(envelope: str, count: int) -> str:
    where = {"eventbridge": ", in EventBridge's envelope", "sns": ", in SNS's envelope"}.get(envelope, "")
    more = f" (and {count - 1} more that were tried)" if count > 1 else ""
    return f"takes this record{where}, which the filters discard{more}"


def _seen(record: dict[str, Any], source: Source) -> Any:
    """Return what filters see of a record, without what does not matter."""
    if source == "dynamodb":
        return {name: record[name] for name in ("eventName", "dynamodb")}
    if source == "sqs":
        text = record["body"]
    else:
        text = parse_base64(record["kinesis"]["data"] if source == "kinesis" else record["value"], "the data")
    payload = {name: value for name, value in json.loads(text).items() if name not in _OF_NO_MATTER}
    return {KEYS[source][0]: payload}


_OF_NO_MATTER = (
    "version", "account", "time", "region", "resources",
    "Timestamp", "SignatureVersion", "Signature", "SigningCertURL", "UnsubscribeURL",
)  # fmt: skip
"""Fields of envelopes."""


def _unproven(
    parts: Sequence[Part], source: Source, envelopes: Collection[str], filters: Sequence[Clause], failed: set[str]
) -> Iterator[str]:
    """Yield for which rules nobody knows whether all that they take passes."""
    for rule, demand in demands_of(parts, source, envelopes, as_published=True):
        open_ = [clause for clause in demand.clauses if not is_covered(clause, filters)]
        if open_ and rule.id not in failed:
            why = f" ({'; '.join(demand.reasons)})" if demand.reasons else ""
            shown = json.dumps(pattern_of(open_[0]), ensure_ascii=False) if open_[0].fields else "any record"
            yield f"{rule.id}: it cannot be told whether the filters let through all that it takes of {shown}{why}"
