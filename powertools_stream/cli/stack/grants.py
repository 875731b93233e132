"""The resources that a function is told of by its environment, and whether it may use them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.stack.buses import BUS
from powertools_stream.cli.stack.functions import Function
from powertools_stream.cli.stack.globs import may_be_equal
from powertools_stream.cli.stack.mappings import QUEUE
from powertools_stream.cli.stack.roles import statements_of
from powertools_stream.cli.stack.stack import Resource, Stack
from powertools_stream.templates.resource_types import RESOURCE_TYPES
from powertools_stream.templates.values import Reference, Text, items_of, pattern_of, references

__all__ = ["Use", "is_granted", "may_do", "uses_of"]

_ITEM_ACTIONS = (
    "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan",
    "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem",
)  # fmt: skip


@dataclass(frozen=True)
class _Kind:
    """A kind of resource: what it is called, what a function needs one of to use it, and what allows that in SAM."""

    name: str
    actions: tuple[str, ...]
    policy_template: str


_TABLE = _Kind("table", _ITEM_ACTIONS, "DynamoDBCrudPolicy")

# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_KINDS = {
    BUS: _Kind("bus", ("events:PutEvents",), "EventBridgePutEventsPolicy"),
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::Serverless::SimpleTable": _TABLE,
    QUEUE: _Kind("queue", ("sqs:*",), "SQSSendMessagePolicy"),
    "AWS::SNS::Topic": _Kind("topic", ("sns:Publish",), "SNSPublishMessagePolicy"),
    "AWS::Kinesis::Stream": _Kind("stream", ("kinesis:*",), "KinesisCrudPolicy"),
    "AWS::KinesisFirehose::DeliveryStream": _Kind("delivery stream", ("firehose:*",), "FirehoseWritePolicy"),
    "AWS::S3::Bucket": _Kind("bucket", ("s3:*",), "S3CrudPolicy"),
}

_ACTIONS = {
    "QUEUE_URL": ("sqs:SendMessage",),
    "STREAM_NAME": ("kinesis:PutRecord", "kinesis:PutRecords"),
    "DELIVERY_STREAM_NAME": ("firehose:PutRecord", "firehose:PutRecordBatch"),
    "BUCKET_NAME": ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"),
    "CLAIMCHECK_BUCKET_NAME": ("s3:GetObject", "s3:PutObject"),
}
"""What the library does with what a variable of its own names."""


@dataclass(frozen=True)
class Use:
    """A resource that an environment variable names.

    Parameters
    ----------
    variable
        The variable.
    resource
        The resource.
    """

    variable: str
    resource: Resource

    @property
    def kind(self) -> str:
        """What the resource is: ``"bus"``, ``"table"``, ``"queue"``, …."""
        return _KINDS[self.resource.type].name

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions of IAM of which one is needed."""
        return _ACTIONS.get(self.variable, _KINDS[self.resource.type].actions)

    @property
    def policy_template(self) -> str:
        """SAM's policy template that allows it."""
        return _KINDS[self.resource.type].policy_template


def uses_of(function: Function) -> Iterator[Use]:
    """Yield what the environment of a function names, as far as the template makes it."""
    for variable, value in function.environment.items():
        resource = function.stack.named(value, *_KINDS)
        if resource is not None:
            yield Use(variable, resource)


def is_granted(function: Function, use: Use) -> bool:
    """Return whether a function may use a resource; also if that cannot be told."""
    return may_do(function, use.actions, use.resource)


def may_do(function: Function, actions: Iterable[str], resource: Resource) -> bool:
    """Return whether a function may take one of these actions on a resource; also if that cannot be told."""
    statements = statements_of(function)
    if statements is None or _has_policy_of_its_own(function.stack, resource):
        return True
    return any(_allows(statement, actions, resource, function.stack) for statement in statements)


def _allows(statement: Mapping[str, Any], actions: Iterable[str], resource: Resource, stack: Stack) -> bool:
    if "NotAction" in statement or "NotResource" in statement:
        return True
    granted = [pattern_of(action).lower() for action in items_of(statement.get("Action"))]
    named = any(may_be_equal(action, needed.lower()) for action in granted for needed in actions)
    return named and any(_covers(each, resource, stack) for each in items_of(statement.get("Resource")))


def _covers(value: Any, resource: Resource, stack: Stack) -> bool:
    if any(reference.logical_id == resource.logical_id for reference in references(value)):
        return True
    if isinstance(value, Reference):
        other = stack.resources.get(value.logical_id)
        return other is None or other.type not in _KINDS  # such as what a nested stack returns
    # A reference to another resource within a text says which one it is, and it is not this.
    parts = value.parts if isinstance(value, Text) else ()
    named = [stack.resources.get(part.logical_id) for part in parts if isinstance(part, Reference)]
    if any(other is not None and other.type in _KINDS for other in named):
        return False
    return any(_may_be(pattern_of(value), arn) for arn in _arns(resource))


def _may_be(pattern: str, arn: str) -> bool:
    # Part by part, so that an account that is not known does not stand for the rest of the ARN as well.
    parts = pattern.split(":", 5)
    return all(map(may_be_equal, parts, arn.split(":", 5))) if len(parts) == 6 else may_be_equal(pattern, arn)


def _arns(resource: Resource) -> Iterator[str]:
    name = f"*{resource.logical_id}*" if resource.name is None else pattern_of(resource.name)
    # Of whichever Region, account and partition.
    arn = re.sub(r"\$\{[^}]*\}", "*", RESOURCE_TYPES[resource.type].arn).replace("{name}", name)
    yield from (arn, f"{arn}/*")


def _has_policy_of_its_own(stack: Stack, resource: Resource) -> bool:
    """Return whether a policy of the resource allows it to somebody else than a service: to this role, perhaps."""
    policies = (
        each.properties
        for each in stack.resources.values()
        if each.type.endswith("Policy") and not each.type.startswith("AWS::IAM::")
    )
    return any(
        any(reference.logical_id == resource.logical_id for reference in references(policy)) and _names_roles(policy)
        for policy in policies
    )


def _names_roles(value: Any) -> bool:
    if isinstance(value, Mapping):
        principal = value.get("Principal")
        named = principal is not None and (not isinstance(principal, Mapping) or "AWS" in principal)
        return named or any(map(_names_roles, value.values()))
    return isinstance(value, list) and any(map(_names_roles, value))
