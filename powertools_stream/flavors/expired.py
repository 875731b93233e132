"""The flavor `expired`: publishes that something has not happened in time."""

from __future__ import annotations

from typing import Any, ClassVar

from powertools_stream.flavors.steps.calling import Steps
from powertools_stream.flavors.steps.event_table import event_of_row, time_of
from powertools_stream.flavors.steps.publishing import PublishingRule, inherited_tags, publish_all, triggers_of
from powertools_stream.payloads.carried import approximate_seconds, record_of
from powertools_stream.requests import PutEvent
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import Event, UnitOfWork

__all__ = ["ExpiredRule", "expired"]


class ExpiredRule(PublishingRule):
    """A rule of the flavor `expired`, for the stream of the event table.

    Parameters
    ----------
    bus_name, source
        As for `PublishingRule`.
    """

    takes_compact: ClassVar[bool] = False


def _is_expired(uow: UnitOfWork) -> bool:
    """Pass the removal of a row that has ``expire`` and was due.

    Who removed it does not matter: in the replicas of a global table, removals by TTL are not marked as such.
    """
    record = record_of(uow)
    if record.get("eventName") != "REMOVE":
        return False
    old = (uow.event.get("raw") or {}).get("old") or {}
    ttl = old.get("ttl")
    if not ttl or not old.get("expire"):
        return False
    removed = approximate_seconds(record.get("dynamodb", {}))
    return removed is None or bool(removed >= ttl)


@flavor(model=ExpiredRule, filters=[_is_expired], asks=[PutEvent])
def expired(uow: UnitOfWork, rule: ExpiredRule) -> Steps:
    """Publish the event of an expired row, with the type that its ``expire`` gives.

    The rows are those that `collect` and `correlate` write with ``expire``: True stands for the event's type plus
    ``-expired`` (``.expired`` if the type contains dots). Leaves ``emit``.
    """
    return (yield from publish_all([_event(uow)], uow, rule))


def _event(uow: UnitOfWork) -> Event:
    old: dict[str, Any] = uow.event["raw"]["old"]
    event = event_of_row(old)
    return {
        **event,
        "id": uow.event["id"],
        "type": _type(event["type"], old["expire"]),
        # When it was due, plus the original's milliseconds, so that events due in the same second keep their order.
        "timestamp": old["ttl"] * 1000 + (time_of(event) or 0) % 1000,
        "tags": inherited_tags([event]),
        "triggers": triggers_of([event]),
    }


def _type(event_type: str, expire: Any) -> str:
    if isinstance(expire, str):
        return expire
    return f"{event_type}.expired" if "." in event_type else f"{event_type}-expired"
