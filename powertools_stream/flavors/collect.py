"""The flavor `collect`: stores events in the event table under their ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, StrictBool

from powertools_stream.errors import InvalidRequestError
from powertools_stream.flavors.steps.calling import Steps, call
from powertools_stream.flavors.steps.event_table import (
    EVENT,
    CollectingRule,
    correlation_key,
    event_table,
    expiry,
    row,
)
from powertools_stream.requests import OnConditionFailed, PutItem
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import UnitOfWork

__all__ = ["CollectRule", "collect"]


class CollectRule(CollectingRule):
    """A rule of the flavor `collect`.

    Parameters
    ----------
    correlation_key
        What correlates the event with others: a path into the event (``order.id``) or a function; default: the event's
        partition key.
    ttl, expire, table_name
        As for `CollectingRule`.
    include_raw
        Whether the images of a change event, ``raw``, are stored too.
    to_put_request
        Returns the parameters of ``PutItem``, to replace the default row; it sees ``key``.
    on_condition_failed
        What to do if a condition in that request fails: ``"ignore"`` counts it, ``"fault"`` makes it a fault.
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **CollectingRule.user_functions,
        "to_put_request": (),
    }

    correlation_key: str | UserFunction | None = Field(default=None, description="a path (a string) or a function")
    include_raw: StrictBool = Field(default=False, description="True or False")
    to_put_request: UserFunction | None = Field(default=None, description="a function")
    on_condition_failed: OnConditionFailed = Field(default="ignore", description="'ignore' or 'fault'")


@flavor(model=CollectRule, main="correlation_key", asks=[PutItem])
def collect(uow: UnitOfWork, rule: CollectRule) -> Steps:
    """Store the event in a row under its id, so that an event that comes twice is stored once.

    Leaves ``key`` (the correlation key), ``put_request`` and ``put_response``.
    """
    uow = uow.extend(key=(yield from correlation_key(rule.correlation_key, uow, rule)))
    if rule.to_put_request is not None:
        request = yield from call(rule.to_put_request, uow)
    else:
        request = {"Item": (yield from _row(uow, rule))}
    if not isinstance(request, Mapping):
        raise InvalidRequestError(
            f"Rule {rule.id!r}: expected to_put_request to return a mapping with the Item, but found "
            f"{type(request).__name__}."
        )
    table_name = event_table(rule, request)
    put = PutItem(request, table_name=table_name, on_condition_failed=rule.on_condition_failed)
    return uow.extend(put_request=request, put_response=(yield put))


def _row(uow: UnitOfWork, rule: CollectRule) -> Steps:
    event = uow.event
    return row(
        {
            "pk": str(event["id"]),
            "sk": EVENT,
            "discriminator": EVENT,
            "timestamp": event["timestamp"],
            "sequence_number": _sequence_number(uow.record),
            "ttl": (yield from expiry(rule.ttl, uow)),
            "expire": rule.expire or None,
            "data": uow["key"],
            "event": event if rule.include_raw else {name: event[name] for name in event if name != "raw"},
        }
    )


def _sequence_number(record: Mapping[str, Any]) -> Any:
    """Return the sequence number that the stream or the FIFO queue gave the record."""
    kinesis = record.get("kinesis") or {}
    return kinesis.get("sequenceNumber") or (record.get("attributes") or {}).get("SequenceNumber")
