"""Builder of the event that Firehose sends to have records transformed, and a reader of the answer."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from powertools_stream.testing.envelopes import ACCOUNT, NOW, REGION
from powertools_stream.testing.payloads import listed, overrides, to_base64

__all__ = ["read_firehose_answer", "to_firehose_records"]

# Record ids have the length of the service's own.
_FIRST = 49_546_986_683_135_544_286_507_457_936_321_625_675_700_192_471_156_785_154
_KNOWN = frozenset({"base64", "data", "partition_key", "record_id", "timestamp"})

_ORIGINS = ("put", "kinesis", "msk")


def to_firehose_records(
    events: Iterable[Any], *, stream: str = "orders", origin: str = "put", region: str = REGION
) -> dict[str, Any]:
    """Build the event that Firehose sends to have records transformed.

    Parameters
    ----------
    events
        Events, strings, bytes, or overrides: ``data`` (any of these) or ``base64`` (the encoded data, unchanged, e.g.
        ``"%"``), ``record_id``, ``timestamp`` (ms), ``partition_key`` (of a Kinesis data stream's record).
    stream
        The Firehose stream's name.
    origin
        Where the stream's records come from: ``"put"`` (direct PUT), ``"kinesis"`` or ``"msk"``.
    """
    if origin not in _ORIGINS:
        raise ValueError(f"Expected origin to be one of {', '.join(map(repr, _ORIGINS))}, found {origin!r}.")
    event = {
        "invocationId": str(uuid5(NAMESPACE_URL, f"firehose/{stream}")),
        "deliveryStreamArn": f"arn:aws:firehose:{region}:{ACCOUNT}:deliverystream/{stream}",
        "region": region,
        "records": [_record(given, index, origin) for index, given in enumerate(listed(events, "to_firehose_records"))],
    }
    if origin == "kinesis":
        event["sourceKinesisStreamArn"] = f"arn:aws:kinesis:{region}:{ACCOUNT}:stream/{stream}"
    if origin == "msk":
        event["sourceMSKArn"] = f"arn:aws:kafka:{region}:{ACCOUNT}:cluster/{stream}/751d2973-a626-431c-9d4e-1"
    return event


def read_firehose_answer(answer: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """Return a function's answer for each record, in order: the result, and the decoded data.

    Parameters
    ----------
    answer
        What the function returned to Firehose.
    """
    return [
        (record["result"], b64decode(record["kafkaRecordValue" if "kafkaRecordValue" in record else "data"]))
        for record in answer["records"]
    ]


def _record(event: Any, index: int, origin: str) -> dict[str, Any]:
    given = overrides(event, "data", _KNOWN, "base64")
    data = given["base64"] if "base64" in given else to_base64(given.get("data"))
    number = _FIRST + index
    arrived = given.get("timestamp", NOW)
    record = {"recordId": given.get("record_id", f"{number}000000"), "approximateArrivalTimestamp": arrived}
    if origin == "msk":
        metadata = {"offset": str(index), "partitionId": "0", "approximateArrivalTimestamp": arrived}
        return {**record, "mskRecordMetadata": metadata, "kafkaRecordValue": data}
    if origin == "kinesis":
        record["kinesisRecordMetadata"] = {
            "shardId": "shardId-000000000000",
            "partitionKey": str(given.get("partition_key", _key_of(given.get("data"), index))),
            "approximateArrivalTimestamp": datetime.fromtimestamp(arrived / 1000, timezone.utc).isoformat(),
            "sequenceNumber": str(number),
            "subsequenceNumber": "",
        }
    return {**record, "data": data}


def _key_of(data: Any, index: int) -> Any:
    return data.get("partition_key", data.get("id", index)) if isinstance(data, Mapping) else index
