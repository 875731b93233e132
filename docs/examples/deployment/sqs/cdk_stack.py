from __future__ import annotations

from aws_cdk import (
    Duration,
    Stack,
    aws_events as events,
    aws_lambda as lambda_,
    aws_sqs as sqs,
)
from aws_cdk.aws_lambda_event_sources import SqsEventSource
from constructs import Construct


class Orders(Stack):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        bus = events.EventBus(self, "Bus", event_bus_name="orders")
        listener = lambda_.Function(
            self,
            "Listener",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset("src"),
            handler="listener.handler",
            memory_size=512,
            timeout=Duration.seconds(30),
            environment={"BUS_NAME": bus.event_bus_name},
        )
        bus.grant_put_events_to(listener)

        dead_letters = sqs.Queue(
            self, "DeadLetters", retention_period=Duration.days(14)
        )
        orders = sqs.Queue(
            self,
            "Orders",
            visibility_timeout=Duration.seconds(180),  # six times the function's
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=dead_letters, max_receive_count=5
            ),
        )
        listener.add_event_source(
            SqsEventSource(
                orders,
                batch_size=100,
                max_batching_window=Duration.seconds(1),
                max_concurrency=20,
                report_batch_item_failures=True,
            )
        )
