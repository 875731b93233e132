from __future__ import annotations

from aws_cdk import (
    Duration,
    Stack,
    aws_dynamodb as dynamodb,
    aws_events as events,
    aws_iam as iam,
    aws_lambda as lambda_,
    aws_pipes as pipes,
    aws_sqs as sqs,
)
from constructs import Construct


class Orders(Stack):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        bus = events.EventBus(self, "Bus", event_bus_name="orders")
        trigger = lambda_.Function(
            self,
            "Trigger",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset("src"),
            handler="trigger.handler",
            memory_size=512,
            timeout=Duration.seconds(60),
            environment={"BUS_NAME": bus.event_bus_name},
        )
        bus.grant_put_events_to(trigger)

        key = dynamodb.AttributeType.STRING
        orders = dynamodb.TableV2(
            self,
            "Orders",
            partition_key=dynamodb.Attribute(name="pk", type=key),
            sort_key=dynamodb.Attribute(name="sk", type=key),
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
        )

        # The positions of records that the pipe has given up on.
        given_up = sqs.Queue(self, "GivenUp", retention_period=Duration.days(14))

        role = iam.Role(
            self, "PipeRole", assumed_by=iam.ServicePrincipal("pipes.amazonaws.com")
        )
        orders.grant_stream_read(role)
        trigger.grant_invoke(role)
        given_up.grant_send_messages(role)

        stream = pipes.CfnPipe.PipeSourceDynamoDBStreamParametersProperty(
            starting_position="TRIM_HORIZON",
            batch_size=100,
            maximum_batching_window_in_seconds=1,
            maximum_retry_attempts=10,
            on_partial_batch_item_failure="AUTOMATIC_BISECT",
            dead_letter_config=pipes.CfnPipe.DeadLetterConfigProperty(
                arn=given_up.queue_arn
            ),
        )
        function = pipes.CfnPipe.PipeTargetLambdaFunctionParametersProperty(
            invocation_type="REQUEST_RESPONSE"
        )
        pipes.CfnPipe(
            self,
            "Changes",
            role_arn=role.role_arn,
            source=orders.table_stream_arn or "",
            source_parameters=pipes.CfnPipe.PipeSourceParametersProperty(
                dynamo_db_stream_parameters=stream
            ),
            target=trigger.function_arn,
            target_parameters=pipes.CfnPipe.PipeTargetParametersProperty(
                lambda_function_parameters=function
            ),
        )
