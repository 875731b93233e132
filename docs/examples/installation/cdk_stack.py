from __future__ import annotations

from aws_cdk import Duration, Stack, aws_lambda as lambda_, aws_sqs as sqs
from aws_cdk.aws_lambda_event_sources import SqsEventSource
from aws_cdk.aws_ssm import StringParameter
from constructs import Construct

POWERTOOLS = "/aws/service/powertools/python/arm64/python3.13/latest"
STREAM = "powertools_stream-0.1.0-layer-alone-python3.13.zip"


class Orders(Stack):
    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        powertools = lambda_.LayerVersion.from_layer_version_arn(
            self,
            "Powertools",
            StringParameter.value_for_string_parameter(self, POWERTOOLS),
        )
        stream = lambda_.LayerVersion(
            self, "Stream", code=lambda_.Code.from_asset(STREAM)
        )
        listener = lambda_.Function(
            self,
            "Listener",
            code=lambda_.Code.from_asset("src"),
            handler="listener.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            timeout=Duration.seconds(30),
            memory_size=512,
            layers=[powertools, stream],
        )
        dead_letters = sqs.Queue(
            self, "DeadLetters", retention_period=Duration.days(14)
        )
        queue = sqs.Queue(
            self,
            "Queue",
            visibility_timeout=Duration.seconds(180),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=dead_letters, max_receive_count=5
            ),
        )
        listener.add_event_source(
            SqsEventSource(queue, batch_size=10, report_batch_item_failures=True)
        )
