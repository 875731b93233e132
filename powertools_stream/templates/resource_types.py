"""How resources are named and referred to, by their type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["RESOURCE_TYPES", "ResourceType"]


@dataclass(frozen=True)
class ResourceType:
    """How resources of a type are named and referred to.

    Parameters
    ----------
    arn
        Their ARN, as ``Fn::Sub`` takes it, with ``{name}`` for the name.
    name
        The property that names them; a resource without it gets a name by CloudFormation.
    arn_attribute
        The attribute that is the ARN; None: there is none. Empty: ``Ref`` is the ARN.
    """

    arn: str
    name: str | None = None
    arn_attribute: str | None = "Arn"


def _arn(service: str, rest: str) -> str:
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}"


_TABLE = ResourceType(_arn("dynamodb", "table/{name}"), "TableName")
_FUNCTION = ResourceType(_arn("lambda", "function:{name}"), "FunctionName")
_DOMAIN = ResourceType(_arn("es", "domain/{name}"), "DomainName")

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
RESOURCE_TYPES: Mapping[str, ResourceType] = {
    "AWS::Events::EventBus": ResourceType(_arn("events", "event-bus/{name}"), "Name"),
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::Serverless::SimpleTable": _TABLE,
    "AWS::S3::Bucket": ResourceType("arn:${AWS::Partition}:s3:::{name}", "BucketName"),
    "AWS::SNS::Topic": ResourceType(_arn("sns", "{name}"), "TopicName", ""),
    "AWS::SQS::Queue": ResourceType(_arn("sqs", "{name}"), "QueueName"),
    "AWS::Kinesis::Stream": ResourceType(_arn("kinesis", "stream/{name}"), "Name"),
    "AWS::KinesisFirehose::DeliveryStream": ResourceType(
        _arn("firehose", "deliverystream/{name}"), "DeliveryStreamName"
    ),
    "AWS::Lambda::Function": _FUNCTION,
    "AWS::Serverless::Function": _FUNCTION,
    "AWS::Lambda::EventSourceMapping": ResourceType(
        _arn("lambda", "event-source-mapping:{name}"), None, "EventSourceMappingArn"
    ),
    "AWS::IAM::Role": ResourceType("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/{name}", "RoleName"),
    "AWS::IAM::ManagedPolicy": ResourceType(
        "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/{name}", "ManagedPolicyName", ""
    ),
    "AWS::KMS::Key": ResourceType(_arn("kms", "key/{name}")),
    "AWS::OpenSearchService::Domain": _DOMAIN,
    "AWS::Elasticsearch::Domain": _DOMAIN,
    "AWS::OpenSearchServerless::Collection": ResourceType(_arn("aoss", "collection/{name}")),
    "AWS::SSM::Parameter": ResourceType(_arn("ssm", "parameter/{name}"), "Name", None),
    "AWS::SecretsManager::Secret": ResourceType(_arn("secretsmanager", "secret:{name}-??????"), "Name", ""),
}
