from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.cli.check.forms import FORMS, TRANSFORM, Form, cloudformation, found, places, sam

# -- Time-outs -------------------------------------------------------------------------------------------------------


def test_globals_are_for_functions_of_a_loop_too(tmp_path: Path) -> None:
    template = sam("SQS", {})
    listener = template["Resources"].pop("Listener")
    del listener["Properties"]["Timeout"]
    template["Resources"]["Fn::ForEach::Listeners"] = ["Name", ["A", "B"], {"Listener${Name}": listener}]
    template |= {"Transform": ["AWS::LanguageExtensions", TRANSFORM], "Globals": {"Function": {"Timeout": 30}}}
    assert found(tmp_path, template, "W9831") == []
    assert len(found(tmp_path, template, "E9801")) == 2


@pytest.mark.parametrize("form", FORMS)
def test_a_timeout_that_nobody_set(tmp_path: Path, form: Form) -> None:
    template = form("SQS", {})
    del template["Resources"]["Listener"]["Properties"]["Timeout"]
    says = (
        "The SQS mapping Records of Listener invokes it with up to 10 records, but its `Timeout` is the default, 3 s."
    )
    assert found(tmp_path, template, "W9831") == [("W9831", says)]
    assert places(tmp_path, template, "W9831") == ["Resources/Listener"]


@pytest.mark.parametrize("form", FORMS)
def test_the_default_will_do_for_one_record(tmp_path: Path, form: Form) -> None:
    template = form("SQS", {"BatchSize": 1})
    del template["Resources"]["Listener"]["Properties"]["Timeout"]
    assert found(tmp_path, template, "W9831") == []


@pytest.mark.parametrize("form", FORMS)
def test_a_timeout_that_leaves_no_time_for_each_record(tmp_path: Path, form: Form) -> None:
    template = form("Kinesis", {"BatchSize": 10_000})
    says = (
        "The Kinesis mapping Records of Listener invokes it with up to 10,000 records: a `Timeout` of 10 s leaves "
        "0.9 ms for each, less than one call to AWS takes."
    )
    assert found(tmp_path, template, "W9831") == [("W9831", says)]
    assert places(tmp_path, template, "W9831") == ["Resources/Listener/Properties/Timeout"]


@pytest.mark.parametrize(("timeout", "size", "findings"), [(11, 1000, 0), (10, 1000, 1), (3, 100, 0), (2, 200, 1)])
def test_a_full_batch_has_ten_milliseconds_per_record(tmp_path: Path, timeout: int, size: int, findings: int) -> None:
    template = sam("SQS", {"BatchSize": size}, {"Timeout": timeout})
    assert len(found(tmp_path, template, "W9831")) == findings


@pytest.mark.parametrize("size", [{"Fn::ImportValue": "size"}, {"Ref": "Size"}])
def test_a_batch_size_that_cannot_be_told(tmp_path: Path, size: Any) -> None:
    template = {**sam("SQS", {"BatchSize": size}), "Parameters": {"Size": {"Type": "Number"}}}
    assert found(tmp_path, template, "W9831") == []


# -- Asynchronous invocations ----------------------------------------------------------------------------------------

FUNCTION = {"Handler": "listener.handler", "Runtime": "python3.13", "Timeout": 10}
NOTHING: Mapping[str, Any] = MappingProxyType({})
DESTINATION = {"DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": "arn:aws:sqs:eu-west-1:1:failed"}}}


def invoked_by(
    event_type: str, function: Mapping[str, Any] = MappingProxyType({}), **properties: Any
) -> dict[str, Any]:
    events = {"Notice": {"Type": event_type, "Properties": properties}}
    listener = {"Type": "AWS::Serverless::Function", "Properties": {**FUNCTION, **function, "Events": events}}
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Listener": listener}}


@pytest.mark.parametrize("event_type", ["S3", "SNS", "EventBridgeRule", "CloudWatchEvent", "Schedule", "ScheduleV2"])
def test_an_asynchronous_event_of_sam(tmp_path: Path, event_type: str) -> None:
    says = f"The {event_type} event Notice invokes Listener asynchronously, and it has no on-failure destination."
    assert found(tmp_path, invoked_by(event_type), "W9832") == [("W9832", says)]


@pytest.mark.parametrize(
    "function",
    [{"EventInvokeConfig": DESTINATION}, {"DeadLetterQueue": {"Type": "SQS", "TargetArn": "arn"}}],
)
def test_a_function_of_sam_that_keeps_what_fails(tmp_path: Path, function: dict[str, Any]) -> None:
    assert found(tmp_path, invoked_by("SNS", function), "W9832") == []


def test_a_queue_between_topic_and_function_keeps_it(tmp_path: Path) -> None:
    assert found(tmp_path, invoked_by("SNS", SqsSubscription=True), "W9832") == []


@pytest.mark.parametrize("event_type", ["Api", "HttpApi"])
def test_a_caller_that_waits_is_no_finding(tmp_path: Path, event_type: str) -> None:
    assert found(tmp_path, invoked_by(event_type), "W9832") == []


def permitted(principal: Any, **more: Any) -> dict[str, Any]:
    permission = {"FunctionName": {"Fn::GetAtt": ["Listener", "Arn"]}, "Principal": principal}
    return {
        "Resources": {
            "Listener": {"Type": "AWS::Lambda::Function", "Properties": FUNCTION},
            "Permission": {"Type": "AWS::Lambda::Permission", "Properties": permission},
            **more,
        }
    }


@pytest.mark.parametrize("service", ["s3", "sns", "events", "lambda.alarms.cloudwatch"])
def test_a_permission_of_cloudformation_says_who_invokes(tmp_path: Path, service: str) -> None:
    says = (
        f"{service}.amazonaws.com (Permission) invokes Listener asynchronously, and it has no on-failure destination."
    )
    assert found(tmp_path, permitted(f"{service}.amazonaws.com"), "W9832") == [("W9832", says)]


@pytest.mark.parametrize("principal", ["apigateway.amazonaws.com", {"Ref": "Account"}, {"Fn::ImportValue": "x"}])
def test_a_permission_of_others(tmp_path: Path, principal: Any) -> None:
    assert found(tmp_path, permitted(principal), "W9832") == []


@pytest.mark.parametrize("named", [{"Ref": "Listener"}, {"Fn::ImportValue": "function"}])
def test_a_function_of_cloudformation_that_keeps_what_fails(tmp_path: Path, named: Any) -> None:
    config = {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": {"FunctionName": named, **DESTINATION}}
    assert found(tmp_path, permitted("sns.amazonaws.com", Config=config), "W9832") == []


def test_a_schedule_invokes_by_a_role(tmp_path: Path) -> None:
    target = {"Arn": {"Fn::GetAtt": ["Listener", "Arn"]}, "RoleArn": "arn"}
    schedule = {"Type": "AWS::Scheduler::Schedule", "Properties": {"Target": target}}
    template = cloudformation("SQS", {}, Nightly=schedule)
    assert found(tmp_path, template, "W9832")[0][1].startswith("The schedule Nightly invokes Listener")
