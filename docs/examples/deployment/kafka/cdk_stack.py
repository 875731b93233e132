from __future__ import annotations

from aws_cdk import (
    Duration,
    Stack,
    aws_events as events,
    aws_iam as iam,
    aws_lambda as lambda_,
    aws_s3 as s3,
)
from aws_cdk.aws_lambda_event_sources import (
    ManagedKafkaEventSource,
    ProvisionedPollerConfig,
    S3OnFailureDestination,
)
from constructs import Construct


class Orders(Stack):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        cluster = self.node.get_context("cluster_arn")
        bus = events.EventBus(self, "Bus", event_bus_name="orders")
        listener = lambda_.Function(
            self,
            "Listener",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset("src"),
            handler="listener.handler",
            memory_size=512,
            timeout=Duration.seconds(60),
            environment={"BUS_NAME": bus.event_bus_name},
        )
        bus.grant_put_events_to(listener)

        # The records that Lambda has given up on.
        given_up = s3.Bucket(self, "GivenUp")
        listener.add_event_source(
            ManagedKafkaEventSource(
                cluster_arn=cluster,
                topic="orders",
                consumer_group_id="listener",
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=500,
                max_batching_window=Duration.seconds(1),
                # Partial responses, retries, bisecting need the provisioned mode.
                provisioned_poller_config=ProvisionedPollerConfig(
                    minimum_pollers=1, maximum_pollers=5
                ),
                report_batch_item_failures=True,
                bisect_batch_on_error=True,
                retry_attempts=10,
                on_failure=S3OnFailureDestination(given_up),
            )
        )
        topics = cluster.replace(":cluster/", ":topic/") + "/*"
        groups = cluster.replace(":cluster/", ":group/") + "/*"
        for resource, actions in {
            cluster: ["Connect", "DescribeClusterDynamicConfiguration"],
            topics: ["DescribeTopic", "ReadData"],
            groups: ["AlterGroup", "DescribeGroup"],
        }.items():
            listener.add_to_role_policy(
                iam.PolicyStatement(
                    actions=[f"kafka-cluster:{action}" for action in actions],
                    resources=[resource],
                )
            )

        # Events that no rule takes are dropped: the archive keeps fault events.
        faults = events.EventPattern(detail_type=["fault"])
        bus.archive("Faults", event_pattern=faults)
