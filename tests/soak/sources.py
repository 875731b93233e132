"""The sources: the events that Lambda would send of planned records, and what the oracle has to know of each source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from powertools_stream.testing import (
    to_dynamodb_records,
    to_eventbridge_event,
    to_firehose_records,
    to_kafka_records,
    to_kinesis_records,
    to_pipe_records,
    to_s3_records,
    to_sns_records,
    to_sqs_records,
)
from tests.soak.payloads import IN_BASE64, IN_TEXT, base64_payload, payload
from tests.soak.program import PlannedRecord

__all__ = ["MARK", "SOURCES", "SoakSource", "build"]

MARK = "soak"
"""Where a raw record says which planned record it is, and which invocation it is delivered in."""

Records = Sequence[PlannedRecord]


@dataclass(frozen=True)
class SoakSource:
    """What there is to know of a source.

    Parameters
    ----------
    to_event
        Makes what Lambda sends.
    identifier
        What names a record in the response.
    order_key
        What orders a record among others; None: nothing does.
    redelivery
        What comes again: ``"each"`` record that was reported, everything behind one in its ``"group"``, everything from
        the ``"lowest"`` on, that of its ``"partition"``, the ``"whole"`` event, ``"nothing"``.
    malformed
        The ways in which a record of it cannot be read.
    batch_size
        How many records an event has at most.
    event_type
        The type of a record's event.
    """

    to_event: Callable[[Records], Any]
    identifier: Callable[[PlannedRecord], Any]
    order_key: Callable[[PlannedRecord], str | None]
    redelivery: str
    malformed: tuple[str, ...] = IN_TEXT
    batch_size: int = 12
    event_type: Callable[[PlannedRecord], str] = lambda record: record.kind
    has_images: bool = False
    has_payload: bool = True


def build(source: SoakSource, records: Records, invocation: int) -> tuple[Any, dict[str, Any]]:
    """Return the event of an invocation, and its raw records by reference."""
    planned = list(_as_delivered(source, records))
    event = source.to_event(planned)
    raw = list(_raw_records(event))
    for one, record in zip(raw, planned, strict=True):
        one[MARK] = {"ref": record.ref, "invocation": invocation, "number": record.number}
    return event, {one[MARK]["ref"]: one for one in raw}


def _as_delivered(source: SoakSource, records: Records) -> Iterable[PlannedRecord]:
    """Return the records in the order in which the event has them: Kafka's come by partition."""
    if source.redelivery != "partition" and source is not SOURCES["pipe-kafka"]:
        return records
    partitions: dict[int, list[PlannedRecord]] = {}
    for record in records:
        partitions.setdefault(_partition(record), []).append(record)
    return [record for part in partitions.values() for record in part]


def _raw_records(event: Any) -> Iterator[dict[str, Any]]:
    if isinstance(event, list):
        yield from event
    elif "Records" in event:
        yield from event["Records"]
    elif "records" not in event:
        yield event
    elif isinstance(event["records"], list):
        yield from event["records"]
    else:
        for records in event["records"].values():
            yield from records


# -- One source after the other ----------------------------------------------------------------------------------------


def _sqs(records: Records, *, fifo: bool = False) -> dict[str, Any]:
    def message(record: PlannedRecord) -> dict[str, Any]:
        body = None if record.malformed == "nothing" else payload(record)
        return {"body": body, "message_id": f"m-{record.ref}", **({"group_id": record.key} if fifo else {})}

    return to_sqs_records([message(record) for record in records], fifo=fifo)


def _kinesis(records: Records) -> dict[str, Any]:
    return to_kinesis_records(
        [
            {
                **base64_payload(record, "data"),
                "partition_key": _kinesis_key(record),
                "sequence_number": 10**20 + record.position,
            }
            for record in records
        ]
    )


def _kinesis_key(record: PlannedRecord) -> str:
    return record.key or record.ref


def _dynamodb(records: Records) -> dict[str, Any]:
    event = to_dynamodb_records([_change(record) for record in records])
    for raw, record in zip(event["Records"], records, strict=True):
        if record.malformed is not None:
            raw["dynamodb"]["NewImage"] = {"pk": "no attribute value"}
    return event


def _change(record: PlannedRecord) -> dict[str, Any]:
    image: dict[str, Any] = {"pk": record.key or "k", "sk": "item", "timestamp": record.timestamp, "n": record.position}
    if record.kind:
        image["discriminator"] = record.kind
    if record.latched:
        image["latched"] = True
    if record.size:
        image["padding"] = "x" * record.size
    change: dict[str, Any] = {"sequence_number": 10**20 + record.position}
    if record.change != "created":
        change["old_image"] = {**image, "n": -1}
    if record.change != "deleted":
        change["new_image"] = image
    return change


def _dynamodb_type(record: PlannedRecord) -> str:
    return f"{record.kind or 'item'}-{record.change}"


def _kafka(records: Records) -> dict[str, Any]:
    return to_kafka_records(
        [
            {
                **base64_payload(record, "value"),
                **({"key": record.key} if record.key else {}),
                "partition": _partition(record),
                "offset": record.position,
                "timestamp": record.timestamp,
            }
            for record in records
        ]
    )


def _partition(record: PlannedRecord) -> int:
    """Return the partition of a record: records with the same key are in the same one."""
    return sum(record.key.encode()) % 2


def _firehose(records: Records) -> dict[str, Any]:
    return to_firehose_records(
        [{**base64_payload(record, "data"), "record_id": f"f-{record.ref}"} for record in records]
    )


_S3_NAMES = {
    "created": "ObjectCreated:Put",
    "updated": "ObjectTagging:Put",
    "deleted": "ObjectRemoved:Delete",
}
_S3_TYPES = {"created": "object-created", "updated": "object-tagging", "deleted": "object-removed"}


def _s3(records: Records) -> dict[str, Any]:
    event = to_s3_records(
        [
            {
                "key": record.key or record.ref,
                "event_name": _S3_NAMES[record.change],
                "sequencer": f"{record.position + 1:016X}",
                "timestamp": record.timestamp,
            }
            for record in records
        ]
    )
    for raw, record in zip(event["Records"], records, strict=True):
        if record.malformed is not None:
            del raw["s3"]["object"]
    return event


def _sns(records: Records) -> dict[str, Any]:
    return to_sns_records([{"message": payload(record), "message_id": f"n-{record.ref}"} for record in records])


def _eventbridge(records: Records) -> dict[str, Any]:
    (record,) = records
    detail = payload(record)
    return to_eventbridge_event(detail, detail_type=record.kind, event_id=f"e-{record.ref}")


def _nothing(record: PlannedRecord) -> str | None:
    return None


def _item_key(record: PlannedRecord) -> str:
    return record.key or "k"


def _key(record: PlannedRecord) -> str | None:
    return record.key or None


def _kafka_name(record: PlannedRecord) -> dict[str, Any]:
    return {"partition": f"orders-{_partition(record)}", "offset": record.position}


SOURCES: dict[str, SoakSource] = {
    "sqs": SoakSource(_sqs, lambda r: f"m-{r.ref}", _nothing, "each", malformed=(*IN_TEXT, "nothing")),
    "sqs-fifo": SoakSource(lambda records: _sqs(records, fifo=True), lambda r: f"m-{r.ref}", lambda r: r.key, "group"),
    "kinesis": SoakSource(_kinesis, lambda r: str(10**20 + r.position), _kinesis_key, "lowest", malformed=IN_BASE64),
    "dynamodb": SoakSource(
        _dynamodb,
        lambda r: str(10**20 + r.position),
        _item_key,
        "lowest",
        malformed=("no attribute values",),
        event_type=_dynamodb_type,
        has_images=True,
        has_payload=False,
    ),
    "kafka": SoakSource(_kafka, _kafka_name, _key, "partition", malformed=IN_BASE64),
    "firehose": SoakSource(_firehose, lambda r: f"f-{r.ref}", _nothing, "nothing", malformed=IN_BASE64),
    "s3": SoakSource(
        _s3,
        lambda r: None,
        lambda r: None if r.malformed else r.key or r.ref,
        "whole",
        malformed=("no object",),
        batch_size=3,
        event_type=lambda record: _S3_TYPES[record.change],
        has_payload=False,
    ),
    "sns": SoakSource(_sns, lambda r: f"n-{r.ref}", _nothing, "whole", batch_size=3),
    "eventbridge": SoakSource(
        _eventbridge, lambda r: f"e-{r.ref}", _nothing, "whole", malformed=("not JSON", "an array"), batch_size=1
    ),
    "pipe-sqs": SoakSource(lambda records: to_pipe_records(_sqs(records)), lambda r: f"m-{r.ref}", _nothing, "each"),
    "pipe-kinesis": SoakSource(
        lambda records: to_pipe_records(_kinesis(records)),
        lambda r: f"shardId-000000000000:{10**20 + r.position}",
        _kinesis_key,
        "lowest",
        malformed=IN_BASE64,
    ),
    "pipe-kafka": SoakSource(
        lambda records: to_pipe_records(_kafka(records)), _kafka_name, _key, "whole", malformed=IN_BASE64
    ),
}
