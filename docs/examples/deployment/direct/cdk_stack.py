from __future__ import annotations

from aws_cdk import (
    Duration,
    Stack,
    TimeZone,
    aws_events as events,
    aws_events_targets as targets,
    aws_lambda as lambda_,
    aws_s3 as s3,
    aws_scheduler as scheduler,
    aws_scheduler_targets as scheduler_targets,
    aws_sns as sns,
    aws_sqs as sqs,
)
from aws_cdk.aws_lambda_destinations import SqsDestination
from aws_cdk.aws_lambda_event_sources import S3EventSource, SnsEventSource
from constructs import Construct


class Orders(Stack):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        # --8<-- [start:function]
        # What the function was given, and has failed on three times.
        failed = sqs.Queue(self, "Failed", retention_period=Duration.days(14))
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
            retry_attempts=2,
            max_event_age=Duration.hours(6),
            on_failure=SqsDestination(failed),
            environment={"BUS_NAME": bus.event_bus_name},
        )
        bus.grant_put_events_to(listener)

        # What SNS, EventBridge and Scheduler could not deliver to the function.
        undelivered = sqs.Queue(self, "Undelivered", retention_period=Duration.days(14))
        # --8<-- [end:function]

        # --8<-- [start:s3]
        pictures = s3.Bucket(self, "Pictures")
        created = [s3.EventType.OBJECT_CREATED]
        listener.add_event_source(S3EventSource(pictures, events=created))
        # --8<-- [end:s3]

        # --8<-- [start:sns]
        topic = sns.Topic(self, "Topic")
        listener.add_event_source(SnsEventSource(topic, dead_letter_queue=undelivered))
        # --8<-- [end:sns]

        # --8<-- [start:eventbridge]
        events.Rule(
            self,
            "Submitted",
            event_bus=bus,
            event_pattern=events.EventPattern(detail_type=["order-submitted"]),
            targets=[
                targets.LambdaFunction(
                    listener,
                    retry_attempts=185,
                    max_event_age=Duration.days(1),
                    dead_letter_queue=undelivered,
                )
            ],
        )
        # --8<-- [end:eventbridge]

        # --8<-- [start:schedule]
        scheduler.Schedule(
            self,
            "Nightly",
            schedule=scheduler.ScheduleExpression.cron(
                hour="2", minute="0", time_zone=TimeZone.EUROPE_BERLIN
            ),
            target=scheduler_targets.LambdaInvoke(
                listener,
                retry_attempts=10,
                max_event_age=Duration.hours(1),
                dead_letter_queue=undelivered,
            ),
        )
        # --8<-- [end:schedule]
