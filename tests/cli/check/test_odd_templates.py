"""Whatever a template holds, a rule does not raise: cfn-lint would take that for silence."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from powertools_stream.cli.check.linting import Linting
from tests.cli.check import test_environments
from tests.cli.check.forms import cloudformation, sam, written

FUNCTION = {
    "Environment": {"Variables": {"BUS_NAME": {"Ref": "Bus"}}},
    "Policies": [{"DynamoDBCrudPolicy": {"TableName": {"Ref": "Source"}}}, {"Statement": [{"Action": "*"}]}],
    "EventInvokeConfig": {"DestinationConfig": {}},
    "CodeUri": "src",
}
MAPPING = {"DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Bus", "Arn"]}}}, "BatchSize": 10}
MORE = {
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Fn::Sub": "${Stage}-bus"}}},
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Condition": "Prod",
        "Properties": {"EventBusName": {"Ref": "Bus"}, "EventPattern": {"detail-type": ["fault"]}},
    },
    "Permission": {
        "Type": "AWS::Lambda::Permission",
        "Properties": {"FunctionName": {"Ref": "Listener"}, "Principal": "sns.amazonaws.com"},
    },
}
SECTIONS = {
    "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
    "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
}
TEMPLATES = [
    {**sam("SQS", {}, FUNCTION, {"RedrivePolicy": {"maxReceiveCount": 3}}, **MORE), **SECTIONS},
    {**cloudformation("DynamoDB", MAPPING, FUNCTION, **MORE), **SECTIONS},
    test_environments.cloudformation({"BUS_NAME": {"Ref": "Bus"}}, {"Action": "sqs:*", "Resource": ["*"]}),
]
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, 5, -1.5, True, "", "text", [], {}, [None], {"Ref": "Stage"}, {"Ref": 5}, {"Fn::If": []}, {"Fn::Sub": [1]},
     {"Fn::GetAtt": "x"}, {"a": {"Type": "SQS"}}, {"Fn::If": ["Prod", {"Ref": "AWS::NoValue"}, [{}]]}, [[5]]]
)  # fmt: skip


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from paths_of(item, (*path, name))


def replaced(template: Any, path: tuple[Any, ...], junk: Any) -> Any:
    changed = copy.deepcopy(template)
    within = changed
    for name in path[:-1]:
        within = within[name]
    within[path[-1]] = junk
    return changed


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_rule_finds_something_or_nothing(tmp_path: Path, data: st.DataObject) -> None:
    template = data.draw(st.sampled_from(TEMPLATES))
    # cfn-lint's own engine fails on some sections that are no mappings; what is within resources is ours.
    paths = [path for path in paths_of(template) if len(path) > 2 and path[2] == "Properties"]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(paths))
        try:
            template = replaced(template, path, data.draw(JUNK))
        except (KeyError, TypeError, IndexError):
            continue  # an earlier replacement took the path away

    Linting().matches_in(written(tmp_path, template))


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_templates_are_found_fault_with(tmp_path: Path, template: Any) -> None:
    assert Linting().matches_in(written(tmp_path, template))
