from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from powertools_stream.templates import Template
from powertools_stream.templates.functions import FUNCTION, SAM_FUNCTION, code_of, properties_of


def properties(common: Any, own: Any, resource_type: str = SAM_FUNCTION) -> dict[str, Any]:
    resources = {"Listener": {"Type": resource_type, "Properties": own}}
    document = {"Globals": {"Function": common}, "Resources": resources}
    return properties_of(Template(Path("template.yaml"), document), "Listener")


def test_what_globals_say_is_added_to_a_function_of_sam() -> None:
    common = {"Timeout": 3, "Layers": ["a"], "Environment": {"Variables": {"A": "1", "B": "1"}}}
    own = {"Timeout": 9, "Layers": ["b"], "Environment": {"Variables": {"B": "2"}}}
    assert properties(common, own) == {
        "Timeout": 9,
        "Layers": ["a", "b"],
        "Environment": {"Variables": {"A": "1", "B": "2"}},
    }


def test_other_resources_have_their_own_properties_only() -> None:
    assert properties({"Timeout": 3}, {"Handler": "a.b"}, FUNCTION) == {"Handler": "a.b"}


def test_globals_that_sam_refuses_add_nothing() -> None:
    assert properties({"Policies": ["none of the globals"]}, {"Handler": "a.b"}) == {"Handler": "a.b"}


def test_a_resource_without_properties_has_those_of_the_globals() -> None:
    assert properties({"Timeout": 3}, None) == {"Timeout": 3}


@pytest.mark.parametrize(
    ("resource_type", "written", "code"),
    [
        (SAM_FUNCTION, {"CodeUri": "src"}, "src"),
        (SAM_FUNCTION, {}, "."),
        (SAM_FUNCTION, {"InlineCode": "…"}, None),
        (SAM_FUNCTION, {"PackageType": "Image"}, None),
        (FUNCTION, {"Code": "src"}, "src"),
        (FUNCTION, {"Code": {"ZipFile": "…"}}, {"ZipFile": "…"}),
    ],
)
def test_where_the_code_of_a_function_is(resource_type: str, written: dict[str, Any], code: Any) -> None:
    assert code_of(resource_type, written, {}) == code


def test_an_asset_of_cdk_is_where_its_code_is() -> None:
    assert code_of(FUNCTION, {"Code": {"S3Bucket": "assets"}}, {"aws:asset:path": "asset.1a2b"}) == "asset.1a2b"
