"""The reference lists exactly what is public."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

PAGE = Path("docs/reference.md").read_text()
TABLE = dict(re.findall(r"^\| `(powertools_stream[\w.]*)` \| (.+) \|$", PAGE, re.MULTILINE))
DESCRIBED = re.findall(r"^::: (powertools_stream[\w.]*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("package", TABLE)
def test_the_table_names_what_a_package_exports(package: str) -> None:
    names = re.findall(r"`(\w+)`", TABLE[package])

    assert names == sorted(names, key=str.lower)
    assert set(names) == set(import_module(package).__all__)


@pytest.mark.parametrize("name", DESCRIBED)
def test_what_is_described_is_public(name: str) -> None:
    package = max((package for package in TABLE if f"{name}.".startswith(f"{package}.")), key=len)
    parts = name.removeprefix(package).split(".")[1:]
    public = set(re.findall(r"`(\w+)`", TABLE[package]))

    if parts and public.isdisjoint(parts):
        # A module whose public members are described one after the other.
        assert public & set(import_module(name).__all__)
