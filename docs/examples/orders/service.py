"""Deploys the orders service into an embedded AWS: a bus, queues, a table with a stream, and two functions.

In a real deployment this is a template. It must not omit two things: ``FunctionResponseTypes:
[ReportBatchItemFailures]`` on both event source mappings, and a dead-letter queue for the queue.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from powertools_stream.local import DynamoDBPoller, EmbeddedAWS, LambdaFunction, SQSPoller

__all__ = ["OrdersService"]

BUS = "orders"
TABLE = "orders"
MAX_RECEIVE_COUNT = 3

# Which events of the bus go to which queue. No event leads to another of its own type, so there are no loops.
ROUTES = {
    "orders-listener": ["order-submitted"],
    "orders-faults": ["fault"],
    "orders-heard": ["order-accepted", "order-created"],
}

ENVIRONMENT = {"POWERTOOLS_SERVICE_NAME": "orders", "BUS_NAME": BUS, "BUS_SRC": "orders", "ENTITY_TABLE_NAME": TABLE}


@dataclass(frozen=True)
class OrdersService:
    """The service, deployed.

    Parameters
    ----------
    aws
        Where it is deployed.
    queues
        The URLs of the queues by name.
    listener, trigger
        The two functions, behind their event sources.
    """

    aws: EmbeddedAWS
    queues: dict[str, str]
    listener: SQSPoller
    trigger: DynamoDBPoller

    @classmethod
    def deploy(cls, aws: EmbeddedAWS, log: TextIO) -> OrdersService:
        """Create everything; the functions log to `log`."""
        queues = _make_queues(aws)
        stream_arn = _make_table(aws)
        listener = LambdaFunction(f"{__package__}.listener.handler", name="listener", environment=ENVIRONMENT, log=log)
        trigger = LambdaFunction(f"{__package__}.trigger.handler", name="trigger", environment=ENVIRONMENT, log=log)
        return cls(
            aws=aws,
            queues=queues,
            listener=SQSPoller(listener, queues["orders-listener"], batch_size=100, retry_delay=0),
            # A record that fails every time must not keep the demo from ending: the account would not add up then.
            trigger=DynamoDBPoller(trigger, stream_arn, batch_size=100, max_retries=10),
        )

    def rows(self) -> list[str]:
        """Return the ids of the orders in the table."""
        pages = self.aws.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
        return [item["pk"]["S"] for page in pages for item in page["Items"]]

    def waiting(self, queue: str) -> int:
        """Return how many messages in a queue wait to be received."""
        name = "ApproximateNumberOfMessages"
        sqs, url = self.aws.client("sqs"), self.queues[queue]
        return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])

    def messages(self, queue: str) -> Iterator[dict[str, Any]]:
        """Take every message out of a queue."""
        sqs, url = self.aws.client("sqs"), self.queues[queue]
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(messages)]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
            yield from messages

    def events(self, queue: str) -> list[dict[str, Any]]:
        """Take every event out of a queue."""
        return [json.loads(message["Body"])["detail"] for message in self.messages(queue)]


def _make_queues(aws: EmbeddedAWS) -> dict[str, str]:
    sqs, events = aws.client("sqs"), aws.client("events")
    events.create_event_bus(Name=BUS)
    letters, letters_arn = _make_queue(sqs, "orders-dead-letters", {})
    queues = {"orders-dead-letters": letters}
    for name, event_types in ROUTES.items():
        attributes = _listener_queue(letters_arn) if name == "orders-listener" else {}
        queues[name], arn = _make_queue(sqs, name, attributes)
        events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps({"detail-type": event_types}))
        events.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": name, "Arn": arn}])
    return queues


def _listener_queue(letters_arn: str) -> dict[str, str]:
    redrive = {"deadLetterTargetArn": letters_arn, "maxReceiveCount": MAX_RECEIVE_COUNT}
    # Six times the function's timeout: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    return {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "180"}


def _make_queue(sqs: Any, name: str, attributes: dict[str, str]) -> tuple[str, str]:
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _make_table(aws: EmbeddedAWS) -> str:
    table = aws.client("dynamodb").create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    arn: str = table["TableDescription"]["LatestStreamArn"]
    return arn
