from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from powertools_stream.cli.needs.names import Name
from powertools_stream.cli.needs.need import Need
from powertools_stream.cli.policy.granted.comparison import Comparison, compared
from powertools_stream.cli.policy.granted.functions import Function
from powertools_stream.cli.policy.granted.grants import grants_of
from powertools_stream.cli.policy.resources import Resolved, Surroundings, resolve
from powertools_stream.cli.status import CannotRunError
from powertools_stream.requests import PutItem, SendMessage, UpdateItem
from powertools_stream.requests.kms import KEY, DecryptDataKey
from powertools_stream.templates import Template

TABLE: dict[str, Any] = {"Type": "AWS::DynamoDB::Table", "Properties": {}}
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"


def template(*policies: Any, managed: Any = (), more: Any = None, table: Any = None) -> Template:
    role = {"Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": list(policies)}}]}
    resources = {
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["R", "Arn"]}}},
        "R": {"Type": "AWS::IAM::Role", "Properties": {**role, "ManagedPolicyArns": list(managed)}},
        "T": table or TABLE,
        **(more or {}),
    }
    return Template(
        Path("template.json"), {"Resources": resources, "Parameters": {"P": {"Default": "orders"}, "Q": {}}}
    )


def needs(variable: Any, kind: Any = UpdateItem) -> list[Resolved]:
    around = Surroundings({"ENTITY_TABLE_NAME": variable}, {"T": "AWS::DynamoDB::Table"})
    found = [
        resolve(Need(one, Name(variables=("ENTITY_TABLE_NAME",)), "keep_order"), around) for one in kind.permissions
    ]
    return [one for one in found if one is not None]


def compare(made: Template, variable: Any = None) -> Comparison:
    return compared(needs(variable or {"Ref": "T"}), grants_of(made, "F"), made)


def allow(resource: Any, action: Any = "dynamodb:UpdateItem", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("variable", "resource"),
    [
        ({"Ref": "T"}, {"Fn::GetAtt": ["T", "Arn"]}),
        ({"Ref": "T"}, {"Fn::GetAtt": "T.Arn"}),
        ({"Ref": "T"}, {"Fn::Sub": "${T.Arn}"}),
        ({"Ref": "T"}, {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${T}"}),
        ({"Ref": "T"}, {"Fn::Sub": ["arn:aws:dynamodb:${AWS::Region}:*:table/${name}", {"name": {"Ref": "T"}}]}),
        ({"Ref": "T"}, {"Fn::Join": ["", ["arn:aws:dynamodb:", {"Ref": "AWS::Region"}, ":1:table/", {"Ref": "T"}]]}),
        ({"Ref": "T"}, [{"Fn::GetAtt": ["T", "Arn"]}, {"Fn::Sub": "${T.Arn}/index/*"}]),
        ({"Ref": "T"}, {"Fn::If": ["C", {"Fn::GetAtt": ["T", "Arn"]}, {"Ref": "AWS::NoValue"}]}),
        ("orders", ARN),
        ("orders", "arn:aws:dynamodb:*:*:table/ord*"),
        ("orders", "arn:aws:dynamodb:us-east-1:1:table/order?"),
        ({"Ref": "P"}, ARN),
        ({"Ref": "Q"}, {"Fn::Sub": "arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Q}"}),
        (
            {"Fn::ImportValue": "orders"},
            {"Fn::Join": ["", ["arn:aws:dynamodb:r:1:table/", {"Fn::ImportValue": "orders"}]]},
        ),
    ],
)
def test_the_same_resource_is_recognised_however_it_is_written(variable: Any, resource: Any) -> None:
    assert compare(template(allow(resource)), variable).missing == ()


def test_a_resource_with_a_name_of_its_own_is_known_by_it() -> None:
    named = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}}
    assert compare(template(allow(ARN), table=named)).missing == ()


@pytest.mark.parametrize(
    "statement",
    [
        allow({"Fn::GetAtt": ["T", "Arn"]}, "dynamodb:PutItem"),
        allow({"Fn::GetAtt": ["U", "Arn"]}),
        allow({"Fn::Sub": "${T.Arn}/index/*"}),
        allow("arn:aws:dynamodb:*:*:table/other"),
        allow("*", "sqs:*"),
        {"Effect": "Allow", "NotAction": "dynamodb:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "dynamodb:*", "NotResource": {"Fn::GetAtt": ["T", "Arn"]}},
    ],
)
def test_what_is_for_something_else_grants_nothing(statement: Any) -> None:
    (missing,) = compare(template(statement)).missing
    assert (missing.action, missing.resource, missing.reasons) == (
        "dynamodb:UpdateItem",
        "dynamodb:table/${T}",
        ("keep_order",),
    )


@pytest.mark.parametrize("action", ["dynamodb:UpdateItem", "DynamoDB:updateitem", "dynamodb:Update*", "*"])
def test_actions_have_wildcards_and_no_case(action: str) -> None:
    assert compare(template(allow("*", action))).missing == ()


def test_what_is_denied_is_missing() -> None:
    denied = {"Effect": "Deny", "Action": "*", "Resource": {"Fn::GetAtt": ["T", "Arn"]}}
    (missing,) = compare(template(allow("*"), denied)).missing
    assert missing.problem == "own denies it"


def test_a_variable_that_is_not_set_is_missing() -> None:
    made = template(allow("*"))
    needed = resolve(Need(PutItem.permissions[0], Name(variables=("ENTITY_TABLE_NAME",)), "r"), Surroundings({}))
    assert needed is not None
    (missing,) = compared([needed], grants_of(made, "F"), made).missing
    assert missing.problem == "ENTITY_TABLE_NAME is not set in the function's Environment"


def test_what_no_rule_needs_is_superfluous_but_not_what_lambda_needs() -> None:
    own = allow({"Fn::GetAtt": ["T", "Arn"]}, ["dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:GetRecords"])
    made = template(own, allow("*", ["sqs:ReceiveMessage", "logs:PutLogEvents", "s3:GetObject"]))
    found = [(one.actions, one.resources, one.needed) for one in compare(made).superfluous]
    assert found == [
        (("dynamodb:DeleteItem",), ("dynamodb:table/${T}",), ()),
        (("s3:GetObject",), ("*",), ()),
    ]


@pytest.mark.parametrize("statement", [allow("*"), allow({"Fn::GetAtt": ["T", "Arn"]}, "dynamodb:*")])
def test_what_is_too_wide_is_superfluous(statement: Any) -> None:
    (found,) = compare(template(statement)).superfluous
    assert found.needed == ("dynamodb:UpdateItem",)


def test_policies_beside_the_role_and_managed_ones_are_read() -> None:
    document = {"PolicyDocument": {"Statement": allow({"Fn::GetAtt": ["T", "Arn"]})}}
    of_cdk = {"Type": "AWS::IAM::Policy", "Properties": {**document, "Roles": [{"Ref": "R"}]}}
    other = {"Type": "AWS::IAM::Policy", "Properties": {**document, "Roles": [{"Ref": "Other"}]}}
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": document}
    assert compare(template(more={"C": of_cdk})).missing == ()
    assert compare(template(managed=[{"Ref": "M"}], more={"M": managed})).missing == ()
    assert len(compare(template(more={"C": other})).missing) == 1
    assert compare(template(managed=["arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"])).missing == ()


def test_a_policy_that_is_not_in_the_template_is_said() -> None:
    arn = "arn:aws:iam::aws:policy/service-role/"
    made = template(managed=[f"{arn}AWSLambdaBasicExecutionRole", "arn:aws:iam::123456789012:policy/own"])
    assert grants_of(made, "F").unread == ["own"]


def of_key(variable: Any, **resources: Any) -> Comparison:
    key: dict[str, Any] = {"Type": "AWS::KMS::Key", "Properties": {}}
    statement = allow({"Fn::GetAtt": ["Key", "Arn"]}, "kms:Decrypt")
    made = template(statement, more={"Key": key, **resources})
    variables = {"Environment": {"Variables": {"MASTER_KEY_ALIAS": variable}}}
    made.resources["F"]["Properties"].update(variables)
    around = Function("F", made, made).as_made
    needed = resolve(Need(DecryptDataKey.permissions[0], Name(variables=KEY.variables), "encryption"), around)
    assert needed is not None
    return compared([needed], grants_of(made, "F"), made)


def test_an_alias_of_the_template_stands_for_its_key() -> None:
    alias = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/shop", "TargetKeyId": {"Ref": "Key"}}}
    assert of_key({"Ref": "Alias"}, Alias=alias) == Comparison((), ())


def test_an_alias_from_elsewhere_may_stand_for_any_key() -> None:
    assert of_key("alias/shop") == Comparison((), ())


def test_a_managed_policy_is_known_however_its_arn_is_written() -> None:
    arn = ["arn:", {"Ref": "AWS::Partition"}, ":iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
    assert grants_of(template(managed=[{"Fn::Join": ["", arn]}]), "F").unread == []


def test_a_role_from_elsewhere() -> None:
    resources = {"F": {"Type": "AWS::Lambda::Function", "Properties": {"Role": "arn:aws:iam::1:role/r"}}}
    with pytest.raises(CannotRunError, match=r"Expected the role of F to be in template\.json, found arn:aws:iam::1"):
        grants_of(Template(Path("template.json"), {"Resources": resources}), "F")


DEAD: dict[str, Any] = {"Type": "AWS::SQS::Queue", "Properties": {}}
TO_DEAD = {"OnFailure": {"Destination": {"Fn::GetAtt": ["Dead", "Arn"]}}}


@pytest.mark.parametrize("kind", ["EventSourceMapping", "EventInvokeConfig"])
def test_what_lambda_sends_to_a_destination_is_not_superfluous(kind: str) -> None:
    properties: dict[str, Any] = {"FunctionName": {"Ref": "F"}, "DestinationConfig": TO_DEAD}
    sender = {"Type": f"AWS::Lambda::{kind}", "Properties": properties}
    granted = allow({"Fn::GetAtt": ["Dead", "Arn"]}, "sqs:SendMessage")
    needed = allow({"Fn::GetAtt": ["T", "Arn"]})
    assert compare(template(granted, needed, more={"Dead": DEAD, "M": sender})).superfluous == ()
    others = {"Type": sender["Type"], "Properties": {**properties, "FunctionName": {"Ref": "Other"}}}
    [found] = compare(template(granted, needed, more={"Dead": DEAD, "M": others})).superfluous
    assert found.actions == ("sqs:SendMessage",)


def test_a_bucket_as_a_destination_takes_two_actions() -> None:
    destination = {"OnFailure": {"Destination": {"Fn::GetAtt": ["B", "Arn"]}}}
    mapping = {"FunctionName": {"Ref": "F"}, "DestinationConfig": destination}
    more = {
        "B": {"Type": "AWS::S3::Bucket", "Properties": {}},
        "M": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
    }
    objects = allow({"Fn::Sub": "${B.Arn}/*"}, ["s3:PutObject", "s3:GetObject"])
    listed = allow({"Fn::GetAtt": ["B", "Arn"]}, "s3:ListBucket")
    needed = allow({"Fn::GetAtt": ["T", "Arn"]})
    [found] = compare(template(objects, listed, needed, more=more)).superfluous
    assert found.actions == ("s3:GetObject",)


def test_a_queue_is_known_by_the_attribute_that_is_its_name() -> None:
    around = Surroundings({"QUEUE_URL": {"Ref": "Dead"}}, {"Dead": "AWS::SQS::Queue"})
    wanted = [resolve(Need(one, Name(variables=("QUEUE_URL",)), "tell"), around) for one in SendMessage.permissions]
    name = [
        "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${n}",
        {"n": {"Fn::GetAtt": ["Dead", "QueueName"]}},
    ]
    made = template(allow({"Fn::Sub": name}, "sqs:SendMessage*"), more={"Dead": DEAD})
    found = compared([one for one in wanted if one is not None], grants_of(made, "F"), made)
    assert (found.missing, found.superfluous) == ((), ())


def test_a_queue_is_not_known_by_its_url() -> None:
    around = Surroundings({"QUEUE_URL": {"Ref": "Dead"}}, {"Dead": "AWS::SQS::Queue"})
    wanted = [resolve(Need(one, Name(variables=("QUEUE_URL",)), "tell"), around) for one in SendMessage.permissions]
    # SAM's SQSSendMessagePolicy, whose QueueName is a !Ref.
    arn = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${name}"
    made = template(allow({"Fn::Sub": [arn, {"name": {"Ref": "Dead"}}]}, "sqs:SendMessage*"), more={"Dead": DEAD})
    found = compared([one for one in wanted if one is not None], grants_of(made, "F"), made)
    assert [(each.action, each.resource) for each in found.missing] == [("sqs:SendMessage", "sqs:${Dead}")]
