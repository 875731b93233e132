"""What a stack allows the roles of its functions to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from powertools_stream.cli.stack.functions import Function
from powertools_stream.cli.stack.stack import Resource, Stack
from powertools_stream.templates.managed_policies import EXECUTION_ROLES, FULL_ACCESS
from powertools_stream.templates.policy_templates import statements_of_policy_template
from powertools_stream.templates.values import UNKNOWN, Reference, dig, items_of, pattern_of

__all__ = ["statements_of"]

_KNOWN = {**EXECUTION_ROLES, **FULL_ACCESS}

_SAM_EXECUTION_ROLES = {
    "SQS": "AWSLambdaSQSQueueExecutionRole",
    "Kinesis": "AWSLambdaKinesisExecutionRole",
    "DynamoDB": "AWSLambdaDynamoDBExecutionRole",
}

_ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")


def statements_of(function: Function) -> list[Mapping[str, Any]] | None:
    """Return the statements that allow a function something; None if not all of them can be told."""
    statements = [*_statements(function)]
    if not all(isinstance(statement, Mapping) for statement in statements):
        return None
    return [statement for statement in statements if statement.get("Effect", "Allow") == "Allow"]


def _statements(function: Function) -> Iterator[Any]:
    """Yield statements, and `UNKNOWN` for those that cannot be told."""
    role = function.setting("Role")
    if function.is_sam:
        yield from _of_connectors(function)
    if role is None and function.is_sam:
        yield from _of_sam(function)
        yield from _attached(function.stack, f"{function.name}Role")
    else:
        resource = function.stack.named(role, "AWS::IAM::Role")
        yield from _of_role(function.stack, resource) if resource else [UNKNOWN]


def _of_sam(function: Function) -> Iterator[Any]:
    for policy in items_of(function.setting("Policies")):
        yield from _of_sam_policy(function.stack, policy)
    events = function.setting("Events")
    for event in events.values() if isinstance(events, Mapping) else ():
        yield from _of_managed(function.stack, _SAM_EXECUTION_ROLES.get(str(dig(event, "Type")), ""))
        yield _send_to(dig(event, "Properties", "DestinationConfig", "OnFailure", "Destination"))
    # SAM allows a function to write to where its events go in the end.
    yield _send_to(function.setting("DeadLetterQueue", "TargetArn"))
    for outcome in ("OnFailure", "OnSuccess"):
        yield _send_to(function.setting("EventInvokeConfig", "DestinationConfig", outcome, "Destination"))


def _send_to(destination: Any) -> Mapping[str, Any]:
    return {"Action": ["sqs:SendMessage", "sns:Publish", "events:PutEvents"], "Resource": items_of(destination)}


def _of_sam_policy(stack: Stack, policy: Any) -> Iterator[Any]:
    if not isinstance(policy, Mapping):
        yield from _of_managed(stack, policy)
    elif "Statement" in policy:
        yield from items_of(policy["Statement"])
    else:
        for name, parameters in policy.items():
            statements = statements_of_policy_template(name, parameters) if isinstance(parameters, Mapping) else None
            yield from stack.resolver.resolve(statements) if statements is not None else [UNKNOWN]


def _of_connectors(function: Function) -> Iterator[Mapping[str, Any]]:
    # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/managing-permissions-connectors.html
    for connector in function.stack.of_type("AWS::Serverless::Connector"):
        if dig(connector.properties, "Source", "Id") == function.name:
            yield _connected(connector.properties.get("Destination"))
    written = dig(function.stack.document, "Resources", function.name, "Connectors")
    for connector in written.values() if isinstance(written, Mapping) else ():
        yield _connected(function.stack.resolver.resolve(dig(connector, "Properties", "Destination")))


def _connected(destinations: Any) -> Mapping[str, Any]:
    ids = [dig(destination, "Id") for destination in items_of(destinations)]
    return {"Action": "*", "Resource": [Reference(each) if isinstance(each, str) else UNKNOWN for each in ids]}


def _of_role(stack: Stack, role: Resource) -> Iterator[Any]:
    for policy in items_of(role.properties.get("Policies")):
        yield from _of_document(dig(policy, "PolicyDocument"))
    for policy in items_of(role.properties.get("ManagedPolicyArns")):
        yield from _of_managed(stack, policy)
    yield from _attached(stack, role.logical_id)


def _attached(stack: Stack, role_id: str) -> Iterator[Any]:
    for policy in stack.of_type(*_ATTACHED):
        roles = items_of(policy.properties.get("Roles")) + items_of(policy.properties.get("RoleName"))
        if any(role is UNKNOWN or role == Reference(role_id) for role in roles):
            yield from _of_document(policy.properties.get("PolicyDocument"))


def _of_managed(stack: Stack, policy: Any) -> Iterator[Any]:
    """Yield the statements of a policy that is named by its ARN, or, in SAM, by its name."""
    if policy == "":
        return
    own = stack.named(policy, "AWS::IAM::ManagedPolicy")
    name = pattern_of(policy).rpartition("/")[2]
    if own is not None:
        yield from _of_document(own.properties.get("PolicyDocument"))
    elif name in _KNOWN:
        yield {"Action": list(_KNOWN[name]), "Resource": "*"}
    else:
        yield UNKNOWN


def _of_document(document: Any) -> Iterator[Any]:
    try:
        decoded = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        decoded = UNKNOWN
    yield from items_of(dig(decoded, "Statement"))
