"""The flavor `evaluate`: evaluates related events, and publishes a higher-order event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field

from powertools_stream.errors import InvalidEventError
from powertools_stream.flavors.steps.calling import Steps, call
from powertools_stream.flavors.steps.event_table import (
    EVENT_TABLE,
    collected_or_correlated,
    event_of_row,
    event_table,
    time_of,
)
from powertools_stream.flavors.steps.publishing import PublishingRule, emitted, inherited_tags, publish_all, triggers_of
from powertools_stream.flavors.steps.tables import TableRule
from powertools_stream.matching.filters import Filter
from powertools_stream.requests import PutEvent, Query, Request
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import Event, UnitOfWork

__all__ = ["EvaluateRule", "evaluate"]


class EvaluateRule(PublishingRule, TableRule):
    """A rule of the flavor `evaluate`, for the stream of the event table.

    Parameters
    ----------
    expression
        Evaluates the related events, which it sees as ``correlated``, newest first. True: the stored event triggers the
        higher-order event; an event or a list of events: these trigger it; False, None or an empty list: there is none.
        Without an expression, every event triggers one and nothing is queried.
    emit
        What to publish. A string is the type: the stored event is published with it. A function of ``(uow, template)``
        or ``(uow, rule, template)`` returns the event, a list of events, or None.
    correlation_key_suffix
        Which correlations the rule is for: those with this suffix; None: collected events and correlations without a
        suffix. Without an expression nothing is correlated, and the rule is for all rows.
    index
        The index of the event table whose hash key is ``data``, the correlation key of collected events. It is
        eventually consistent; correlations are queried consistently.
    table_name
        The event table; default: ``EVENT_TABLE_NAME``, then ``ENTITY_TABLE_NAME``.
    bus_name, source
        As for `PublishingRule`.
    """

    compact_group_key: ClassVar[str] = "meta.correlation_key"
    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "expression": (),
        "emit": ("template",),
        "bus_name": (),
    }

    asked_by: ClassVar[Mapping[type[Request], tuple[str, ...]]] = {Query: ("expression",)}
    table_variables: ClassVar[tuple[str, ...]] = EVENT_TABLE

    expression: UserFunction | None = Field(default=None, description="a function")
    emit: str | UserFunction = Field(description="a string, the event's type, or a function")
    correlation_key_suffix: str | None = Field(default=None, min_length=1, description="a string that is not empty")
    index: str = Field(default="DataIndex", min_length=1, description="a string that is not empty")

    def tests(self) -> Iterator[Filter]:
        """Yield the rule's own test first, if it has an expression: whether the correlation has its suffix."""
        if self.expression is not None:
            suffix = self.correlation_key_suffix
            yield lambda uow: (uow["meta"]["suffix"] or None) == suffix
        yield from super().tests()


@flavor(model=EvaluateRule, main="expression", prepare=collected_or_correlated, asks=[Query, PutEvent])
def evaluate(uow: UnitOfWork, rule: EvaluateRule) -> Steps:
    """Query the related events, evaluate the expression, publish the higher-order event.

    Rules match the event that the row holds, not the change of the row. Leaves ``meta`` (taken from the row); with an
    expression, ``query_request``, ``correlated`` and ``expression`` (whether it holds); ``triggers``, the events that
    trigger the higher-order event; and ``emit``, the published event. There is one unit of work per event, or one
    without ``emit`` if no event is published.
    """
    triggers = [uow.event]
    if rule.expression is not None:
        uow = yield from _correlated(uow, rule)
        triggers = _triggers((yield from call(rule.expression, uow)), uow, rule)
        uow = uow.extend(expression=bool(triggers))
    if not triggers:
        return uow
    uow = uow.extend(triggers=triggers)
    template = _template(uow, rule)
    events = [template] if isinstance(rule.emit, str) else (yield from emitted(rule.emit, uow, template, rule))
    return (yield from publish_all(events, uow, rule))


def _correlated(uow: UnitOfWork, rule: EvaluateRule) -> Steps:
    request = _query_request(uow, rule)
    rows = yield Query(request, table_name=event_table(rule))
    # Rows of other kinds, which hold no event, may have the same key.
    events = [event_of_row(row) for row in rows if isinstance(row.get("event"), dict)]
    if all(event["id"] != uow.event["id"] for event in events):
        # An index may lag behind the stream, but the row that triggered this rule is known already.
        events.append(uow.event)
    events.sort(key=_place, reverse=True)
    return uow.extend(query_request=request, correlated=events)


def _query_request(uow: UnitOfWork, rule: EvaluateRule) -> dict[str, Any]:
    meta = uow["meta"]
    if meta["correlation"]:
        return {**_equals("pk", meta["pk"]), "ConsistentRead": True}
    if not meta["data"]:
        raise InvalidEventError(
            f"Rule {rule.id!r}: expected the row of the {uow.event['type']!r} event {uow.event['id']!r} to have a "
            "correlation key in its attribute 'data', but found none. Was it written by collect?"
        )
    return {"IndexName": rule.index, **_equals("data", meta["data"])}


def _equals(name: str, value: Any) -> dict[str, Any]:
    return {
        "KeyConditionExpression": f"#{name} = :{name}",
        "ExpressionAttributeNames": {f"#{name}": name},
        "ExpressionAttributeValues": {f":{name}": value},
    }


def _place(event: Mapping[str, Any]) -> tuple[bool, Any]:
    """Return what sorts events by time, and first, as the oldest, one whose timestamp is none.

    It may be of another publisher than the event that is evaluated, which must not fail for it.
    """
    time = time_of(event)
    return time is not None, time or 0


def _triggers(result: Any, uow: UnitOfWork, rule: EvaluateRule) -> list[Event]:
    if result is None or isinstance(result, bool):
        return [uow.event] if result else []
    events: list[Any] = [result] if isinstance(result, Mapping) or not isinstance(result, Iterable) else list(result)
    for event in events:
        if not isinstance(event, Mapping):
            raise TypeError(
                f"Rule {rule.id!r}: expression returns True or False, an event (a mapping), a list of events, or None; "
                f"got a {type(event).__name__}."
            )
    return events


def _template(uow: UnitOfWork, rule: EvaluateRule) -> Event:
    """Return the fields that every event of this rule has.

    All are derived from the row and the events, so that a second attempt publishes the same event again.
    """
    triggers, meta = uow["triggers"], uow["meta"]
    template = {
        "id": f"{meta['id']}.{rule.id}",
        "type": None,
        "timestamp": triggers[-1].get("timestamp"),
        "partition_key": _partition_key(uow),
        "tags": inherited_tags(triggers),
        "triggers": triggers_of(triggers),
    }
    if not isinstance(rule.emit, str):
        return template
    event = {**uow.event, **template, "type": rule.emit}
    # An event of a service written in JavaScript has its key in that spelling too; both must say the same.
    return {**event, "partitionKey": event["partition_key"]} if "partitionKey" in event else event


def _partition_key(uow: UnitOfWork) -> Any:
    meta = uow["meta"]
    key = meta["correlation_key"]
    if not key:
        return uow.event.get("partition_key")
    return key.removesuffix(f".{meta['suffix']}") if meta["suffix"] else key
