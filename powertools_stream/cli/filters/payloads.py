"""Which payloads of SQS, Kinesis and Kafka a rule takes: JSON, with or without an envelope around the event."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from powertools_stream.cli.filters.clauses import ABSENT, PRESENT, Clause, unique
from powertools_stream.cli.filters.demand import EVERYTHING, Demand, pattern_clauses, wider_by_functions
from powertools_stream.cli.filters.types import types_of
from powertools_stream.flavors import correlate, evaluate, expired, update
from powertools_stream.payloads.compression import MARK
from powertools_stream.rules.rule import Rule, spec_of

__all__ = ["ENVELOPES", "payload_demand"]

ENVELOPES = ("none", "eventbridge", "sns", "records")
"""What may be around an event: nothing, EventBridge's envelope, SNS's, a record of another source (an S3 notification,
the change of a table's item, what a mapping sends to a destination, …)."""

_TYPE = ("type",)
_DETAIL = "detail"

# Filled in from envelopes and records, so that the payload need not have them. Of an event that AWS publishes, `detail`
# may be the whole of what is in it.
_FILLED_IN = ("id", "type", "timestamp", "partition_key", "tags", _DETAIL)

# Rules of these flavors run on rows of the event table, which a payload holds as a record of another source only.
_OF_ROWS = (correlate, evaluate, expired)


def payload_demand(
    rule: Rule, key: str, envelopes: Collection[str], *, encrypts: bool, as_published: bool = False
) -> Demand:
    """Return what a rule takes.

    Parameters
    ----------
    key
        Where a filter has the payload: ``"body"``.
    envelopes
        What may be around an event, some of `ENVELOPES`.
    encrypts
        Whether fields of events may be encrypted.
    as_published
        Take it that whoever publishes an event on a bus says its type in the envelope and in the event, as this library
        does.
    """
    if rule.flavor in _OF_ROWS:
        unseen = _unseen(envelopes, key, as_published=as_published)
        return Demand(tuple(unseen), ("it is for rows of an event table",))
    if (prepare := spec_of(rule.flavor).prepare) is not None and prepare is not spec_of(update).prepare:
        return Demand(EVERYTHING, ("its flavor makes an event of its own (prepare)",))
    clauses, reasons = _events(rule, encrypts=encrypts)
    if any(not clause.fields for clause in clauses):
        return Demand(EVERYTHING, tuple(reasons))
    wrapped = [one for clause in clauses for one in _wrapped(clause, envelopes, as_published=as_published)]
    unseen = _unseen(envelopes, key, as_published=as_published)
    return Demand((*(one.under(key) for one in wrapped), *unseen), tuple(reasons))


def _events(rule: Rule, *, encrypts: bool) -> tuple[list[Clause], list[str]]:
    """Return what the events of a rule look like, and why they may look otherwise."""
    types, why = types_of(rule.event_type)
    reasons = [why] if why else []
    patterns, unsaid = pattern_clauses(
        rule, "event_pattern", _is_in_payload, "an envelope or the record may fill it in"
    )
    if encrypts and rule.event_pattern is not None:
        patterns, unsaid = list(EVERYTHING), ["its event_pattern is left out: fields may be encrypted"]
    if rule.record_pattern is not None:
        unsaid.append("its record_pattern is left out: filters see the payload only")
    reasons += [*unsaid, *wider_by_functions(rule)]
    clauses = [one for pattern in patterns for one in _as_they_travel(pattern)]
    return [clause if types is None else Clause({_TYPE: unique(types), **clause.fields}) for clause in clauses], reasons


def _is_in_payload(path: tuple[str, ...]) -> bool:
    return path[0] not in _FILLED_IN


def _as_they_travel(pattern: Clause) -> Iterator[Clause]:
    """Yield a pattern for events as they are, with a large field compressed, and left at S3."""
    yield pattern
    for name in dict.fromkeys(path[0] for path in pattern.fields):
        yield Clause({(name,): ({"prefix": MARK},)})
    if pattern.fields:
        yield Clause({("s3", "key"): (PRESENT,)})


def _wrapped(event: Clause, envelopes: Collection[str], *, as_published: bool) -> Iterator[Clause]:
    if "none" in envelopes:
        yield event
    types = event.fields.get(_TYPE)
    if "eventbridge" in envelopes and as_published and types is not None:
        yield event.under(_DETAIL).with_field(("detail-type",), types)
    elif "eventbridge" in envelopes:
        yield event.under(_DETAIL)
        if types is not None:
            # What has no type in it, has that of the envelope. So has every event that AWS publishes.
            yield Clause({("detail-type",): types, **event.without(_TYPE).under(_DETAIL).fields})


def _unseen(envelopes: Collection[str], key: str, *, as_published: bool) -> Iterator[Clause]:
    """Yield what carries events that a filter cannot look into."""
    if "records" in envelopes:
        # None of them has a type where an event has it.
        yield Clause({(key, "type"): (ABSENT,), (key, _DETAIL, "type"): (ABSENT,)})
    elif "sns" in envelopes:
        yield Clause({(key, "TopicArn"): (PRESENT,)})
    if "records" not in envelopes and "eventbridge" in envelopes and not as_published:
        # As text: Scheduler sends an empty one so, and a large one may be compressed.
        yield Clause({(key, _DETAIL): (PRESENT,)})
