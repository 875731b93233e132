"""What Lambda needs in the role of a function to poll its source."""

from __future__ import annotations

from collections.abc import Mapping

from powertools_stream.cli.needs.names import UNKNOWN, Name
from powertools_stream.cli.needs.need import Need
from powertools_stream.requests import Permission, Place

__all__ = ["POLLED", "polling_needs"]

_SOURCE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
_POLLED: Mapping[str, tuple[Place, tuple[str, ...]]] = {
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    "sqs": (
        Place(_SOURCE % ("sqs", "{name}")),
        ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    "kinesis": (
        Place(_SOURCE % ("kinesis", "stream/{name}")),
        (
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
        ),
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
    "dynamodb": (
        Place(_SOURCE % ("dynamodb", "table/{name}/stream/*")),
        ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
    "kafka": (Place(_SOURCE % ("kafka", "cluster/{name}/*")), ("kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers")),
}
_ANYWHERE: Mapping[str, tuple[str, ...]] = {
    "kinesis": ("kinesis:ListStreams",),
    "kafka": (
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    ),
}
POLLED = tuple(_POLLED)
"""The sources that Lambda polls in the function's role."""


def polling_needs(source: str) -> list[Need]:
    """Return what Lambda needs in the function's role to poll a source. SAM adds it for a function's ``Events``."""
    place, actions = _POLLED[source]
    reason = f"event source {source}"
    anywhere = [Need(Permission(action), UNKNOWN, reason) for action in _ANYWHERE.get(source, ())]
    return [Need(Permission(action, place), Name(variables=("SOURCE",)), reason) for action in actions] + anywhere
