"""Deploys the pipeline into an embedded AWS: a table, a bus, a function per module."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from powertools_stream.local import (
    DisorderlyFunction,
    DynamoDBPoller,
    EmbeddedAWS,
    LambdaFunction,
    Poller,
    SQSPoller,
)
from powertools_stream.payloads.attribute_values import deserialize_item, serialize_item

from .pipeline import MODULES, UNKNOWN
from .time_to_live import DisorderlySignedFunction, SignedFunction

__all__ = ["TABLE", "PerceptionService"]

BUS = "perception"
TABLE = "site-events"

# Which events of the bus go to which queue. Those of unknown modules are not lost.
ROUTES: dict[str, dict[str, Any]] = {
    **{
        name: {"detail-type": ["module-completed"], "detail": {"module": [name]}}
        for name in (*MODULES, UNKNOWN)
    },
    "workers": {"detail-type": ["module-requested"]},
    "heard": {"detail-type": ["module-expired", "sync-completed", "fault"]},
}

_ENVIRONMENT = {
    "POWERTOOLS_SERVICE_NAME": "perception",
    "BUS_NAME": BUS,
    "BUS_SRC": "perception",
    "ENTITY_TABLE_NAME": TABLE,
}


@dataclass(frozen=True)
class PerceptionService:
    """The pipeline, deployed.

    Parameters
    ----------
    aws
        Where it is deployed.
    queues
        The URLs of the queues by name.
    stream_arn
        The stream of its table.
    pollers
        The functions' event sources, and the functions if they keep records for later.
    """

    aws: EmbeddedAWS
    queues: dict[str, str]
    stream_arn: str
    pollers: tuple[Poller, ...]

    @classmethod
    def deploy(
        cls, aws: EmbeddedAWS, log: TextIO, seed: int | None = None
    ) -> PerceptionService:
        """Create everything. `log`: of functions; `seed`: records come twice."""
        queues, stream_arn = _make_bus(aws), _make_table(aws)
        trigger = _make_trigger(log, seed)
        functions = {
            name: _make_function("aggregator", name, log, seed) for name in MODULES
        }
        functions["workers"] = _make_function("worker", "worker", log, seed)
        pollers: list[Poller] = [DynamoDBPoller(trigger, stream_arn, max_retries=10)]
        pollers += [
            SQSPoller(function, queues[name], batch_size=100, retry_delay=0)
            for name, function in functions.items()
        ]
        pollers += [
            each
            for each in (trigger, *functions.values())
            if isinstance(each, DisorderlyFunction)
        ]
        return cls(aws, queues, stream_arn, tuple(pollers))

    def put(self, row: dict[str, Any]) -> None:
        """Put a row into the table."""
        self.aws.client("dynamodb").put_item(TableName=TABLE, Item=serialize_item(row))

    def written(self) -> Iterator[dict[str, Any]]:
        """Return every row as often as it was written, oldest first, as streamed."""
        streams = self.aws.client("dynamodbstreams")
        (shard,) = streams.describe_stream(StreamArn=self.stream_arn)[
            "StreamDescription"
        ]["Shards"]
        start = {
            "StreamArn": self.stream_arn,
            "ShardId": shard["ShardId"],
            "ShardIteratorType": "TRIM_HORIZON",
        }
        page = streams.get_records(
            ShardIterator=streams.get_shard_iterator(**start)["ShardIterator"]
        )
        while page["Records"]:
            changes = [record["dynamodb"] for record in page["Records"]]
            yield from (
                deserialize_item(change["NewImage"])
                for change in changes
                if "NewImage" in change
            )
            page = streams.get_records(ShardIterator=page["NextShardIterator"])

    def events(self, queue: str) -> Iterator[dict[str, Any]]:
        """Take every event out of a queue."""
        sqs, url = self.aws.client("sqs"), self.queues[queue]
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            entries = [
                {"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]}
                for n, each in enumerate(messages)
            ]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
            yield from (json.loads(message["Body"])["detail"] for message in messages)


def _make_function(
    module: str, name: str, log: TextIO, seed: int | None
) -> LambdaFunction:
    handler = f"{__package__}.{module}.handler"
    if seed is None:
        return LambdaFunction(handler, name=name, environment=_ENVIRONMENT, log=log)
    return DisorderlyFunction(
        handler, name=name, environment=_ENVIRONMENT, log=log, seed=seed
    )


def _make_trigger(log: TextIO, seed: int | None) -> LambdaFunction:
    handler = f"{__package__}.trigger.handler"
    if seed is None:
        return SignedFunction(
            handler, name="trigger", environment=_ENVIRONMENT, log=log
        )
    return DisorderlySignedFunction(
        handler, name="trigger", environment=_ENVIRONMENT, log=log, seed=seed
    )


# --8<-- [start:bus]
def _make_bus(aws: EmbeddedAWS) -> dict[str, str]:
    sqs, events = aws.client("sqs"), aws.client("events")
    events.create_event_bus(Name=BUS)
    queues = {}
    for name, pattern in ROUTES.items():
        queues[name] = url = sqs.create_queue(QueueName=f"{BUS}-{name}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps(pattern))
        events.put_targets(
            Rule=name, EventBusName=BUS, Targets=[{"Id": name, "Arn": arn}]
        )
    return queues


# --8<-- [end:bus]


def _make_table(aws: EmbeddedAWS) -> str:
    key = {"site": "HASH", "date#event_type": "RANGE"}
    table = aws.client("dynamodb").create_table(
        TableName=TABLE,
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in key
        ],
        KeySchema=[
            {"AttributeName": name, "KeyType": kind} for name, kind in key.items()
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={
            "StreamEnabled": True,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    )["TableDescription"]
    time_to_live = {"Enabled": True, "AttributeName": "expires_at"}
    aws.client("dynamodb").update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification=time_to_live
    )
    arn: str = table["LatestStreamArn"]
    return arn
