"""Every Python block of the documentation is a file under docs/examples, and every such file runs."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import pkgutil
import re
import textwrap
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import powertools_stream

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), DOCS.parent / "README.md"])
# Those for aws-lambda-stream, which changes boto3, run in a process of their own: test_migration_pages.py.
OF_OTHERS = sorted(DOCS.glob("examples/migration/theirs_*.py"))
EXAMPLES = sorted(path for path in DOCS.rglob("*.py") if path not in OF_OTHERS)
# Their own tests run these: tests/cli/init/test_projects.py.
OF_PROJECTS = sorted((DOCS.parent / "powertools_stream" / "cli" / "init" / "projects").glob("*/src/*.py"))

TOOLS = DOCS.parent / ".ci"
COLUMNS = 88
"""What a page shows without scrolling. Lines of what commands print, of Mermaid and of YAML are wrapped instead."""
WRAPPED = {"console", "mermaid", "text", "yaml"}

BLOCK = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", flags=re.DOTALL | re.MULTILINE)


def name_of(path: Path) -> str:
    return str(path.relative_to(DOCS.parent))


def tool(name: str) -> ModuleType:
    """Import one of the scripts that write the pages."""
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


snippets, diagrams = tool("snippets"), tool("diagrams")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_code_of_a_page_is_that_of_files_that_run(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = list(snippets.PART.finditer(text))

    assert snippets.made_page(text) == text, "The code has changed since. Run `make snippets`."
    assert "--8<--" not in text
    assert [block for block in BLOCK.findall(snippets.PART.sub("", text)) if block[1] == "python"] == []
    assert [part["file"] for part in shown if part["file"].endswith(".py") and not runs(part["file"])] == []


def runs(file: str) -> bool:
    return DOCS.parent / file in (*EXAMPLES, *OF_OTHERS, *OF_PROJECTS)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_code_of_a_page_is_cut_off(page: Path) -> None:
    code = [block for _, language, block in BLOCK.findall(page.read_text(encoding="utf-8")) if language not in WRAPPED]
    lines = [line for block in code for line in textwrap.dedent(block).splitlines()]

    assert [line for line in lines if len(line) > COLUMNS and not re.fullmatch(r"# https://\S+", line)] == []


def test_each_diagram_of_the_pages_is_drawn() -> None:
    diagrams.check()


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_an_example_runs_and_the_tests_in_it_pass(path: Path) -> None:
    if path.stem.removeprefix("test_") == "circuit":
        pytest.importorskip("aws_lambda_powertools.utilities.circuit_breaker", reason="Powertools has it from 3.34 on")
    if path.stem.startswith("cdk_"):
        pytest.importorskip("aws_cdk", reason="It takes 430 MB.")
    module = importlib.import_module(".".join(("docs", *path.relative_to(DOCS).with_suffix("").parts)))

    for test in own_functions(module):
        test()


def own_functions(module: ModuleType) -> list[FunctionType]:
    own = (value for value in vars(module).values() if isinstance(value, FunctionType))
    return [function for function in own if function.__name__.startswith("test_")]


@pytest.mark.parametrize(
    "name", [module.name for module in pkgutil.walk_packages(powertools_stream.__path__, "powertools_stream.")]
)
def test_the_examples_in_docstrings_run(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name), raise_on_error=False)

    assert outcome.failed == 0
