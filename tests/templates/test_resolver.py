from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.templates.resolver import Resolver
from powertools_stream.templates.values import UNKNOWN, Reference, Text

TEMPLATE = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "dev"},
        "Size": {"Type": "Number"},
        "Names": {"Type": "CommaDelimitedList", "Default": "orders, payments"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/images/latest"},
    },
    "Mappings": {"Sizes": {"dev": {"Batch": 10}, "prod": {"Batch": 1000}}},
}
QUEUE, ARN = Reference("Queue"), Reference("Queue", "Arn")


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        (5, 5),
        ({"a": [1, {"Ref": "Stage"}]}, {"a": [1, "dev"]}),
        ({"Ref": "Names"}, ["orders", "payments"]),
        ({"Ref": "Size"}, UNKNOWN),
        ({"Ref": "Image"}, UNKNOWN),
        ({"Ref": "AWS::Region"}, UNKNOWN),
        ({"Ref": "Queue"}, QUEUE),
        ({"Ref": ["Queue"]}, UNKNOWN),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}]}, {"b": []}),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, ARN),
        ({"Fn::GetAtt": "Nested.Outputs.Arn"}, Reference("Nested", "Outputs.Arn")),
        ({"Fn::GetAtt": ["Queue", {"Ref": "Stage"}]}, UNKNOWN),
        ({"Fn::If": ["Prod", 1, 2]}, 1),
        ({"Fn::If": ["Dev", 1, 2]}, 2),
        ({"Fn::If": ["Other", 1, 2]}, UNKNOWN),
        ({"Fn::If": "Prod"}, UNKNOWN),
        ({"Fn::Sub": "${Stage}-orders"}, "dev-orders"),
        ({"Fn::Sub": "${Queue}"}, QUEUE),
        ({"Fn::Sub": "${Queue.Arn}"}, ARN),
        ({"Fn::Sub": "${!Stage}"}, "${Stage}"),
        ({"Fn::Sub": ["${a}-${Stage}", {"a": {"Fn::Sub": "x${Size}"}}]}, Text(("x", UNKNOWN, "-", "dev"))),
        ({"Fn::Sub": "arn:${AWS::Region}:${Queue}"}, Text(("arn:", UNKNOWN, ":", QUEUE))),
        ({"Fn::Sub": {"Ref": "Stage"}}, UNKNOWN),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1]]}, "a-dev-1"),
        ({"Fn::Join": ["", [{"Ref": "Queue"}]]}, QUEUE),
        ({"Fn::Join": ["-", {"Ref": "Size"}]}, UNKNOWN),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Batch"]}, 10),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "Batch"]}, UNKNOWN),
        ({"Fn::FindInMap": ["Sizes", "test", "Batch"]}, UNKNOWN),
        ({"Fn::ImportValue": "queue"}, UNKNOWN),
        ({"Fn::Transform": {"Name": "Macro"}, "BatchSize": 5}, UNKNOWN),
        ("{{resolve:ssm:/orders/size}}", UNKNOWN),
    ],
)
def test_what_can_be_told(value: Any, resolved: Any) -> None:
    assert Resolver(TEMPLATE, {"Prod": True, "Dev": False}).resolve(value) == resolved


def test_something_may_stand_for_what_cannot_be_told() -> None:
    resolver = Resolver(TEMPLATE, stand_in=lambda function: f"<{function.get('Ref', '?')}>")
    value = {"Fn::Sub": "${AWS::Region}:${Size}:${Stage}"}
    assert resolver.resolve(value) == "<AWS::Region>:<Size>:dev"
    assert resolver.resolve([{"Fn::ImportValue": "name"}, {"Ref": "Queue"}]) == ["<?>", QUEUE]
