"""The pages under Migration name all that aws-lambda-stream has; their examples do what its own do."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.cli.check.migration.javascript_names import JAVASCRIPT
from powertools_stream.cli.check.migration.python_names import PACKAGE, PYTHON
from powertools_stream.cli.check.migration.successor import Names

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "migration"
KNOWN_OF_JAVASCRIPT: dict[str, Any] = json.loads(
    (Path(__file__).parent / "aws_lambda_stream_javascript.json").read_text(encoding="utf-8")
)

CODE = re.compile(r"`([^`]+)`")
BLOCK = re.compile(r"```.*?```", re.DOTALL)
VARIABLE = re.compile(r"getenv\('(\w+)'")
FIELD = re.compile(r"rule(?:\[|\.get\(\s*)'(\w+)'|'(\w+)' in\s+rule|get\(rule, '(\w+)'|'(\w+_field)'")
TAG = re.compile(r"^        '(\w+)': ", re.MULTILINE)


def names_on(page: str) -> set[str]:
    """Return the names that a page has as code in its text and tables."""
    text = BLOCK.sub("", (PAGES / page).read_text(encoding="utf-8"))
    return {name for code in CODE.findall(text) for name in re.findall(r"[\w.]+", code)}


def sources() -> dict[str, str]:
    """Return the modules of the package, without importing any: it changes boto3 for the whole process."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        pytest.skip("aws-lambda-stream is in the extra `bench`")
    folder = Path(spec.origin).parent
    return {module_of(path, folder): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))}


def module_of(path: Path, folder: Path) -> str:
    parts = (PACKAGE, *path.relative_to(folder).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def public_names(text: str) -> Iterator[str]:
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.ClassDef):
            yield node.name
            yield from (f"{node.name}.{name}" for name in public_names_of_class(node))


def public_names_of_class(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and not each.name.startswith("_"):
            yield each.name
        elif isinstance(each, ast.Assign):
            yield from (target.id for target in each.targets if isinstance(target, ast.Name))


def options(text: str) -> Iterator[str]:
    """Yield the parameters with defaults of public functions and methods."""
    body = ast.parse(text).body
    of_classes = (method for each in body if isinstance(each, ast.ClassDef) for method in each.body)
    for node in (*body, *of_classes):
        if isinstance(node, ast.FunctionDef) and (node.name == "__init__" or not node.name.startswith("_")):
            yield from (each.arg for each in node.args.args[len(node.args.args) - len(node.args.defaults) :])


def test_every_public_name_in_python_has_a_row_and_no_other_has() -> None:
    found = {module: set(public_names(text)) for module, text in sources().items()}

    assert {module: names for module, names in found.items() if names} == {
        module: set(names) for module, names in PYTHON.items()
    }


def test_every_option_field_tag_and_variable_in_python_is_on_the_page() -> None:
    texts = sources()
    wanted = {option for text in texts.values() for option in options(text)}
    wanted |= {name for text in texts.values() for groups in FIELD.findall(text) for name in groups if name}
    wanted |= {name for text in texts.values() for name in VARIABLE.findall(text)}
    wanted |= set(TAG.findall(texts[f"{PACKAGE}.utils.tags"]))
    wanted |= {"pk", "sk", "discriminator", "awsregion", "sequence_number", "expire", "suffix", "rule_id", "data"}

    assert wanted - names_on("aws-lambda-stream-python.md") == set()


def test_every_exported_name_in_javascript_has_a_row_and_no_other_has() -> None:
    exported = {folder: set(names) for folder, names in KNOWN_OF_JAVASCRIPT["exports"].items()}

    assert exported == {folder: set(names) for folder, names in JAVASCRIPT.items()}


@pytest.mark.parametrize("kind", ["options", "methods", "environment", "fields", "rows", "metrics"])
def test_all_else_in_javascript_is_on_the_page(kind: str) -> None:
    assert set(KNOWN_OF_JAVASCRIPT[kind]) - names_on("aws-lambda-stream-javascript.md") == set()


@pytest.mark.parametrize("names", [PYTHON, JAVASCRIPT], ids=["python", "javascript"])
def test_names_that_are_told_to_take_the_place_exist(names: Names) -> None:
    import powertools_stream
    from powertools_stream import connectors, flavors, requests, sources

    told = " ".join(successor.advice for module in names.values() for successor in module.values())
    for request in set(re.findall(r"yield \[?([A-Z]\w+)\(", told)):
        assert request in requests.__all__
    for flavor in set(re.findall(r"powertools_stream\.flavors import (\w+)", told)):
        assert flavor in flavors.__all__
    for name, module in set(re.findall(r"`(\w+)` of `powertools_stream\.(\w+)`", told)):
        assert hasattr(importlib.import_module(f"powertools_stream.{module}"), name)
    for name in set(re.findall(r"\b(\w+Source|\w+Connector)\(", told)) - {"Connector"}:
        assert name in (*sources.__all__, *connectors.__all__)
    for option in set(re.findall(r"`(\w+)=[^`]*`(?:, `\w+=`)* of the processor", told)):
        assert option in powertools_stream.ProcessorOptions.__dataclass_fields__


@pytest.mark.slow
def test_the_examples_make_the_same_calls_as_those_of_aws_lambda_stream() -> None:
    sources()

    done = subprocess.run(
        [sys.executable, "-m", "tests.docs.side_by_side"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert "The same in both: 4 PutItem, 1 UpdateItem, 6 events." in done.stdout
