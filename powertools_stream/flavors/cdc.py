"""The flavor `cdc`, change data capture: publishes the change of an item as a domain event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, StrictBool

from powertools_stream.errors import RuleError
from powertools_stream.flavors.steps.calling import Steps, call, listed
from powertools_stream.flavors.steps.publishing import PublishingRule, numbered, publishing, tagged
from powertools_stream.flavors.steps.tables import TableRule, get, query
from powertools_stream.matching.filters import out_latched
from powertools_stream.payloads.attribute_values import deserialize_item
from powertools_stream.payloads.carried import record_of
from powertools_stream.requests import GetItems, PutEvent, Query, Request
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import Event, UnitOfWork

__all__ = ["CdcRule", "cdc"]


class CdcRule(PublishingRule, TableRule):
    """A rule of the flavor `cdc`.

    Parameters
    ----------
    to_event
        Returns fields of the domain event, which override those of the change; a list of such fields, for an event
        each; an empty list, for no event; or None, for the change as it is.
    to_query_request
        Returns the parameters of ``Query``, or None. ``to_event`` sees the items as ``query_response``.
    query_related
        Whether to query all items with the hash key of the changed item instead.
    pk
        The name of the hash key, for ``query_related``.
    to_get_request
        Returns the parameters of ``GetItems``, or None. ``to_event`` sees the answer as ``batch_get_response``.
    include_raw
        Whether the images of the item, ``raw``, are published too.
    table_name
        The table to query and to get from; default: as for `TableRule`.
    bus_name, source
        As for `PublishingRule`.
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "to_event": (),
        "to_query_request": (),
        "to_get_request": (),
        "bus_name": (),
    }

    asked_by: ClassVar[Mapping[type[Request], tuple[str, ...]]] = {
        Query: ("to_query_request", "query_related"),
        GetItems: ("to_get_request",),
    }

    to_event: UserFunction | None = Field(default=None, description="a function")
    to_query_request: UserFunction | None = Field(default=None, description="a function")
    query_related: StrictBool = Field(default=False, description="True or False")
    pk: str = Field(default="pk", min_length=1, description="a string that is not empty")
    to_get_request: UserFunction | None = Field(default=None, description="a function")
    include_raw: StrictBool = Field(default=True, description="True or False")

    def _check_fields(self) -> None:
        super()._check_fields()
        if self.query_related and self.to_query_request is not None:
            raise RuleError(f"Rule {self.id!r}: it takes 'query_related' or 'to_query_request', not both.", self.id)


@flavor(model=CdcRule, main="to_event", filters=[out_latched], asks=[Query, GetItems, PutEvent])
def cdc(uow: UnitOfWork, rule: CdcRule) -> Steps:
    """Query, get, make the event, publish it.

    Leaves ``query_request`` and ``query_response``, ``batch_get_request`` and ``batch_get_response``, if it made these
    requests, and the published event as ``event``; the change itself is in ``record``. There is one unit of work per
    event, or the change's own if no event is published.
    """
    uow = yield from query(uow, (yield from _query_request(uow, rule)), rule)
    uow = yield from get(uow, rule.to_get_request, rule)
    parts = [uow.extend(event=tagged(event, rule)) for event in (yield from _to_events(uow, rule))]
    if len(parts) == 1:
        yield publishing(parts[0].event, parts[0], rule)
    elif parts:
        yield [publishing(part.event, part, rule) for part in parts]
    return parts or uow


def _query_request(uow: UnitOfWork, rule: CdcRule) -> Steps:
    if rule.to_query_request is not None:
        return (yield from call(rule.to_query_request, uow))
    return _related(uow, rule) if rule.query_related else None


def _related(uow: UnitOfWork, rule: CdcRule) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "#pk = :pk",
        "ExpressionAttributeNames": {"#pk": rule.pk},
        "ExpressionAttributeValues": {":pk": _hash_key(uow, rule.pk)},
        "ConsistentRead": True,
    }


def _hash_key(uow: UnitOfWork, name: str) -> Any:
    """Return the hash key of the changed item in its own type, e.g. a number; the partition key is always a string."""
    # An image may be missing, depending on the stream's view type; the keys never are.
    keys = (record_of(uow).get("dynamodb") or _NONE).get("Keys") or _NONE
    if name in keys:
        return deserialize_item({name: keys[name]})[name]
    raw = uow.event.get("raw") or _NONE
    image = raw.get("new") or raw.get("old") or _NONE
    return image.get(name, uow.event.get("partition_key"))


_NONE: Mapping[str, Any] = {}


def _to_events(uow: UnitOfWork, rule: CdcRule) -> Steps:
    change: Event = {name: value for name, value in uow.event.items() if name != "raw" or rule.include_raw}
    fields = None if rule.to_event is None else (yield from call(rule.to_event, uow))
    if fields is None:
        return [change]
    return numbered([{**change, **own} for own in listed(fields, rule, "to_event", "an event")], change)
