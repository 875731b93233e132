from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.check.forms import TRANSFORM, assembly, found, found_in, places

# As CDK writes it.
BASIC = {
    "Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]]
}
RESOURCES: dict[str, Any] = {
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "shop"}},
    "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "${AWS::StackName}-orders"}}},
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Stream": {"Type": "AWS::Kinesis::Stream"},
    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "claims"}},
}
PUT_EVENTS = {"Effect": "Allow", "Action": "events:PutEvents"}


def function(variables: Mapping[str, Any], **properties: Any) -> dict[str, Any]:
    own = {"Handler": "listener.handler", "Runtime": "python3.13", "Timeout": 10}
    environment = {"Variables": dict(variables)}
    return {**own, "Environment": environment, **properties}


def sam(variables: Mapping[str, Any], policies: Any = None, /, **more: Any) -> dict[str, Any]:
    granted = {} if policies is None else {"Policies": policies}
    own = {
        name: more.pop(name) for name in list(more) if name in ("CodeUri", "Connectors", "DeadLetterQueue", "Events")
    }
    listener = {"Type": "AWS::Serverless::Function", "Properties": function(variables, **granted, **own)}
    return {"Transform": TRANSFORM, "Resources": {"Listener": listener, **RESOURCES, **more}}


def cloudformation(variables: Mapping[str, Any], *statements: Any, **more: Any) -> dict[str, Any]:
    policy = {"PolicyName": "own", "PolicyDocument": {"Statement": list(statements)}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy], "ManagedPolicyArns": [BASIC]}}
    listener = function(variables, Role={"Fn::GetAtt": ["Role", "Arn"]})
    resources = {"Listener": {"Type": "AWS::Lambda::Function", "Properties": listener}, "Role": role}
    return {"Resources": {**resources, **RESOURCES, **more}}


# -- What a function may not use ---------------------------------------------------------------------------------

NAMED = {
    "BUS_NAME": ("Bus", "bus", "`events:PutEvents`"),
    "ENTITY_TABLE_NAME": ("Table", "table", "`dynamodb:GetItem`, or any other action on items"),
    "QUEUE_URL": ("Queue", "queue", "`sqs:SendMessage`"),
    "TOPIC_ARN": ("Topic", "topic", "`sns:Publish`"),
    "STREAM_NAME": ("Stream", "stream", "`kinesis:PutRecord` or `kinesis:PutRecords`"),
    "CLAIMCHECK_BUCKET_NAME": ("Bucket", "bucket", "`s3:GetObject` or `s3:PutObject`"),
    "ORDERS_TABLE": ("Table", "table", "`dynamodb:GetItem`, or any other action on items"),
    "AUDIT_QUEUE": ("Queue", "queue", "any action of `sqs:*`"),
}
ALLOWING = {
    "Bus": {"EventBridgePutEventsPolicy": {"EventBusName": {"Ref": "Bus"}}},
    "Table": {"DynamoDBReadPolicy": {"TableName": {"Ref": "Table"}}},
    "Queue": {"SQSSendMessagePolicy": {"QueueName": {"Fn::GetAtt": ["Queue", "QueueName"]}}},
    "Topic": {"SNSPublishMessagePolicy": {"TopicName": {"Fn::GetAtt": ["Topic", "TopicName"]}}},
    "Stream": {"KinesisCrudPolicy": {"StreamName": {"Ref": "Stream"}}},
    "Bucket": {"S3CrudPolicy": {"BucketName": {"Ref": "Bucket"}}},
}


@pytest.mark.parametrize("variable", NAMED)
def test_what_nothing_allows(tmp_path: Path, variable: str) -> None:
    name, kind, actions = NAMED[variable]
    says = f"`{variable}` names the {kind} {name}, but nothing allows Listener {actions}."
    others = [policy for other, policy in ALLOWING.items() if other != name]

    for template in (sam({variable: {"Ref": name}}, others), cloudformation({variable: {"Ref": name}})):
        assert found(tmp_path, template, "E9851") == [("E9851", says)]
    assert places(tmp_path, template, "E9851") == [f"Resources/Listener/Properties/Environment/Variables/{variable}"]


@pytest.mark.parametrize("variable", NAMED)
def test_a_policy_template_of_sam_allows_it(tmp_path: Path, variable: str) -> None:
    name = NAMED[variable][0]
    assert found(tmp_path, sam({variable: {"Ref": name}}, ALLOWING[name]), "E9851") == []


def test_a_queue_that_may_only_be_read(tmp_path: Path) -> None:
    policy = {"SQSPollerPolicy": {"QueueName": {"Fn::GetAtt": ["Queue", "QueueName"]}}}
    assert len(found(tmp_path, sam({"QUEUE_URL": {"Ref": "Queue"}}, policy), "E9851")) == 1
    assert found(tmp_path, sam({"SOURCE": {"Ref": "Queue"}}, policy), "E9851") == []


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        {"Fn::GetAtt": ["Bus", "Arn"]},
        "arn:aws:events:*:*:event-bus/*",
        "arn:aws:events:eu-west-1:123456789012:event-bus/sh*",
        {"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${Bus}"},
        {"Fn::Sub": ["arn:aws:events:eu-west-1:123456789012:event-bus/${name}", {"name": {"Ref": "Bus"}}]},
        {"Fn::Join": ["", ["arn:aws:events:", {"Ref": "AWS::Region"}, ":123456789012:event-bus/shop"]]},
        ["arn:aws:sqs:eu-west-1:123456789012:orders", {"Fn::ImportValue": "bus"}],
        {"Fn::GetAtt": ["Nested", "Outputs.BusArn"]},
    ],
)
def test_a_statement_that_covers_the_resource_or_may_do_so(tmp_path: Path, resource: Any) -> None:
    template = cloudformation({"BUS_NAME": {"Ref": "Bus"}}, {**PUT_EVENTS, "Resource": resource})
    assert found(tmp_path, template, "E9851") == []


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:events:*:*:event-bus/sho",
        {"Fn::Sub": "arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"},
        {"Fn::Sub": "arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/${Queue.QueueName}"},
        {"Fn::GetAtt": ["Queue", "Arn"]},
    ],
)
def test_a_statement_for_something_else(tmp_path: Path, resource: Any) -> None:
    template = cloudformation({"BUS_NAME": {"Ref": "Bus"}}, {**PUT_EVENTS, "Resource": resource})
    assert len(found(tmp_path, template, "E9851")) == 1


@pytest.mark.parametrize(
    ("statement", "findings"),
    [
        ({"Action": ["sqs:*", "EVENTS:put*"]}, 0),
        ({"Action": "*"}, 0),
        ({"NotAction": "iam:*"}, 0),
        ({"Action": "events:PutRule"}, 1),
        ({"Action": "events:PutEvents", "Effect": "Deny"}, 1),
    ],
)
def test_the_actions_of_a_statement(tmp_path: Path, statement: dict[str, Any], findings: int) -> None:
    template = cloudformation({"BUS_NAME": {"Ref": "Bus"}}, {"Effect": "Allow", "Resource": "*", **statement})
    assert len(found(tmp_path, template, "E9851")) == findings


@pytest.mark.parametrize(
    "policies",
    [
        ["AWSLambdaBasicExecutionRole", "AdministratorAccess"],
        ["arn:aws:iam::123456789012:policy/own"],
        {"Ref": "Policies"},
        {"NoSuchPolicy": {}},
    ],
)
def test_policies_that_cannot_be_told_are_no_finding(tmp_path: Path, policies: Any) -> None:
    template = {**sam({"BUS_NAME": {"Ref": "Bus"}}, policies), "Parameters": {"Policies": {"Type": "String"}}}
    assert found(tmp_path, template, "E9851") == []


def test_a_role_that_cannot_be_told_is_no_finding(tmp_path: Path) -> None:
    template = cloudformation({"BUS_NAME": {"Ref": "Bus"}})
    template["Resources"]["Listener"]["Properties"]["Role"] = {"Fn::ImportValue": "role"}
    assert found(tmp_path, template, "E9851") == []


@pytest.mark.parametrize(
    ("kind", "attached"),
    [
        ("AWS::IAM::Policy", {"Roles": [{"Ref": "Role"}]}),
        ("AWS::IAM::ManagedPolicy", {"Roles": [{"Ref": "Role"}]}),
        ("AWS::IAM::RolePolicy", {"RoleName": {"Ref": "Role"}}),
    ],
)
def test_a_policy_that_is_attached_to_the_role(tmp_path: Path, kind: str, attached: dict[str, Any]) -> None:
    statement = {**PUT_EVENTS, "Resource": {"Fn::GetAtt": ["Bus", "Arn"]}}
    properties: dict[str, Any] = {"PolicyDocument": {"Statement": statement}, **attached}
    policy = {"Type": kind, "Properties": properties}
    assert found(tmp_path, cloudformation({"BUS_NAME": {"Ref": "Bus"}}, Attached=policy), "E9851") == []

    properties["PolicyDocument"] = {"Statement": [{**PUT_EVENTS, "Action": "events:PutRule"}]}
    assert len(found(tmp_path, cloudformation({"BUS_NAME": {"Ref": "Bus"}}, Attached=policy), "E9851")) == 1


@pytest.mark.parametrize(("policy", "findings"), [("AmazonEventBridgeFullAccess", 0), ("AmazonSQSFullAccess", 1)])
def test_what_full_access_to_a_service_allows(tmp_path: Path, policy: str, findings: int) -> None:
    template = sam({"BUS_NAME": {"Ref": "Bus"}}, [policy])
    assert len(found(tmp_path, template, "E9851")) == findings


def test_a_managed_policy_of_the_template_is_known_by_its_name(tmp_path: Path) -> None:
    own = {"PolicyDocument": {"Statement": {**PUT_EVENTS, "Resource": "*"}}, "ManagedPolicyName": "publish"}
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": own}
    arn = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/publish"}
    assert found(tmp_path, sam({"BUS_NAME": {"Ref": "Bus"}}, [arn], Own=managed), "E9851") == []


def test_the_role_that_sam_makes_may_have_policies_too(tmp_path: Path) -> None:
    document = {"Statement": {**PUT_EVENTS, "Resource": "*"}}
    policy = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": document, "Roles": [{"Ref": "ListenerRole"}]},
    }
    assert found(tmp_path, sam({"BUS_NAME": {"Ref": "Bus"}}, Attached=policy), "E9851") == []


def test_a_connector_of_sam_allows_it(tmp_path: Path) -> None:
    template = sam({"BUS_NAME": {"Ref": "Bus"}})
    connector = {"Properties": {"Destination": {"Id": "Bus"}, "Permissions": ["Write"]}}
    template["Resources"]["Listener"]["Connectors"] = {"ToBus": connector}
    assert found(tmp_path, template, "E9851") == []

    source = {"Source": {"Id": "Listener"}, **connector["Properties"]}
    separate = {"Type": "AWS::Serverless::Connector", "Properties": source}
    assert found(tmp_path, sam({"BUS_NAME": {"Ref": "Bus"}}, ToBus=separate), "E9851") == []


def test_sam_allows_the_dead_letter_queue(tmp_path: Path) -> None:
    queue = {"Type": "SQS", "TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}}
    assert found(tmp_path, sam({"QUEUE_URL": {"Ref": "Queue"}}, DeadLetterQueue=queue), "E9851") == []


def test_a_policy_of_the_resource_may_allow_it(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Principal": {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}}
    properties = {"Queues": [{"Ref": "Queue"}], "PolicyDocument": {"Statement": [statement]}}
    policy = {"Type": "AWS::SQS::QueuePolicy", "Properties": properties}
    assert found(tmp_path, cloudformation({"QUEUE_URL": {"Ref": "Queue"}}, Policy=policy), "E9851") == []

    statement["Principal"] = {"Service": "events.amazonaws.com"}
    assert len(found(tmp_path, cloudformation({"QUEUE_URL": {"Ref": "Queue"}}, Policy=policy), "E9851")) == 1


@pytest.mark.parametrize("value", ["elsewhere", {"Fn::ImportValue": "bus"}, {"Ref": "AWS::StackName"}, 5])
def test_what_another_template_makes_is_no_finding(tmp_path: Path, value: Any) -> None:
    assert found(tmp_path, sam({"BUS_NAME": value}), "E9851") == []


def test_a_resource_is_known_by_its_name_too(tmp_path: Path) -> None:
    assert len(found(tmp_path, sam({"BUS_NAME": "shop"}), "E9851")) == 1


def test_the_environment_of_globals_counts(tmp_path: Path) -> None:
    template = sam({})
    template["Globals"] = {"Function": {"Environment": {"Variables": {"BUS_NAME": {"Ref": "Bus"}}}}}
    assert len(found(tmp_path, template, "E9851")) == 1


# -- Fault events that nothing keeps -----------------------------------------------------------------------------

PUBLISHES = """
from powertools_stream import FaultPolicy, StreamProcessor
processor = StreamProcessor(rules=[], on_fault=FaultPolicy.PUBLISH)
"""
BUS = {"BUS_NAME": {"Ref": "Bus"}}


def code(directory: Path, **modules: str) -> None:
    for name, text in modules.items():
        path = directory / "src" / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def rule(pattern: Any, **properties: Any) -> dict[str, Any]:
    own = {"EventBusName": {"Ref": "Bus"}, "Targets": [{"Id": "1", "Arn": "arn"}], "EventPattern": pattern}
    return {"Type": "AWS::Events::Rule", "Properties": {**own, **properties}}


def test_publish_and_no_rule(tmp_path: Path) -> None:
    code(tmp_path, listener=PUBLISHES)
    template = sam(BUS, ALLOWING["Bus"], CodeUri="src")
    says = "Listener sets records aside (src/listener.py:3), but nothing takes fault events from Bus."
    assert found(tmp_path, template, "E9841") == [("E9841", says)]
    assert places(tmp_path, template, "E9841") == ["Resources/Listener/Properties/Environment/Variables/BUS_NAME"]


def test_publish_in_what_cdk_synthesizes(tmp_path: Path) -> None:
    template = cloudformation(BUS)
    template["Resources"]["Listener"]["Metadata"] = {"aws:asset:path": "asset.1f2e", "aws:asset:property": "Code"}
    out = assembly(tmp_path / "cdk.out", Shop=template)
    (out / "asset.1f2e").mkdir()
    (out / "asset.1f2e" / "listener.py").write_text(PUBLISHES)
    assert "E9841" in dict(found_in(out))


@pytest.mark.parametrize(
    "modules",
    [
        {"listener": "from rules import rules", "rules": PUBLISHES},
        {"listener": "import shop.rules", "shop__rules": PUBLISHES},
        {"listener": "from shop import rules", "shop____init__": "", "shop__rules": PUBLISHES},
        {
            "listener": "from shop.rules import rules",
            "shop__rules": "from .policies import on_fault",
            "shop__policies": PUBLISHES,
        },
        {"listener": "import powertools_stream as ps\npolicy = ps.FaultPolicy.PUBLISH"},
    ],
)
def test_publish_in_a_module_that_the_handler_imports(tmp_path: Path, modules: dict[str, str]) -> None:
    code(tmp_path, **modules)
    assert len(found(tmp_path, sam(BUS, CodeUri="src"), "E9841")) == 1


@pytest.mark.parametrize(
    "modules",
    [
        {"listener": "", "other": PUBLISHES},
        {"listener": "from powertools_stream import FaultPolicy\npolicy = FaultPolicy.REPORT"},
        {"listener": "is_set_aside = policy is FaultPolicy.PUBLISH"},
        {"listener": "this is no Python"},
        {"other": PUBLISHES},
    ],
)
def test_code_that_sets_nothing_aside(tmp_path: Path, modules: dict[str, str]) -> None:
    code(tmp_path, **modules)
    assert found(tmp_path, sam(BUS, CodeUri="src"), "E9841") == []


@pytest.mark.parametrize(
    "pattern",
    [
        {"detail-type": ["fault"]},
        {"detail-type": ["fault"], "source": ["shop"], "detail": {"tags": {"functionname": ["listener"]}}},
        {"detail": {"type": [{"prefix": "fau"}]}},
        {"detail-type": [{"anything-but": "order-created"}]},
        {"source": [{"prefix": ""}]},
        {"detail-type": {"Fn::ImportValue": "types"}},
        {"Fn::ImportValue": "pattern"},
        {"detail": {"disposition": ["set-aside"]}},
    ],
)
def test_a_rule_that_takes_fault_events_or_may_do_so(tmp_path: Path, pattern: Any) -> None:
    code(tmp_path, listener=PUBLISHES)
    assert found(tmp_path, sam(BUS, CodeUri="src", Faults=rule(pattern)), "E9841") == []


@pytest.mark.parametrize(
    "other",
    [
        rule({"detail-type": ["order-created"]}),
        rule({"detail-type": [{"anything-but": "fault"}]}),
        rule({"detail": {"disposition": ["reported"]}}),
        rule({"detail-type": ["fault"]}, State="DISABLED"),
        rule({"detail-type": ["fault"]}, EventBusName="default"),
        {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)"}},
    ],
)
def test_a_rule_that_takes_none(tmp_path: Path, other: Any) -> None:
    code(tmp_path, listener=PUBLISHES)
    assert len(found(tmp_path, sam(BUS, CodeUri="src", Other=other), "E9841")) == 1


def test_an_archive_keeps_them(tmp_path: Path) -> None:
    code(tmp_path, listener=PUBLISHES)
    archive = {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]}}}
    assert found(tmp_path, sam(BUS, CodeUri="src", Archive=archive), "E9841") == []


def test_a_function_of_sam_takes_them(tmp_path: Path) -> None:
    code(tmp_path, listener=PUBLISHES)
    pattern = {"Pattern": {"detail-type": ["fault"]}, "EventBusName": {"Ref": "Bus"}}
    keeper = function({}, Events={"Faults": {"Type": "EventBridgeRule", "Properties": pattern}})
    resource = {"Type": "AWS::Serverless::Function", "Properties": keeper}
    assert found(tmp_path, sam(BUS, CodeUri="src", Keeper=resource), "E9841") == []


def test_the_bus_of_fault_events_comes_first(tmp_path: Path) -> None:
    code(tmp_path, listener=PUBLISHES)
    faults = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "faults"}}
    both = {**BUS, "FAULT_BUS_NAME": {"Ref": "FaultBus"}}
    template = sam(both, CodeUri="src", FaultBus=faults, Faults=rule({"detail-type": ["fault"]}))
    assert found(tmp_path, template, "E9841")[0][1].endswith("from FaultBus.")


@pytest.mark.parametrize("variables", [{}, {"BUS_NAME": "elsewhere"}, {"BUS_NAME": {"Fn::ImportValue": "bus"}}])
def test_a_bus_of_another_template_is_no_finding(tmp_path: Path, variables: dict[str, Any]) -> None:
    code(tmp_path, listener=PUBLISHES)
    assert found(tmp_path, sam(variables, CodeUri="src"), "E9841") == []
