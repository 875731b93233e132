"""Deploys the service into an embedded AWS: a stream, two tables, a bus, functions.

In a real deployment this is a template. It must not omit three things:
``FunctionResponseTypes: [ReportBatchItemFailures]`` on every event source mapping,
``StreamViewType: NEW_AND_OLD_IMAGES`` and the ``TimeToLiveSpecification`` of the event
table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from powertools_stream.local import (
    DisorderlyFunction,
    DynamoDBPoller,
    EmbeddedAWS,
    KinesisPoller,
    LambdaFunction,
    Poller,
    SQSPoller,
)
from powertools_stream.payloads.attribute_values import deserialize_item

__all__ = ["FulfilmentService"]

STREAM = BUS = "fulfilment"
EVENTS = "fulfilment-events"
OUTCOMES = "fulfilment-outcomes"

# Which events of the bus go to which queue.
HIGHER_ORDER_EVENTS = [
    "order-ready",
    "order-created-expired",
    "customer-became-regular",
]
ROUTES = {
    "fulfilment-recorder": HIGHER_ORDER_EVENTS,
    "fulfilment-heard": [*HIGHER_ORDER_EVENTS, "fault"],
}

_ENVIRONMENT = {
    "POWERTOOLS_SERVICE_NAME": "fulfilment",
    "BUS_NAME": BUS,
    "BUS_SRC": "fulfilment",
}
_TABLES = {"listener": EVENTS, "trigger": EVENTS, "recorder": OUTCOMES}


@dataclass(frozen=True)
class FulfilmentService:
    """The service, deployed.

    Parameters
    ----------
    aws
        Where it is deployed.
    queues
        The URLs of the queues by name.
    pollers
        The functions' event sources, and the functions if they keep records for later.
    """

    aws: EmbeddedAWS
    queues: dict[str, str]
    pollers: tuple[Poller, ...]

    @classmethod
    def deploy(
        cls, aws: EmbeddedAWS, log: TextIO, seed: int | None = None
    ) -> FulfilmentService:
        """Create everything. `log`: of functions; `seed`: records come twice."""
        queues = _make_bus(aws)
        _make_table(aws, OUTCOMES)
        functions = [
            _make_function(name, table, log, seed) for name, table in _TABLES.items()
        ]
        listener, trigger, recorder = functions
        pollers: list[Poller] = [
            KinesisPoller(listener, _make_stream(aws), max_retries=10),
            DynamoDBPoller(trigger, _make_event_table(aws), max_retries=10),
            SQSPoller(
                recorder, queues["fulfilment-recorder"], batch_size=100, retry_delay=0
            ),
        ]
        pollers += [
            function
            for function in functions
            if isinstance(function, DisorderlyFunction)
        ]
        return cls(aws, queues, tuple(pollers))

    def outcomes(self) -> list[dict[str, Any]]:
        """Return the rows of the outcomes table."""
        pages = (
            self.aws.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=OUTCOMES, ConsistentRead=True)
        )
        return [deserialize_item(item) for page in pages for item in page["Items"]]

    def story_of(self, order_id: str) -> list[dict[str, Any]]:
        """Return an order's events in the event table, oldest first: by `DataIndex`."""
        rows = self.aws.client("dynamodb").query(
            TableName=EVENTS,
            IndexName="DataIndex",
            KeyConditionExpression="#data = :data",
            ExpressionAttributeNames={"#data": "data"},
            ExpressionAttributeValues={":data": {"S": order_id}},
        )["Items"]
        return [deserialize_item(row)["event"] for row in rows]

    def heard(self) -> Iterator[dict[str, Any]]:
        """Take every event out of the queue that receives all of them."""
        sqs, url = self.aws.client("sqs"), self.queues["fulfilment-heard"]
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
    name: str, table: str, log: TextIO, seed: int | None
) -> LambdaFunction:
    handler, environment = (
        f"{__package__}.{name}.handler",
        {**_ENVIRONMENT, "EVENT_TABLE_NAME": table},
    )
    if seed is None:
        return LambdaFunction(handler, name=name, environment=environment, log=log)
    return DisorderlyFunction(
        handler, name=name, environment=environment, log=log, seed=seed
    )


def _make_bus(aws: EmbeddedAWS) -> dict[str, str]:
    sqs, events = aws.client("sqs"), aws.client("events")
    events.create_event_bus(Name=BUS)
    queues = {}
    for name, event_types in ROUTES.items():
        queues[name] = url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        events.put_rule(
            Name=name,
            EventBusName=BUS,
            EventPattern=json.dumps({"detail-type": event_types}),
        )
        events.put_targets(
            Rule=name, EventBusName=BUS, Targets=[{"Id": name, "Arn": arn}]
        )
    return queues


def _make_stream(aws: EmbeddedAWS) -> str:
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
    arn: str = kinesis.describe_stream_summary(StreamName=STREAM)[
        "StreamDescriptionSummary"
    ]["StreamARN"]
    return arn


# --8<-- [start:event_table]
def _make_event_table(aws: EmbeddedAWS) -> str:
    index = {
        "IndexName": "DataIndex",
        "KeySchema": _key(HASH="data", RANGE="timestamp"),
        "Projection": {"ProjectionType": "ALL"},
    }
    table = _make_table(
        aws,
        EVENTS,
        data="S",
        timestamp="N",
        GlobalSecondaryIndexes=[index],
        StreamSpecification={
            "StreamEnabled": True,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    )
    time_to_live = {"Enabled": True, "AttributeName": "ttl"}
    aws.client("dynamodb").update_time_to_live(
        TableName=EVENTS, TimeToLiveSpecification=time_to_live
    )
    arn: str = table["LatestStreamArn"]
    return arn


# --8<-- [end:event_table]


def _make_table(
    aws: EmbeddedAWS, name: str, data: str = "", timestamp: str = "", **options: Any
) -> Any:
    types = {"pk": "S", "sk": "S", "data": data, "timestamp": timestamp}
    return aws.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": kind}
            for key, kind in types.items()
            if kind
        ],
        KeySchema=_key(HASH="pk", RANGE="sk"),
        BillingMode="PAY_PER_REQUEST",
        **options,
    )["TableDescription"]


def _key(**names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for kind, name in names.items()]
