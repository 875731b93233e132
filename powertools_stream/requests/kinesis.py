"""The request for Kinesis Data Streams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = ["PutRecord"]


STREAM = Place(
    "arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/{name}",
    "stream_name",
    "StreamName",
    ("STREAM_NAME",),
)


@dataclass(frozen=True, slots=True)
class PutRecord(Request):
    """Put one record on a Kinesis data stream; batched into ``PutRecords``.

    Answers the record's result: ``{"SequenceNumber": …, "ShardId": …}``.

    Parameters
    ----------
    params
        What Kinesis' ``PutRecord`` takes for one record: ``{"Data": …, "PartitionKey": …, "ExplicitHashKey": …}``.
        ``Data`` that is neither text nor bytes is written as JSON. A ``PartitionKey`` that is missing is the
        ``partition_key`` of such data, else its ``id``; None: the record has none, for a stream that distributes
        records itself.
    stream_name
        Name or ARN; default: ``params["StreamARN"]`` or ``params["StreamName"]``, then ``STREAM_NAME``.
    ordered
        Whether records of one partition key are kept in order, even if some of them are sent again. Then one call
        holds a key once only, as ``PutRecords`` keeps no order if it fails; False: calls are as full as can be.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("kinesis:PutRecords", STREAM),)
    carries: ClassVar[tuple[str, ...]] = ("params", "Data")

    params: Mapping[str, Any]
    stream_name: str | None = field(default=None, kw_only=True)
    ordered: bool = field(default=True, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that the record was taken."""
        return {"SequenceNumber": str(n), "ShardId": "shardId-000000000000"}
