"""Records that a rule takes: made from what it says of its events, and tried on the rule itself."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from powertools_stream.cli.filters.changes import parts_of
from powertools_stream.cli.filters.clauses import ABSENT, Clause, clauses_of, operator_of
from powertools_stream.cli.filters.types import Types, types_of
from powertools_stream.flavors import correlate, evaluate, expired, update
from powertools_stream.flavors.steps.event_table import CORREL, EVENT
from powertools_stream.local.mappings.filters import Source
from powertools_stream.matching.filters import out_skip
from powertools_stream.rules.compiled import RuleGroup, compile_rule
from powertools_stream.rules.rule import Rule
from powertools_stream.sources.source import Source as EventSource
from powertools_stream.testing import (
    to_dynamodb_records,
    to_eventbridge_envelope,
    to_kafka_records,
    to_kinesis_records,
    to_sns_envelope,
    to_sqs_records,
)
from powertools_stream.uow import UnitOfWork

__all__ = ["samples_of", "takes"]

_ANY_TYPE = "event-happened"
_NOW = 1_767_225_600


def samples_of(rule: Rule, source: Source, envelope: str) -> Iterator[dict[str, Any]]:
    """Yield records that a rule may take; ask `takes` which of them it takes.

    Parameters
    ----------
    envelope
        What is around the event: ``"none"``, ``"eventbridge"`` or ``"sns"``. Changes of a table have none.
    """
    types = _types(rule)
    if source == "dynamodb":
        yield from _changes(rule, types)
        return
    for event_type in types:
        for fields in _fields(rule.event_pattern):
            yield _record(_in_envelope({**_event(event_type), **fields}, envelope), source)


def takes(rule: Rule, reader: EventSource, record: dict[str, Any]) -> bool:
    """Tell whether a rule takes a record, by its own functions; False also if one of them raises."""
    compiled = compile_rule(0, rule)
    group = RuleGroup(compiled.prepare, [compiled])
    try:
        read = reader.read(record)
        events = read if isinstance(read, list) else [read]
        # What a function prints is none of the command's results.
        with contextlib.redirect_stdout(sys.stderr):
            return any(_matches(group, UnitOfWork(record=record, event=event)) for event in events if event is not None)
    except Exception:
        return False


def _matches(group: RuleGroup, base: UnitOfWork) -> bool:
    uow = base if group.prepare is None else group.prepare(base)
    if uow is None or not (out_skip(base) and out_skip(uow)):
        return False
    found = group.candidates(uow["event"]["type"])
    return any(one.condition is None or bool(one.condition(UnitOfWork(uow))) for one in found)


# -- Payloads ----------------------------------------------------------------------------------------------------------


def _event(event_type: str) -> dict[str, Any]:
    return {"id": "1", "type": event_type, "timestamp": _NOW * 1000, "partition_key": "1"}


def _in_envelope(event: dict[str, Any], envelope: str) -> dict[str, Any]:
    if envelope == "eventbridge":
        return to_eventbridge_envelope(event)
    return to_sns_envelope(event) if envelope == "sns" else event


def _record(body: dict[str, Any], source: Source) -> dict[str, Any]:
    if source == "kafka":
        (records,) = to_kafka_records([body])["records"].values()
        return dict(records[0])
    build = to_sqs_records if source == "sqs" else to_kinesis_records
    return dict(build([{"body" if source == "sqs" else "data": body}])["Records"][0])


# -- Changes of tables -------------------------------------------------------------------------------------------------


def _changes(rule: Rule, types: Sequence[str]) -> Iterator[dict[str, Any]]:
    for event_type in types:
        for change in _changes_of_type(rule, event_type):
            record = dict(to_dynamodb_records([change])["Records"][0])
            for overlay in _fields(rule.record_pattern):
                yield _overlaid(record, overlay)


def _changes_of_type(rule: Rule, event_type: str) -> Iterator[dict[str, Any]]:
    event = _event(event_type)
    if rule.flavor in (correlate, evaluate, update):
        yield {"new_image": {"pk": "1", "sk": EVENT, "discriminator": EVENT, "data": "1", "event": event}}
    if rule.flavor is evaluate:
        yield {"new_image": {"pk": "1", "sk": "1", "discriminator": CORREL, "event": event}}
    if rule.flavor is expired:
        yield from _expiries(event_type)
    elif rule.flavor not in (correlate, evaluate):
        for suffix, prefix in parts_of(event_type):
            yield from _of_kind(suffix, prefix)


def _expiries(event_type: str) -> Iterator[dict[str, Any]]:
    prefix = event_type.rpartition("-")[0]
    for kind in (prefix, EVENT, CORREL):
        row = {"pk": "1", "sk": kind, "discriminator": kind, "ttl": _NOW - 60, "expire": True, "event": _event("order")}
        yield {"old_image": row, "ttl_expired": True}


def _of_kind(suffix: str, prefix: str) -> Iterator[dict[str, Any]]:
    item = {"pk": "1", "sk": prefix, "discriminator": prefix}
    if suffix == "created":
        yield {"new_image": item}
    elif suffix == "updated":
        yield {"new_image": {**item, "changed": True}, "old_image": item}
    elif suffix == "deleted":
        yield {"old_image": item}
    else:
        yield {"new_image": item, "old_image": {**item, "deleted": True}}


def _overlaid(record: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(record)
    for name, value in fields.items():
        mine = result.get(name)
        result[name] = _overlaid(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return result


# -- Values that alternatives take -------------------------------------------------------------------------------------


def _types(rule: Rule) -> list[str]:
    types: Types = types_of(rule.event_type)[0]
    if types is None:
        return [_ANY_TYPE, *(f"thing-{suffix}" for suffix in ("created", "updated", "deleted"))]
    return [text for each in types for text in _texts(each)]


def _texts(alternative: Any) -> Iterable[str]:
    operator = operator_of(alternative)
    if operator is None:
        return [str(alternative)]
    text = alternative[operator]
    endings = ("", "x", "created", "updated", "deleted", "-created", "-updated", "-deleted")
    return [f"{text}{ending}" for ending in endings] if operator == "prefix" else [f"thing{text}", text]


def _fields(pattern: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Yield fields that a pattern matches, one for each alternative."""
    if pattern is None:
        yield {}
        return
    for clause in clauses_of(json.loads(json.dumps(pattern, default=float))):
        first = Clause({path: alternatives[:1] for path, alternatives in clause.fields.items()})
        yield _built(first)
        for path, alternatives in clause.fields.items():
            for each in alternatives[1:]:
                yield _built(first.with_field(path, [each]))


def _built(clause: Clause) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for path, (alternative,) in clause.fields.items():
        if alternative != ABSENT:
            within = fields
            for name in path[:-1]:
                within = within.setdefault(name, {})
            within[path[-1]] = _value(alternative)
    return fields


def _value(alternative: Any) -> Any:
    """Return a value that an alternative takes."""
    operator = operator_of(alternative)
    if operator is None:
        return alternative
    operand = alternative[operator]
    if isinstance(operand, Mapping):
        return next(iter(operand.values())) if operator != "anything-but" else "something else"
    if operator == "numeric":
        return _number(operand)
    if operator == "wildcard":
        return operand.replace("*", "")
    if operator == "cidr":
        return operand.partition("/")[0]
    return {"exists": "1", "anything-but": "something else"}.get(operator, operand)


def _number(operand: Sequence[Any]) -> float:
    low, bound, *upper = operand
    if upper:
        return float(bound + upper[-1]) / 2
    return float(bound) + {"<": -1, ">": 1}.get(low[0], 0)
