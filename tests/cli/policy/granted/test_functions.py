from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.cli.handlers import Handlers, load_handlers
from powertools_stream.cli.policy.granted.functions import Function, find_function
from powertools_stream.cli.status import CannotRunError
from powertools_stream.templates import read_template

MODULE = """
from powertools_stream import RuleRegistry, StreamProcessor, stream_processor
from powertools_stream.flavors import task

processor = StreamProcessor(rules=[{"id": "plain", "flavor": task, "emit": "done"}], bus_name="orders")
rules = RuleRegistry([{"id": "decorated", "flavor": task, "emit": "done"}])
lone = RuleRegistry([{"id": "lone", "flavor": task, "emit": "done"}])

def outer(handler):
    import functools
    return functools.wraps(handler)(lambda event, context: handler(event, context))

@outer
@stream_processor(rules, bus_name="shop")
def handler(event, context): ...

@stream_processor(processor=processor)
def other(event, context): ...
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "src" / "shop_of_functions").mkdir(parents=True)
    (tmp_path / "src" / "shop_of_functions" / "__init__.py").touch()
    (tmp_path / "src" / "shop_of_functions" / "app.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path / "src")
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("shop_of_functions")]:
        del sys.modules[name]


def loaded(target: str = "shop_of_functions.app") -> Handlers:
    return load_handlers(target)


def rules_of(handlers: Handlers) -> list[tuple[str, str | None]]:
    return [
        (rule.id, part.options.bus_name if part.options else None) for part in handlers.parts for rule in part.registry
    ]


@pytest.mark.parametrize(
    ("attribute", "rules"),
    [
        ("", [("plain", "orders"), ("decorated", "shop"), ("lone", None)]),
        (":handler", [("decorated", "shop")]),
        (":rules", [("decorated", "shop")]),
        (":other", [("plain", "orders")]),
        (":processor", [("plain", "orders")]),
        (":lone", [("lone", None)]),
    ],
)
def test_rules_come_with_the_options_of_their_processor(attribute: str, rules: list[tuple[str, str]]) -> None:
    assert rules_of(loaded(f"shop_of_functions.app{attribute}")) == rules


def find(
    directory: Path, target: str = "shop_of_functions.app", named: str | None = None, **functions: Any
) -> Function:
    resources = {
        name: {
            "Type": properties.pop("Type", "AWS::Serverless::Function"),
            "Metadata": properties.pop("Metadata", {}),
            "Properties": properties,
        }
        for name, properties in functions.items()
    }
    globals_ = {
        "Function": {"Runtime": "python3.13", "CodeUri": "src", "Environment": {"Variables": {"BUS_NAME": "b"}}}
    }
    document = {"Transform": "AWS::Serverless-2016-10-31", "Globals": globals_, "Resources": resources}
    (directory / "template.json").write_text(json.dumps(document))
    return find_function(read_template(directory), loaded(target))


HANDLER = "shop_of_functions.app.handler"


@pytest.mark.parametrize(
    "properties",
    [
        {"Handler": HANDLER},
        {"Handler": "shop_of_functions/app.handler"},
        {"Handler": "app.handler", "CodeUri": "src/shop_of_functions"},
        {"Handler": HANDLER, "CodeUri": "elsewhere"},
        {"Type": "AWS::Lambda::Function", "PackageType": "Image", "ImageConfig": {"Command": [HANDLER]}},
    ],
)
def test_a_function_is_known_by_its_handler(shop: Path, properties: dict[str, Any]) -> None:
    other = {"Handler": "shop_of_functions.other.handler"}
    assert find(shop, Mine=dict(properties), Other=other).logical_id == "Mine"


def test_a_file_counts_more_than_a_name(shop: Path) -> None:
    elsewhere = {"Handler": HANDLER, "CodeUri": "elsewhere"}
    assert find(shop, Elsewhere=elsewhere, Mine={"Handler": HANDLER}).logical_id == "Mine"


def test_the_file_of_a_function_of_cdk_is_in_its_asset(shop: Path) -> None:
    mine: dict[str, Any] = {"Type": "AWS::Lambda::Function", "Handler": HANDLER, "Metadata": {"aws:asset:path": "src"}}
    other = {**mine, "Metadata": {"aws:asset:path": "elsewhere"}}
    assert find(shop, Elsewhere=other, Mine=mine).logical_id == "Mine"


def test_of_several_functions_of_a_module_the_handler_is_named(shop: Path) -> None:
    other = {"Handler": "shop_of_functions.app.other"}
    assert find(shop, "shop_of_functions.app:other", Mine={"Handler": HANDLER}, Other=dict(other)).logical_id == "Other"
    with pytest.raises(CannotRunError, match="found Mine, Other: name one, --function"):
        find(shop, Mine={"Handler": HANDLER}, Other=dict(other))


def test_the_variables_of_all_functions_count_too(shop: Path) -> None:
    function = find(shop, Mine={"Handler": HANDLER, "Environment": {"Variables": {"TOPIC_ARN": "t"}}})
    assert function.as_written.variables == {"BUS_NAME": "b", "TOPIC_ARN": "t"}
    assert function.as_made.variables == {"BUS_NAME": "b", "TOPIC_ARN": "t"}
