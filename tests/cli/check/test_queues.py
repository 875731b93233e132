from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.check.forms import FORMS, Form, cloudformation, found, places, sam

REDRIVE = {"deadLetterTargetArn": {"Fn::GetAtt": ["Failed", "Arn"]}, "maxReceiveCount": 5}
GOOD = {"VisibilityTimeout": 60, "RedrivePolicy": REDRIVE}
RULES = ("W9821", "W9822", "E9823")


@pytest.mark.parametrize("form", FORMS)
def test_a_queue_as_it_should_be(tmp_path: Path, form: Form) -> None:
    assert found(tmp_path, form("SQS", {}, source_properties=GOOD), *RULES) == []


@pytest.mark.parametrize("form", FORMS)
def test_the_default_visibility_timeout_is_30_seconds(tmp_path: Path, form: Form) -> None:
    template = form("SQS", {}, source_properties={"RedrivePolicy": REDRIVE})
    says = "The visibility timeout of Source is 30 s; the time-out of its function Listener is 10 s."
    assert found(tmp_path, template, *RULES) == [("W9821", says)]
    assert places(tmp_path, template, "W9821") == ["Resources/Source"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("seconds", "findings"), [(59, 1), ("59", 1), (60, 0), (61, 0)])
def test_visibility_is_six_times_the_timeout(tmp_path: Path, form: Form, seconds: Any, findings: int) -> None:
    template = form("SQS", {}, source_properties={**GOOD, "VisibilityTimeout": seconds})
    assert len(found(tmp_path, template, "W9821")) == findings


def test_the_timeout_of_globals_counts(tmp_path: Path) -> None:
    template = sam("SQS", {}, source_properties=GOOD)
    del template["Resources"]["Listener"]["Properties"]["Timeout"]
    template["Globals"] = {"Function": {"Timeout": 11}}
    assert len(found(tmp_path, template, "W9821")) == 1


def test_the_default_of_a_parameter_counts(tmp_path: Path) -> None:
    template = cloudformation("SQS", {}, {"Timeout": {"Ref": "Timeout"}}, GOOD)
    template["Parameters"] = {"Timeout": {"Type": "Number", "Default": "11"}}
    assert len(found(tmp_path, template, "W9821")) == 1
    del template["Parameters"]["Timeout"]["Default"]
    assert found(tmp_path, template, "W9821") == []


def test_two_values_of_the_same_condition_are_compared(tmp_path: Path) -> None:
    template = sam(
        "SQS",
        {},
        {"Timeout": {"Fn::If": ["Prod", 100, 10]}},
        {**GOOD, "VisibilityTimeout": {"Fn::If": ["Prod", 600, 60]}},
    )
    template["Conditions"] = {"Prod": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}
    assert found(tmp_path, template, "W9821") == []

    template["Resources"]["Source"]["Properties"]["VisibilityTimeout"] = {"Fn::If": ["Prod", 60, 600]}
    assert [says for _, says in found(tmp_path, template, "W9821")] == [
        "The visibility timeout of Source is 60 s; the time-out of its function Listener is 100 s."
    ]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("count", [4, "4"])
def test_a_queue_that_gives_up_soon(tmp_path: Path, form: Form, count: Any) -> None:
    template = form("SQS", {}, source_properties={**GOOD, "RedrivePolicy": {**REDRIVE, "maxReceiveCount": count}})
    assert found(tmp_path, template, *RULES) == [("W9822", "The `maxReceiveCount` of Source is 4.")]
    assert places(tmp_path, template, "W9822") == ["Resources/Source/Properties/RedrivePolicy/maxReceiveCount"]


@pytest.mark.parametrize("form", FORMS)
def test_a_queue_without_a_dead_letter_queue(tmp_path: Path, form: Form) -> None:
    template = form("SQS", {}, source_properties={"VisibilityTimeout": 60})
    says = "The queue Source, which Listener reads from, has no dead-letter queue."
    assert found(tmp_path, template, *RULES) == [("E9823", says)]


def test_a_dead_letter_queue_that_is_read_needs_none(tmp_path: Path) -> None:
    policy = {"deadLetterTargetArn": {"Fn::GetAtt": ["Source", "Arn"]}, "maxReceiveCount": 5}
    first = {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": policy}}
    template = sam("SQS", {}, source_properties={"VisibilityTimeout": 60}, First=first)
    assert found(tmp_path, template, *RULES) == []


@pytest.mark.parametrize(
    "policy",
    [
        {"Fn::ImportValue": "policy"},
        '{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:failed", "maxReceiveCount": 5}',
        {"Fn::If": ["Undeclared", REDRIVE, {"Ref": "AWS::NoValue"}]},
    ],
)
def test_a_redrive_policy_that_cannot_be_told_or_is_text(tmp_path: Path, policy: Any) -> None:
    template = sam("SQS", {}, source_properties={"VisibilityTimeout": 60, "RedrivePolicy": policy})
    assert found(tmp_path, template, *RULES) == []


def test_a_queue_that_no_function_reads_is_nobodys_business(tmp_path: Path) -> None:
    template = sam("SQS", {}, source_properties=GOOD, Failed={"Type": "AWS::SQS::Queue"})
    assert found(tmp_path, template, *RULES) == []


def test_a_queue_is_known_by_its_name_too(tmp_path: Path) -> None:
    arn = {"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:orders"}
    template = sam("SQS", {"Queue": arn}, source_properties={"QueueName": "orders", "VisibilityTimeout": 60})
    assert [rule for rule, _ in found(tmp_path, template, *RULES)] == ["E9823"]


def test_the_function_of_an_alias(tmp_path: Path) -> None:
    alias = {
        "Type": "AWS::Lambda::Alias",
        "Properties": {"FunctionName": {"Ref": "Listener"}, "Name": "live", "FunctionVersion": "1"},
    }
    template = cloudformation(
        "SQS", {"FunctionName": {"Ref": "Live"}}, source_properties={"RedrivePolicy": REDRIVE}, Live=alias
    )
    assert "its function Listener" in found(tmp_path, template, "W9821")[0][1]
