"""Records that another service carries: the change of a table's item in a message, or on a data stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powertools_stream.uow import Event, Record

__all__ = ["CarriedEvent", "approximate_seconds", "record_of", "table_name_of"]


class CarriedEvent(dict[str, Any]):
    """An event of a record that came inside of another one, and still knows it.

    Parameters
    ----------
    event
        The event.
    record
        The record that it was read from, as its own source delivers it.
    secrets
        What of it no fault event may carry, as its own source says.
    """

    __slots__ = ("record", "secrets")

    def __init__(self, event: Event, record: Record, secrets: tuple[str, ...] = ()) -> None:
        super().__init__(event)
        self.record = record
        self.secrets = secrets


def record_of(uow: Mapping[str, Any]) -> Record:
    """Return the record that the event of a unit of work was read from: the one that another carried, if so."""
    event = uow.get("event")
    record: Record = event.record if type(event) is CarriedEvent else uow.get("record") or {}
    return record


def table_name_of(record: Mapping[str, Any]) -> str | None:
    """Return the name of the table whose change a record is; None if it does not say.

    A stream has it in ``arn:aws:dynamodb:{region}:{account}:table/{name}/stream/{label}``, Kinesis Data Streams for
    DynamoDB in ``tableName``.
    """
    arn, name = record.get("eventSourceARN"), record.get("tableName")
    parts = arn.split("/") if isinstance(arn, str) else ()
    if len(parts) > 1:
        return parts[1]
    return name if isinstance(name, str) and name else None


# Later than any time in the smaller unit: the year 5138 in seconds, and in ms.
_MILLISECONDS_FROM, _MICROSECONDS_FROM = 10**11, 10**14


def approximate_seconds(change: Mapping[str, Any]) -> Any:
    """Return the ``ApproximateCreationDateTime`` of a change in seconds; what is no number as it is.

    A stream of DynamoDB has seconds. Kinesis Data Streams for DynamoDB has ms, or µs, and says so only since it can do
    either, so the size of the number tells.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds_gettingstarted.html
    """
    moment: Any = change.get("ApproximateCreationDateTime")
    if type(moment) not in (int, float) or moment < _MILLISECONDS_FROM:
        return moment
    try:
        return moment / (1_000_000 if moment >= _MICROSECONDS_FROM else 1_000)
    except OverflowError:
        return moment
