"""Every Python block of the documentation is a file under docs/examples, and every such file runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import powertools_stream

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
# Those for aws-lambda-stream, which changes boto3, run in a process of their own: test_migration_pages.py.
OF_OTHERS = sorted(DOCS.glob("examples/migration/theirs_*.py"))
EXAMPLES = sorted(path for path in DOCS.rglob("*.py") if path not in OF_OTHERS)
# Their own tests run these: tests/cli/init/test_projects.py.
OF_PROJECTS = sorted((DOCS.parent / "powertools_stream" / "cli" / "init" / "projects").glob("*/src/*.py"))

BLOCK = re.compile(r"^( *)```python[^\n]*\n(.*?)^\1```$", flags=re.DOTALL | re.MULTILINE)
SNIPPET = re.compile(r'^ *--8<-- "(?P<file>[^":]+)(:(?P<section>[\w-]+))?"$')


def name_of(path: Path) -> str:
    return str(path.relative_to(DOCS))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_python_blocks_of_a_page_come_from_files_that_run(page: Path) -> None:
    lines = [
        line for _, block in BLOCK.findall(page.read_text(encoding="utf-8")) for line in block.splitlines() if line
    ]

    for line in lines:
        snippet = SNIPPET.match(line)
        assert snippet, f"Expected a snippet of a file under docs/examples, found code: {line}"
        path = DOCS.parent / snippet["file"]
        assert path in (*EXAMPLES, *OF_OTHERS, *OF_PROJECTS)
        if section := snippet["section"]:
            assert f"[start:{section}]" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_an_example_runs_and_the_tests_in_it_pass(path: Path) -> None:
    if path.stem.removeprefix("test_") == "circuit":
        pytest.importorskip("aws_lambda_powertools.utilities.circuit_breaker", reason="Powertools has it from 3.34 on")
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
