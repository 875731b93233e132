"""Polls a Kinesis data stream as Lambda does.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, ClassVar

from powertools_stream.local.mappings.filters import Source
from powertools_stream.local.mappings.shards import ShardInfo
from powertools_stream.local.mappings.streams import StreamPoller

__all__ = ["KinesisPoller"]


class KinesisPoller(StreamPoller):
    """An event source mapping between a Kinesis data stream and a function. See `StreamPoller`."""

    _service: ClassVar[str] = "kinesis"
    _source: ClassVar[Source] = "kinesis"
    _info_name: ClassVar[str] = "KinesisBatchInfo"
    # https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
    _max_read: ClassVar[int] = 10_000

    def _list_shards(self) -> list[ShardInfo]:
        response = self._client.list_shards(StreamARN=self.stream_arn)
        shards = response["Shards"]
        while token := response.get("NextToken"):
            response = self._client.list_shards(NextToken=token)
            shards += response["Shards"]
        return [_info(shard) for shard in shards]

    def _iterator(self, shard_id: str, position: Mapping[str, Any]) -> str:
        response = self._client.get_shard_iterator(StreamARN=self.stream_arn, ShardId=shard_id, **position)
        iterator: str = response["ShardIterator"]
        return iterator

    def _get_records(self, **arguments: Any) -> Any:
        # Moto cannot find the stream by the iterator alone.
        return self._client.get_records(StreamARN=self.stream_arn, **arguments)

    def _to_record(self, record: Mapping[str, Any], shard_id: str) -> dict[str, Any]:
        # https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": record["SequenceNumber"],
                "data": base64.b64encode(record["Data"]).decode("ascii"),
                "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{record['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": f"arn:aws:iam::123456789012:role/{self.function.name}",
            "awsRegion": self._region,
            "eventSourceARN": self.stream_arn,
        }

    def _sequence_number(self, record: Mapping[str, Any]) -> str:
        number: str = record["kinesis"]["sequenceNumber"]
        return number

    def _key_of(self, record: Mapping[str, Any]) -> str:
        key: str = record["kinesis"]["partitionKey"]
        return key

    def _arrival_of(self, record: Mapping[str, Any]) -> float:
        arrival: float = record["kinesis"]["approximateArrivalTimestamp"]
        return arrival


def _info(shard: Mapping[str, Any]) -> ShardInfo:
    parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
    is_closed = "EndingSequenceNumber" in shard.get("SequenceNumberRange", {})
    return ShardInfo(shard["ShardId"], tuple(filter(None, parents)), is_closed)
