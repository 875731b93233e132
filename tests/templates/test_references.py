from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.templates.references import imports, is_imported, references, referred


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"Ref": "Role"}, "Role"),
        ({"Fn::GetAtt": ["Role", "Arn"]}, "Role"),
        ({"Fn::GetAtt": "Role.Arn"}, "Role"),
        ({"Fn::Sub": "${Role.Arn}"}, "Role"),
        ({"Fn::Sub": "${Role.Arn}/x"}, None),
        ({"Fn::Sub": ["${Role}", {"Role": "r"}]}, None),
        ({"Fn::If": ["IsTest", {"Ref": "Role"}, {"Ref": "Other"}]}, None),
        ({"Fn::Join": ["", ["x", {"Ref": "Role"}]]}, None),
        ("Role", None),
        (None, None),
    ],
)
def test_the_resource_that_a_value_stands_for(value: Any, found: str | None) -> None:
    assert referred(value) == found


def test_all_that_a_value_refers_to() -> None:
    value = {"A": [{"Ref": "One"}], "B": {"Fn::Sub": "${Two.Arn} ${Three}"}, "DependsOn": ["Four"]}
    assert [*references(value)] == ["One", "Two", "Three", "Four"]


def test_what_a_value_needs_of_other_stacks() -> None:
    value = {"A": [{"Fn::ImportValue": "hub-bus"}], "B": {"Fn::ImportValue": {"Fn::Sub": "${Hub}-stream"}}, "C": 1}
    assert list(imports(value)) == ["hub-bus", {"Fn::Sub": "${Hub}-stream"}]
    assert is_imported(value)
    assert not is_imported(value["C"])
