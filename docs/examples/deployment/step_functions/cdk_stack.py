from __future__ import annotations

from aws_cdk import (
    Duration,
    Stack,
    aws_events as events,
    aws_iam as iam,
    aws_lambda as lambda_,
    aws_s3 as s3,
    aws_stepfunctions as sfn,
)
from constructs import Construct


class Orders(Stack):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        bus = events.EventBus(self, "Bus", event_bus_name="orders")
        backfill = lambda_.Function(
            self,
            "Backfill",
            function_name="backfill-orders",  # as in backfill.asl.json
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset("src"),
            handler="backfill.handler",
            memory_size=512,
            timeout=Duration.seconds(300),
            environment={"BUS_NAME": bus.event_bus_name},
        )
        bus.grant_put_events_to(backfill)

        items = s3.Bucket(self, "Items")
        machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name="backfill",
            definition_body=sfn.DefinitionBody.from_file("backfill.asl.json"),
        )
        backfill.grant_invoke(machine)
        items.grant_read_write(machine)

        # A Distributed Map runs its batches as executions of its own.
        machines = self.format_arn(service="states", resource="stateMachine:backfill")
        executions = self.format_arn(service="states", resource="execution:backfill*")
        machine.add_to_role_policy(
            iam.PolicyStatement(actions=["states:StartExecution"], resources=[machines])
        )
        machine.add_to_role_policy(
            iam.PolicyStatement(
                actions=["states:DescribeExecution", "states:StopExecution"],
                resources=[executions],
            )
        )

        # Items that fail are set aside: their fault event is all that is left of them.
        faults = events.EventPattern(detail_type=["fault"])
        bus.archive("Faults", event_pattern=faults)
