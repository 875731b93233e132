from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.templates import Template, TemplateError, transformed

FUNCTION: dict[str, Any] = {
    "Type": "AWS::Serverless::Function",
    "Properties": {
        "CodeUri": "src/",
        "Handler": "listener.handler",
        "Runtime": "python3.13",
        "Events": {"Queue": {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": ["Queue", "Arn"]}}}},
    },
}


def sam(**resources: object) -> Template:
    return Template(Path("template.yaml"), {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources})


def test_an_event_of_a_function_becomes_an_event_source_mapping() -> None:
    template = sam(Listener=FUNCTION, Queue={"Type": "AWS::SQS::Queue"})
    types = {name: resource["Type"] for name, resource in transformed(template).resources.items()}
    assert types == {
        "Listener": "AWS::Lambda::Function",
        "ListenerRole": "AWS::IAM::Role",
        "ListenerQueue": "AWS::Lambda::EventSourceMapping",
        "Queue": "AWS::SQS::Queue",
    }
    assert template.resources["Listener"] is FUNCTION, "the template itself is left as it is"


def test_code_may_be_named_for_all_functions() -> None:
    properties = {name: value for name, value in FUNCTION["Properties"].items() if name != "CodeUri"}
    document = sam(Listener={**FUNCTION, "Properties": properties}, Queue={"Type": "AWS::SQS::Queue"}).document
    template = Template(Path("template.yaml"), {**document, "Globals": {"Function": {"CodeUri": "src/"}}})
    assert "ListenerQueue" in transformed(template).resources


def test_a_template_without_sam_is_left_as_it_is() -> None:
    template = Template(Path("template.yaml"), {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    assert transformed(template) is template


def test_what_sam_refuses_is_said_in_one_line() -> None:
    with pytest.raises(TemplateError, match=r"SAM refuses template\.yaml: .*Listener") as raised:
        transformed(sam(Listener={"Type": "AWS::Serverless::Function", "Properties": {"Handler": 5}}))
    assert "\n" not in str(raised.value)


def test_its_transform_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        transformed(sam(Listener=FUNCTION, Queue={"Type": "AWS::SQS::Queue"}))
        gc.collect()
    assert caplog.messages == []
