"""The table of settings has every option and every variable, with its default."""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path

import pytest

import powertools_stream
from powertools_stream import ProcessorOptions, RetryPolicy

PAGE = Path("docs/operations/settings.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| option", "| **"))
]
# The first rows are those of the processor; a rule may have an option of the same name.
OPTIONS = {name: row[2] for row in reversed(ROWS) for name in re.findall(r"`(\w+)`", row[0])}
VARIABLES = {name for row in ROWS for name in re.findall(r"`([A-Z_]{2,})`", row[1])}

_NOT_READ = {
    "AWS_DEFAULT_REGION",  # boto3's own, of which the library says something
    "AWS_ENDPOINT_URL",
    "LATEST",
    "NO_PROXY",
}
"""Names that look like variables of the library, and are none."""


_READERS = {"variable", "setting", "whole_number", "number", "get", "getenv", "_ids"}
"""What reads a variable, or looks one up in ``os.environ``."""


def _name_of(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def read_variables() -> set[str]:
    """Return the environment variables that the library reads, by the functions that read them."""
    found: set[str] = set()
    for path in Path(powertools_stream.__file__).parent.rglob("*.py"):
        if {"local", "testing"} & set(path.parts):
            continue
        tree = ast.parse(path.read_text())
        constants = {
            target.id: [one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name_of(node.func) in _READERS:
                for argument in node.args:
                    values = [argument.value] if isinstance(argument, ast.Constant) else []
                    values += constants.get(getattr(argument, "id", ""), [])
                    found |= {value for value in values if isinstance(value, str) and re.fullmatch("[A-Z_]{2,}", value)}
    return found


def test_every_variable_that_is_read_is_in_the_table() -> None:
    read = read_variables() - _NOT_READ

    assert len(read) > 30
    assert read <= VARIABLES


def test_every_variable_of_the_table_stands_in_the_code() -> None:
    code = "".join(path.read_text() for path in Path(powertools_stream.__file__).parent.rglob("*.py"))

    assert {name for name in VARIABLES if f'"{name}"' not in code} == _READ_BY_POWERTOOLS


_READ_BY_POWERTOOLS = {"POWERTOOLS_PARAMETERS_MAX_AGE", "POWERTOOLS_PARAMETERS_SSM_DECRYPT"}


@pytest.mark.parametrize("field", [field for field in dataclasses.fields(ProcessorOptions) if field.init])
def test_every_option_is_in_the_table_with_its_default(field: dataclasses.Field[object]) -> None:
    told = OPTIONS[field.name]

    if field.name in _RESOLVED:
        assert told == _RESOLVED[field.name]
    else:
        assert told in (f"`{field.default!r}`", f"`{field.default}`")


_RESOLVED = {
    "bus_name": "none",
    "fault_bus_name": "that of events",
    "max_workers": "`32`",
    "retry": f"`{RetryPolicy()!r}`",
}
"""The defaults that are told when they are used."""
