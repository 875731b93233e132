"""What some of AWS's managed policies allow; of others nothing is known without asking AWS.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["EXECUTION_ROLES", "FULL_ACCESS"]

EXECUTION_ROLES: Mapping[str, tuple[str, ...]] = {
    "AWSLambdaBasicExecutionRole": ("logs:*",),
    "AWSLambdaDynamoDBExecutionRole": (
        "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams", "logs:*",
    ),
    "AWSLambdaENIManagementAccess": ("ec2:*",),
    "AWSLambdaKinesisExecutionRole": (
        "kinesis:Describe*", "kinesis:Get*", "kinesis:List*", "kinesis:Subscribe*", "logs:*",
    ),
    "AWSLambdaMSKExecutionRole": ("kafka:*", "ec2:*", "logs:*"),
    "AWSLambdaSQSQueueExecutionRole": (
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "logs:*",
    ),
    "AWSLambdaVPCAccessExecutionRole": ("logs:*", "ec2:*"),
    "AWSXRayDaemonWriteAccess": ("xray:*",),
    "AWSXrayWriteOnlyAccess": ("xray:*",),
    "CloudWatchLambdaInsightsExecutionRolePolicy": ("logs:*",),
}  # fmt: skip
"""What Lambda needs itself in a function's role: to poll, to write the log and traces, to be in a VPC.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html"""

FULL_ACCESS: Mapping[str, tuple[str, ...]] = {
    "AdministratorAccess": ("*",),
    "AmazonDynamoDBFullAccess": ("dynamodb:*",),
    "AmazonEventBridgeFullAccess": ("events:*", "scheduler:*"),
    "AmazonKinesisFirehoseFullAccess": ("firehose:*",),
    "AmazonKinesisFullAccess": ("kinesis:*",),
    "AmazonS3FullAccess": ("s3:*",),
    "AmazonSNSFullAccess": ("sns:*",),
    "AmazonSQSFullAccess": ("sqs:*",),
    "AWSLambda_FullAccess": ("lambda:*",),
    "CloudWatchFullAccessV2": ("cloudwatch:*", "logs:*"),
    "PowerUserAccess": ("*",),
}
"""Those with full access to a service: on every resource."""
