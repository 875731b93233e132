"""On-failure destinations: where the mapping of a stream says which records it has given up on.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from powertools_stream.local.function import Invocation
from powertools_stream.local.mappings.errors import MappingError

__all__ = ["Clients", "Destination", "Discarded"]

Clients = Callable[[str], Any]
"""Returns a boto3 client of a service, such as `EmbeddedAWS.client`."""


@dataclass(frozen=True)
class Discarded:
    """Records that were given up on.

    Parameters
    ----------
    event
        The event with the records.
    batch_info
        Where they are in the stream.
    info_name
        How the record for the destination names that: ``KinesisBatchInfo`` or ``DDBStreamBatchInfo``.
    function_arn
        The function.
    condition
        Why: ``RetryAttemptsExhausted`` or ``RecordAgeExceeded``.
    invocations
        How many invocations have had them.
    invocation
        The last one; None if they were too old to be sent.
    at
        When, in seconds since 1970.
    """

    event: Mapping[str, Any]
    batch_info: Mapping[str, Any]
    info_name: str
    function_arn: str
    condition: str
    invocations: int
    invocation: Invocation | None
    at: float

    def to_record(self) -> dict[str, Any]:
        """Return the record for the destination. It holds positions, not the records themselves."""
        request_id = str(uuid4()) if self.invocation is None else self.invocation.request_id
        context = {
            "requestId": request_id,
            "functionArn": self.function_arn,
            "condition": self.condition,
            "approximateInvokeCount": self.invocations,
        }
        record = {
            "requestContext": context,
            "responseContext": self._response_context(),
            "version": "1.0",
            "timestamp": iso(self.at),
            self.info_name: dict(self.batch_info),
        }
        return {name: value for name, value in record.items() if value is not None}

    def _response_context(self) -> dict[str, Any] | None:
        if self.invocation is None:
            return None
        error = {} if self.invocation.error is None else {"functionError": "Unhandled"}
        return {"statusCode": 200, "executedVersion": "$LATEST", **error}


@dataclass(frozen=True)
class Destination:
    """A queue, a topic or a bucket.

    Parameters
    ----------
    arn
        Its ARN.
    clients
        Returns a boto3 client of a service.
    mapping_id
        The UUID of the mapping, which is in the keys of objects.

    Raises
    ------
    MappingError
        It is something else.
    """

    arn: str
    clients: Clients
    mapping_id: str = field(default_factory=lambda: str(uuid4()))

    def __post_init__(self) -> None:
        if _service_of(self.arn) not in _SENDERS:
            raise MappingError(
                f"Expected the ARN of an SQS queue, an SNS topic or an S3 bucket as the on-failure destination, "
                f"found {self.arn!r}."
            )

    def send(self, discarded: Discarded) -> None:
        """Send the record; to a bucket, with the event in it."""
        _SENDERS[_service_of(self.arn)](self, discarded)

    def _to_queue(self, discarded: Discarded) -> None:
        sqs = self.clients("sqs")
        url = sqs.get_queue_url(QueueName=self.arn.split(":")[5])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(discarded.to_record()))

    def _to_topic(self, discarded: Discarded) -> None:
        self.clients("sns").publish(TopicArn=self.arn, Message=json.dumps(discarded.to_record()))

    def _to_bucket(self, discarded: Discarded) -> None:
        # "The payload field contains the original invocation record as an escaped JSON string."
        content = {**discarded.to_record(), "payload": json.dumps(discarded.event)}
        key = object_key(self.mapping_id, discarded.batch_info["shardId"], discarded.at)
        bucket = self.arn.rpartition(":")[2]
        self.clients("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(content).encode())


_SENDERS: dict[str, Callable[[Destination, Discarded], None]] = {
    "sqs": Destination._to_queue,
    "sns": Destination._to_topic,
    "s3": Destination._to_bucket,
}


def object_key(mapping_id: str, shard_id: str, at: float) -> str:
    """Return the key of an object: ``aws/lambda/<UUID>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<UUID>``."""
    time = datetime.fromtimestamp(at, timezone.utc)
    return f"aws/lambda/{mapping_id}/{shard_id}/{time:%Y/%m/%d}/{time:%Y-%m-%dT%H.%M.%S}-{uuid4()}"


def iso(at: float) -> str:
    """Return a time as the record has it: in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _service_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) > 5 and parts[0] == "arn" else ""
