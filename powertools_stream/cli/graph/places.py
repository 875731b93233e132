"""Tells which resource a value of a template stands for, or the name in a rule; also across templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from powertools_stream.cli.graph.model import BUS, FUNCTION, TABLE, Node
from powertools_stream.cli.needs.names import Name
from powertools_stream.cli.stack import Function, Resource, Stack, is_known, pattern_of
from powertools_stream.templates.functions import FUNCTIONS
from powertools_stream.templates.resource_types import RESOURCE_TYPES
from powertools_stream.templates.values import Reference, references

__all__ = ["Places", "kind_of_action", "kind_of_type"]

_KINDS: Mapping[str, str] = {
    "AWS::Events::EventBus": BUS,
    "AWS::DynamoDB::Table": TABLE,
    "AWS::DynamoDB::GlobalTable": TABLE,
    "AWS::Serverless::SimpleTable": TABLE,
    "AWS::SQS::Queue": "queue",
    "AWS::SNS::Topic": "topic",
    "AWS::Kinesis::Stream": "stream",
    "AWS::KinesisFirehose::DeliveryStream": "delivery stream",
    "AWS::S3::Bucket": "bucket",
    **dict.fromkeys(FUNCTIONS, FUNCTION),
    "AWS::Serverless::StateMachine": "state machine",
    "AWS::StepFunctions::StateMachine": "state machine",
    "AWS::OpenSearchService::Domain": "domain",
    "AWS::Elasticsearch::Domain": "domain",
    "AWS::OpenSearchServerless::Collection": "collection",
    "AWS::Logs::LogGroup": "log group",
    "AWS::Scheduler::ScheduleGroup": "schedule group",
    "AWS::MSK::Cluster": "cluster",
    "AWS::MSK::ServerlessCluster": "cluster",
}
_SERVICES: Mapping[str, str] = {
    "events": BUS, "dynamodb": TABLE, "sqs": "queue", "sns": "topic", "kinesis": "stream",
    "firehose": "delivery stream", "s3": "bucket", "lambda": FUNCTION, "states": "state machine",
    "es": "domain", "aoss": "collection", "scheduler": "schedule group", "logs": "log group", "kafka": "cluster",
}  # fmt: skip
"""What the resources of a service are, by its name in ARNs and in the actions of IAM."""

_BARE = ("sqs", "sns", "s3")
"""The services whose ARNs have the name with nothing before it."""


def kind_of_action(action: str) -> str | None:
    """Return what an action of IAM is taken on; None: nothing that belongs into a picture."""
    service, _, operation = action.partition(":")
    if service == "lambda" and operation != "InvokeFunction":
        return None
    return _SERVICES.get(service)


def kind_of_type(resource_type: str) -> str:
    """Return what resources of a type are."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", resource_type.rpartition("::")[2])
    return _KINDS.get(resource_type, words.lower())


class Places:
    """The resources of some stacks.

    Parameters
    ----------
    labels
        What tells the stacks apart, by their ``id``; empty for a single one.
    """

    def __init__(self, labels: Mapping[int, str]) -> None:
        self._labels = labels

    def label(self, stack: Stack) -> str:
        """Return what tells a stack from the others."""
        return self._labels.get(id(stack), "")

    def of_resource(self, stack: Stack, resource: Resource) -> Node:
        """Return the node of a resource: one with a name of its own is the same in all templates."""
        kind, label = kind_of_type(resource.type), self.label(stack)
        name = resource.name
        if kind != FUNCTION and isinstance(name, str) and name:
            return Node(f"{kind}:{name}", kind, name)
        own = f"{label}/{resource.logical_id}" if label else resource.logical_id
        return Node(f"{kind}:{own}", kind, resource.logical_id, stack=label)

    def of_value(self, stack: Stack | None, value: Any, kind: str = "") -> Node:
        """Return the node of what a value stands for: a reference, an ARN, a URL or a name.

        Parameters
        ----------
        kind
            What it is, if the value does not tell.
        """
        if stack is not None and (resource := self._referred(stack, value)) is not None:
            return self.of_resource(stack, resource)
        if isinstance(value, Reference):
            return Node(f"{kind}:{value.logical_id}", kind or "resource", value.logical_id)
        kind, name = _named(pattern_of(value), kind)
        if stack is not None and (found := stack.named(name, *_types_of(kind))) is not None:
            return self.of_resource(stack, found)
        return Node(f"{kind}:{name}", kind, name)

    def of_name(self, function: Function | None, name: Name, kind: str) -> Node:
        """Return the node of what a name in a rule stands for, in a function, or in none."""
        stack = function.stack if function is not None else None
        read = re.fullmatch(r"\$\{(\w+)\}", name.text or "")
        variables = (read[1],) if read else name.variables
        if function is not None:
            for variable in variables:
                if (value := function.environment.get(variable)) not in (None, ""):
                    return self.of_value(stack, value, kind)
        if variables:
            text = f"${{{name.usual or variables[0]}}}"
            return Node(f"{kind}:{text}", kind, text)
        return self.of_value(stack, name.text or "*", kind)

    def _referred(self, stack: Stack, value: Any) -> Resource | None:
        if not isinstance(value, Reference) and is_known(value) and isinstance(value, str):
            return None
        found = (stack.resources.get(each.logical_id) for each in references(value))
        return next((each for each in found if each is not None), None)


def _types_of(kind: str) -> Iterable[str]:
    return [name for name, each in _KINDS.items() if each == kind and name in RESOURCE_TYPES]


def _named(text: str, kind: str) -> tuple[str, str]:
    """Return what a text names, and the name: ``"?"`` if only the deployed stack knows it."""
    name = text
    if text.startswith("arn:") and text.count(":") >= 5:
        _, _, service, _, _, rest = text.split(":", 5)
        kind = _SERVICES.get(service, kind)
        name = rest if service in _BARE else re.sub(r"^[a-z-]+[/:]", "", rest)
        name = re.split(r"[/:]", name)[0]
    elif text.startswith(("https://", "http://")):
        name = text.rpartition("/")[2] or text
    return kind or "resource", "?" if "*" in name or not name else name
