from __future__ import annotations

from aws_cdk import (
    Duration,
    Size,
    Stack,
    aws_kinesisfirehose as firehose,
    aws_lambda as lambda_,
    aws_s3 as s3,
)
from constructs import Construct


class Orders(Stack):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        transformer = lambda_.Function(
            self,
            "Transformer",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset("src"),
            handler="transformer.handler",
            memory_size=512,
            timeout=Duration.seconds(60),
        )

        lake = s3.Bucket(self, "Lake")
        firehose.DeliveryStream(
            self,
            "Delivery",
            destination=firehose.S3Bucket(
                lake,
                data_output_prefix="events/!{timestamp:yyyy/MM/dd/HH}/",
                # Records that failed are below processing-failed/.
                error_output_prefix="errors/!{firehose:error-output-type}/",
                compression=firehose.Compression.GZIP,
                buffering_interval=Duration.seconds(60),
                buffering_size=Size.mebibytes(64),
                processors=[
                    firehose.LambdaFunctionProcessor(
                        transformer,
                        buffer_size=Size.mebibytes(1),
                        buffer_interval=Duration.seconds(60),
                        retries=3,
                    )
                ],
            ),
        )
