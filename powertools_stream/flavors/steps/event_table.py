"""The rows of the event table, where `collect` and `correlate` store events.

A row ``EVENT`` holds an event as it was collected, under its id; a row ``CORREL`` holds it again under a correlation
key. Names, ids and layout are those of aws-lambda-stream, so that it can read these rows as well: in Python as they
are, in JavaScript if `EVENT_SPELLING` says so. Rows of either are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import Field

from powertools_stream.environment.settings import number
from powertools_stream.environment.spelling import CAMEL_CASE, in_camel_case, is_javascript
from powertools_stream.environment.variables import variable
from powertools_stream.errors import InvalidEventError, MalformedRecordError, RuleError
from powertools_stream.flavors.steps.calling import Steps, call
from powertools_stream.flavors.steps.tables import TableRule
from powertools_stream.payloads.carried import record_of
from powertools_stream.payloads.completion import complete
from powertools_stream.payloads.conversions import is_finite
from powertools_stream.rules.binding import UserFunction, required_names
from powertools_stream.rules.paths import check_path, path_reader
from powertools_stream.rules.rule import Rule
from powertools_stream.uow import Event, UnitOfWork

__all__ = [
    "CORREL",
    "EVENT",
    "EVENT_TABLE",
    "CollectingRule",
    "collected",
    "collected_or_correlated",
    "correlation_key",
    "event_of_row",
    "event_table",
    "expiry",
    "row",
    "time_of",
]

EVENT = "EVENT"
"""Sort key and discriminator of a collected event."""

CORREL = "CORREL"
"""Discriminator of a correlation."""

_DAYS = 33
_SECONDS_A_DAY = 24 * 60 * 60


EVENT_TABLE = ("EVENT_TABLE_NAME", "ENTITY_TABLE_NAME")
"""The environment variables that name the event table, in the order in which they are tried."""


class CollectingRule(TableRule):
    """The fields that rules of flavors that store events share.

    Parameters
    ----------
    ttl
        The number of days from the event's timestamp until the row expires, or a function that returns the time itself,
        in epoch seconds; default: ``TTL``, then 33. If it has two parameters, their names say which is which.
    expire
        True: when the row expires, the flavor `expired` publishes ``<type>-expired``; a string: an event of this type.
    table_name
        The event table; default: ``EVENT_TABLE_NAME``, then ``ENTITY_TABLE_NAME``.
    """

    takes_compact: ClassVar[bool] = False
    table_variables: ClassVar[tuple[str, ...]] = EVENT_TABLE
    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {"correlation_key": (), "ttl": ()}

    ttl: int | float | UserFunction | None = Field(default=None, description="a number of days, or a function")
    expire: bool | str | None = Field(default=None, description="True, or the type of the event (a string)")

    def _check_fields(self) -> None:
        super()._check_fields()
        path = self.__dict__["correlation_key"]
        if isinstance(path, str):
            check_path(path, rule_id=self.id, field="correlation_key")
        if callable(self.ttl) and _is_of_unknown_order(self.ttl):
            raise RuleError(
                f"Rule {self.id!r}: a function of the field 'ttl' with two parameters names them 'uow' and 'rule', in "
                f"either order; got ({', '.join(required_names(self.ttl))}). aws-lambda-stream calls it with "
                "(rule, uow), where this library would pass (uow, rule).",
                self.id,
            )


def event_table(rule: TableRule, params: Mapping[str, Any] | None = None) -> str | None:
    """Return the name of the event table, for a request; None: the request's own, else the connector's default.

    Any other request goes to ``ENTITY_TABLE_NAME`` first: a service may have both tables.

    Parameters
    ----------
    params
        The request's parameters, if they are the user's and may name a table.
    """
    if rule.table_name or (params and params.get("TableName")):
        return rule.table_name
    return variable("EVENT_TABLE_NAME")


# -- Reading rows ------------------------------------------------------------------------------------------------------


def collected(uow: UnitOfWork) -> UnitOfWork | None:
    """Return the unit of work of a collected event; None if the record is not the insert of such a row.

    Leaves ``meta``: ``sequence_number``, ``ttl`` and ``data`` (the correlation key) of the row.
    """
    image = _inserted(uow)
    if image is None or image.get("sk") != EVENT:
        return None
    meta = {name: attribute(image, name) for name in ("sequence_number", "ttl", "data")}
    return uow.extend(event=event_of_row(image), meta=meta)


def collected_or_correlated(uow: UnitOfWork) -> UnitOfWork | None:
    """Return the unit of work of a collected or correlated event; None if the record is not the insert of such a row.

    Leaves ``meta``: ``id`` (of the change), ``pk``, ``data``, ``sequence_number``, ``ttl``, ``expire`` and ``suffix``
    of the row, ``correlation`` (whether it is one) and ``correlation_key``.
    """
    image = _inserted(uow)
    if image is None:
        return None
    is_correlation = image.get("discriminator") == CORREL
    if not is_correlation and image.get("sk") != EVENT:
        return None
    names = ("pk", "data", "sequence_number", "ttl", "expire", "suffix")
    meta = {
        "id": uow.event["id"],
        **{name: attribute(image, name) for name in names},
        "correlation": is_correlation,
        "correlation_key": image.get("pk" if is_correlation else "data"),
    }
    return uow.extend(event=event_of_row(image), meta=meta)


def attribute(image: Mapping[str, Any], name: str) -> Any:
    """Return an attribute of a row, whichever language wrote it; None if there is none."""
    value = image.get(name)
    return image.get(CAMEL_CASE[name]) if value is None and name in CAMEL_CASE else value


def event_of_row(image: Mapping[str, Any]) -> Event:
    """Return the event that a row holds, complete.

    Raises
    ------
    MalformedRecordError
        It holds none.
    """
    event = image.get("event")
    if not isinstance(event, dict):
        key = {name: image.get(name) for name in ("pk", "sk")}
        raise MalformedRecordError(
            f"Expected the row {key!r} of the event table to hold an event (a map) in its attribute 'event', but found "
            f"{'nothing' if event is None else type(event).__name__}. Was it written by collect or correlate?"
        )
    event_id = image.get("sk") if image.get("discriminator") == CORREL else image.get("pk")
    # A copy, since other rules share the image.
    return complete(dict(event), str(event_id), image.get("timestamp"), None)


def time_of(event: Mapping[str, Any]) -> float | Decimal | None:
    """Return the timestamp of an event in ms; None if it is no number: nothing can be compared with it."""
    timestamp = event.get("timestamp")
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | float | Decimal):
        return None
    return timestamp if isinstance(timestamp, int) or is_finite(timestamp) else None


def _inserted(uow: UnitOfWork) -> Mapping[str, Any] | None:
    """Return the image of an inserted row; None for any other record."""
    record = record_of(uow)
    if record.get("eventName") != "INSERT" or "dynamodb" not in record:
        return None
    image = (uow.event.get("raw") or {}).get("new")
    if image is None and record["dynamodb"].get("Keys", {}).get("sk", {}).get("S") == EVENT:
        raise MalformedRecordError(
            "Expected the change of an event table to come with the new image of the row, but found none. "
            "Set the table's StreamViewType to NEW_AND_OLD_IMAGES."
        )
    return image


# -- Writing rows ------------------------------------------------------------------------------------------------------


def _is_of_unknown_order(ttl: UserFunction) -> bool:
    names = required_names(ttl)
    return len(names) > 1 and not {"uow", "rule"} & set(names)


def row(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without attributes that have no value, and with the Region that writes it.

    The names of attributes, and of the event's fields, are spelled for those who read the table.
    """
    item = {**attributes, "awsregion": variable("AWS_REGION") or variable("REGION")}
    if is_javascript():
        item = in_camel_case(item, "sequence_number", "rule_id")
        item["event"] = in_camel_case(item["event"], "partition_key")
    return {name: value for name, value in item.items() if value is not None}


def correlation_key(path: str | UserFunction | None, uow: UnitOfWork, rule: Rule) -> Steps:
    """Return the correlation key of an event, as a string.

    Parameters
    ----------
    path
        A path into the event, or a function of the unit of work; None: the event's partition key.

    Raises
    ------
    InvalidEventError
        The event has no such key, or one that is neither a string nor an integer.
    """
    if callable(path):
        key = yield from call(path, uow)
    else:
        key = path_reader(path or "partition_key")(uow.event)
    if isinstance(key, str | int) and not isinstance(key, bool) and key != "":
        return str(key)
    place = "its correlation_key function returns" if callable(path) else f"{path or 'partition_key'!r} holds"
    error = InvalidEventError(
        f"Rule {rule.id!r}: expected the {uow.event.get('type')!r} event {uow.event.get('id')!r} to have a correlation "
        f"key, a string or an integer, but {place} {'nothing' if key is None else repr(key)[:80]}. "
        f"Correct the rule's correlation_key, or keep such events out with filters."
    )
    error.rule_id = rule.id
    raise error


def expiry(ttl: float | UserFunction | None, uow: UnitOfWork) -> Steps:
    """Return when a row is to expire, in epoch seconds.

    Parameters
    ----------
    ttl
        Days after the event's timestamp, or a function that returns the time itself; None: ``TTL`` days, or 33.
    """
    if callable(ttl):
        return (yield from call(ttl, uow))
    if (timestamp := time_of(event := uow.event)) is None:
        raise InvalidEventError(
            f"Expected the {event['type']!r} event {event['id']!r} to have its timestamp in ms, a number, for the row "
            f"to expire some days after it, but found {event['timestamp']!r}. Correct the publisher, or give the rule "
            "a ttl function."
        )
    days = number(ttl, "TTL", default=_DAYS, what="a number of days")
    return int(float(timestamp) / 1000 + days * _SECONDS_A_DAY)
