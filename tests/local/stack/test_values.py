"""What intrinsic functions are asked as, and replaced by; here CloudFormation is a mapping."""

from __future__ import annotations

from typing import Any

from powertools_stream.local.stack.values import ABSENT, UNKNOWN, Values
from powertools_stream.templates.references import references

REF, ARN = {"Ref": "Queue"}, {"Fn::GetAtt": ["Queue", "Arn"]}


def answered(values: Values, answers: dict[str, str], **given: Any) -> None:
    """Give each output whose text contains a key of `answers` its value."""
    outputs = values.outputs(**given)
    values.set({name: answer for name, output in outputs.items()
                for key, answer in answers.items() if key in str(output)})  # fmt: skip


def test_each_intrinsic_function_is_asked_once() -> None:
    values = Values()
    values.ask({"A": REF, "B": [REF, {"C": ARN}], "D": "text", "E": 5})
    assert list(values.outputs().values()) == [{"Value": REF}, {"Value": ARN}]


def test_they_are_replaced_wherever_they_are() -> None:
    values, properties = Values(), {"A": REF, "B": [{"C": ARN}], "D": "text", "E": 5}
    values.ask(properties)
    answered(values, {"Ref": "http://queue", "GetAtt": "arn:queue"})
    assert values.of(properties) == {"A": "http://queue", "B": [{"C": "arn:queue"}], "D": "text", "E": 5}


def test_what_refers_to_a_resource_that_was_left_out_is_unknown() -> None:
    values = Values()
    values.ask({"A": {"Fn::Sub": "${Queue.Arn}/x"}, "B": {"Ref": "Table"}})
    answered(values, {"Table": "orders"}, left_out={"Queue"})
    assert values.of({"A": {"Fn::Sub": "${Queue.Arn}/x"}, "B": {"Ref": "Table"}}) == {"B": "orders"}
    assert values.of({"Fn::Sub": "${Queue.Arn}/x"}) is UNKNOWN


def test_of_a_condition_only_the_branch_that_holds_is_asked_of_what_exists() -> None:
    value = {"Fn::If": ["IsProduction", {"Ref": "Queue"}, {"Ref": "AWS::NoValue"}]}
    values = Values()
    values.ask({"A": value})
    assert [output["Value"] for output in values.outputs().values()] == [
        {"Fn::If": ["IsProduction", "true", "false"]},
        {"Fn::If": ["IsProduction", {"Ref": "Queue"}, "-"]},
    ]
    answered(values, {"'true', 'false'": "true", "Queue": "http://queue"})
    assert values.of({"A": value}) == {"A": "http://queue"}
    answered(values, {"'true', 'false'": "false", "Queue": "-"})
    assert values.of({"A": value}) == {}
    assert values.of(value) is ABSENT


def test_a_branch_may_be_a_whole_object() -> None:
    value = {"Fn::If": ["IsProduction", {"Size": 10, "Arn": ARN}, {"Size": 1}]}
    values = Values()
    values.ask(value)
    answered(values, {"'true', 'false'": "true", "GetAtt": "arn:queue"})
    assert values.of(value) == {"Size": 10, "Arn": "arn:queue"}


def test_a_resource_may_exist_under_a_condition() -> None:
    values = Values()
    values.ask({"A": REF}, condition="IsProduction")
    assert {"Value": {"Fn::If": ["IsProduction", REF, "-"]}} in values.outputs().values()
    answered(values, {"'true', 'false'": "false"})
    assert not values.holds("IsProduction")
    assert values.holds(None)


def test_references() -> None:
    value = {
        "A": {"Ref": "One"},
        "B": [{"Fn::GetAtt": ["Two", "Arn"]}, {"Fn::GetAtt": "Three.Arn"}],
        "C": {"Fn::Sub": "${Four}-${Five.Arn}-${!Literal}"},
        "D": {"Fn::Join": ["", ["x", {"Ref": "Six"}]]},
        "E": {"Fn::Sub": ["${Seven}${own}", {"own": {"Ref": "Eight"}}]},
        "DependsOn": ["Nine"],
    }
    names = {"One", "Two", "Three", "Four", "Five", "Six", "Seven", "own", "Eight", "Nine"}
    assert set(references(value)) == names


def test_what_another_stack_exports_is_unknown() -> None:
    values, imported = Values(), {"Fn::Sub": ["${Name}-1", {"Name": {"Fn::ImportValue": "shop"}}]}
    values.ask({"A": imported, "B": REF})
    assert list(values.outputs().values()) == [{"Value": REF}]
    answered(values, {"Ref": "http://queue"})
    assert values.of({"A": imported, "B": REF}) == {"B": "http://queue"}
