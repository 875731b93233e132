"""The AWS around the function: queues, a bus that is listened to, checkpoints."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from aws_lambda_powertools import Logger

from powertools_stream.local import EmbeddedAWS, LambdaFunction, SQSPoller

__all__ = ["Shop"]

_ENVIRONMENT = {"BUS_NAME": "shop", "BUS_SRC": "shop"}


class Shop:
    """The queue `orders`, the function behind it, and what it leaves behind."""

    def __init__(self, aws: EmbeddedAWS) -> None:
        self._sqs, self._events = aws.client("sqs"), aws.client("events")
        self._log = io.StringIO()
        self._letters, letters_arn = self._queue("dead-letters")
        # --8<-- [start:redrive-policy]
        policy = {"deadLetterTargetArn": letters_arn, "maxReceiveCount": 3}
        self._orders, _ = self._queue("orders", RedrivePolicy=json.dumps(policy))
        # --8<-- [end:redrive-policy]
        self._heard = self._listen()
        _make_checkpoints(aws.client("dynamodb"))

    def order(self, number: int, **customer: str) -> None:
        """Send an order to the queue."""
        event = {
            "id": f"paid-{number}",
            "type": "order-paid",
            "partition_key": f"order-{number}",
            "customer": customer,
        }
        self._sqs.send_message(QueueUrl=self._orders, MessageBody=json.dumps(event))

    def deploy(self, handler: str) -> None:
        """Deploy the function, so that it starts cold."""
        function = LambdaFunction(
            handler, name="orders-listener", environment=_ENVIRONMENT, log=self._log
        )
        # Its handler is there since the logger's first import, maybe elsewhere.
        Logger(service="orders").handlers[0].setStream(self._log)  # type: ignore[attr-defined]
        self._poller = SQSPoller(function, self._orders, batch_size=10, retry_delay=0)

    def deliver(self) -> list[dict[str, Any]]:
        """Let the function have a batch, if any, and return what it has logged."""
        self._log.seek(0)
        self._log.truncate()
        self._poller.poll()
        return [json.loads(line) for line in self._log.getvalue().splitlines()]

    def heard(self) -> list[dict[str, Any]]:
        """Return the events that have been published on the bus since the last time."""
        return [
            json.loads(message["Body"])["detail"] for message in self._take(self._heard)
        ]

    def waiting(self, queue: str) -> int:
        """Return how many messages wait in a queue."""
        name = "ApproximateNumberOfMessages"
        url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return int(
            self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])[
                "Attributes"
            ][name]
        )

    # --8<-- [start:redrive]
    def redrive(self) -> None:
        """Do as ``aws sqs start-message-move-task``, which the embedded AWS has not."""
        for message in self._take(self._letters):
            self._sqs.send_message(QueueUrl=self._orders, MessageBody=message["Body"])

    # --8<-- [end:redrive]

    def _queue(self, name: str, **attributes: str) -> tuple[str, str]:
        url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, self._sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]

    def _listen(self) -> str:
        url, arn = self._queue("heard")
        pattern = {"detail-type": ["fault", "receipt-sent"]}
        self._events.create_event_bus(Name="shop")
        self._events.put_rule(
            Name="heard", EventBusName="shop", EventPattern=json.dumps(pattern)
        )
        self._events.put_targets(
            Rule="heard", EventBusName="shop", Targets=[{"Id": "heard", "Arn": arn}]
        )
        return url

    def _take(self, url: str) -> Iterator[Mapping[str, Any]]:
        while messages := self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                yield message
                self._sqs.delete_message(
                    QueueUrl=url, ReceiptHandle=message["ReceiptHandle"]
                )


def _make_checkpoints(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="checkpoints",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
