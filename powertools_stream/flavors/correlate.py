"""The flavor `correlate`: stores collected events again under keys that correlate them with others."""

from __future__ import annotations

from pydantic import Field

from powertools_stream.flavors.steps.calling import Steps
from powertools_stream.flavors.steps.event_table import (
    CORREL,
    CollectingRule,
    collected,
    correlation_key,
    event_table,
    expiry,
    row,
)
from powertools_stream.requests import PutItem
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import UnitOfWork

__all__ = ["CorrelateRule", "correlate"]


class CorrelateRule(CollectingRule):
    """A rule of the flavor `correlate`, for the stream of the event table.

    Parameters
    ----------
    correlation_key
        A path into the event (``order.id``) or a function.
    correlation_key_suffix
        Separates correlations with the same key that different rules evaluate: the row's key is ``key.suffix``.
    ttl
        As for `CollectingRule`; default: that of the collected row.
    expire, table_name
        As for `CollectingRule`.
    """

    correlation_key: str | UserFunction = Field(description="a path (a string) or a function")
    correlation_key_suffix: str | None = Field(default=None, min_length=1, description="a string that is not empty")


@flavor(model=CorrelateRule, main="correlation_key", prepare=collected, asks=[PutItem])
def correlate(uow: UnitOfWork, rule: CorrelateRule) -> Steps:
    """Store the event under its correlation key; the row's sort key is the event's id.

    Rules match the collected event, not the change of the row. Leaves ``meta`` (``sequence_number``, ``ttl`` and
    ``data`` of the collected row), ``key`` (with the suffix), ``put_request`` and ``put_response``.
    """
    key = yield from correlation_key(rule.correlation_key, uow, rule)
    uow = uow.extend(key=f"{key}.{rule.correlation_key_suffix}" if rule.correlation_key_suffix else key)
    request = {"Item": (yield from _row(uow, rule))}
    return uow.extend(put_request=request, put_response=(yield PutItem(request, table_name=event_table(rule))))


def _row(uow: UnitOfWork, rule: CorrelateRule) -> Steps:
    event, meta = uow.event, uow["meta"]
    return row(
        {
            "pk": uow["key"],
            "sk": str(event["id"]),
            "discriminator": CORREL,
            "timestamp": event["timestamp"],
            "sequence_number": meta["sequence_number"],
            "ttl": meta["ttl"] if rule.ttl is None else (yield from expiry(rule.ttl, uow)),
            "expire": rule.expire or None,
            "suffix": rule.correlation_key_suffix,
            "rule_id": rule.id,
            "event": event,
        }
    )
