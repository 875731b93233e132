"""Polls a Kinesis data stream as Lambda does."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, ClassVar

from powertools_stream.local.streams import StartingPosition, StreamPoller

__all__ = ["KinesisPoller"]


class KinesisPoller(StreamPoller):
    """An event source mapping between a Kinesis data stream and a function. See `StreamPoller`."""

    _service: ClassVar[str] = "kinesis"

    def _shard_ids(self) -> list[str]:
        return [shard["ShardId"] for shard in self._client.list_shards(StreamARN=self.stream_arn)["Shards"]]

    def _first_iterator(self, shard_id: str, position: StartingPosition) -> str:
        iterator: str = self._client.get_shard_iterator(
            StreamARN=self.stream_arn, ShardId=shard_id, ShardIteratorType=position
        )["ShardIterator"]
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
