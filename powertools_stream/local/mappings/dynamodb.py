"""Polls a DynamoDB table's stream as Lambda does.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from powertools_stream.local.mappings.errors import MappingError
from powertools_stream.local.mappings.filters import Source
from powertools_stream.local.mappings.shards import ShardInfo
from powertools_stream.local.mappings.streams import StreamPoller

__all__ = ["DynamoDBPoller"]


class DynamoDBPoller(StreamPoller):
    """An event source mapping between a table's stream and a function. See `StreamPoller`.

    Two kinds of records that moto's stream has and DynamoDB's does not are left out: an additional ``INSERT`` of the
    bare key if an ``UpdateItem`` creates an item, and a ``MODIFY`` that changes nothing.
    """

    _service: ClassVar[str] = "dynamodbstreams"
    _source: ClassVar[Source] = "dynamodb"
    _info_name: ClassVar[str] = "DDBStreamBatchInfo"
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
    _max_read: ClassVar[int] = 1000

    def _list_shards(self) -> list[ShardInfo]:
        stream = self._client.describe_stream(StreamArn=self.stream_arn)["StreamDescription"]
        shards = stream["Shards"]
        while last := stream.get("LastEvaluatedShardId"):
            stream = self._client.describe_stream(StreamArn=self.stream_arn, ExclusiveStartShardId=last)
            stream = stream["StreamDescription"]
            shards += stream["Shards"]
        return [_info(shard) for shard in shards]

    def _iterator(self, shard_id: str, position: Mapping[str, Any]) -> str:
        if position["ShardIteratorType"] == "AT_TIMESTAMP":
            raise MappingError("Expected TRIM_HORIZON or LATEST to start a DynamoDB stream at, found AT_TIMESTAMP.")
        response = self._client.get_shard_iterator(StreamArn=self.stream_arn, ShardId=shard_id, **position)
        iterator: str = response["ShardIterator"]
        return iterator

    def _get_records(self, **arguments: Any) -> Any:
        while True:
            response = self._client.get_records(**arguments)
            records, iterator = response["Records"], response.get("NextShardIterator")
            real = _without_artefacts(records, self._following_records(records, iterator))
            if real or not records or iterator is None:
                return {**response, "Records": real}
            arguments["ShardIterator"] = iterator

    def _following_records(self, records: Sequence[Mapping[str, Any]], iterator: str | None) -> list[Mapping[str, Any]]:
        """Peek at the records after a batch, which may have the second half of an INSERT."""
        if iterator is None or not any(map(_is_bare, records)):
            return []
        following: list[Mapping[str, Any]] = self._client.get_records(ShardIterator=iterator)["Records"]
        return following

    def _to_record(self, record: Mapping[str, Any], shard_id: str) -> dict[str, Any]:
        # https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
        change = dict(record["dynamodb"])
        created = change.get("ApproximateCreationDateTime")
        if isinstance(created, datetime):
            change["ApproximateCreationDateTime"] = int(created.timestamp())
        for name in ("Keys", "NewImage", "OldImage"):
            if name in change:
                change[name] = {key: _to_json(value) for key, value in change[name].items()}
        return {**record, "dynamodb": change, "awsRegion": self._region, "eventSourceARN": self.stream_arn}

    def _sequence_number(self, record: Mapping[str, Any]) -> str:
        number: str = record["dynamodb"]["SequenceNumber"]
        return number

    def _key_of(self, record: Mapping[str, Any]) -> str:
        # "Lambda still ensures in-order processing at the item (partition and sort key) level."
        return json.dumps(record["dynamodb"]["Keys"], sort_keys=True)

    def _arrival_of(self, record: Mapping[str, Any]) -> float:
        return float(record["dynamodb"]["ApproximateCreationDateTime"])


def _info(shard: Mapping[str, Any]) -> ShardInfo:
    parents = (shard["ParentShardId"],) if shard.get("ParentShardId") else ()
    return ShardInfo(shard["ShardId"], parents, "EndingSequenceNumber" in shard.get("SequenceNumberRange", {}))


def _without_artefacts(
    records: Sequence[Mapping[str, Any]], ahead: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    real = []
    following: dict[str, Mapping[str, Any]] = {}
    everything = [*records, *ahead]
    for position in reversed(range(len(everything))):
        record = everything[position]
        key = str(record["dynamodb"]["Keys"])
        if position < len(records) and not _is_artefact(record, following.get(key)):
            real.append(record)
        following[key] = record
    return real[::-1]


def _is_artefact(record: Mapping[str, Any], following: Mapping[str, Any] | None) -> bool:
    """Return whether only moto has this record, given the next change of the same item."""
    change = record["dynamodb"]
    if record["eventName"] == "MODIFY" and "OldImage" in change:
        return bool(change["OldImage"] == change.get("NewImage"))
    return _is_bare(record) and following is not None and following["eventName"] == "INSERT"


def _is_bare(record: Mapping[str, Any]) -> bool:
    change = record["dynamodb"]
    return record["eventName"] == "INSERT" and bool(change.get("NewImage") == change["Keys"])


def _to_json(value: Any) -> Any:
    """Return an attribute value as in JSON: bytes as base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {key: _to_json(part) for key, part in value.items()}
    return [_to_json(part) for part in value] if isinstance(value, list | set) else value
