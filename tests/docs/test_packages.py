"""The tables of packages and files in *How it works* leave none out."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path("docs/how-it-works.md").read_text(encoding="utf-8")
ROOM = Path("powertools_stream")

# The interface of the package, and its entry point.
NOT_LISTED = {"__init__.py", "__main__.py"}


def test_each_package_and_module_is_in_the_table() -> None:
    table = PAGE.partition("| package |")[2].partition("\n\n")[0]
    listed = set(re.findall(r"`(\w+(?:/|\.py))`", table))
    assert listed == names_in(ROOM) - NOT_LISTED


def test_each_file_of_the_engine_is_in_the_table() -> None:
    table = PAGE.partition("The engine's files:")[2].partition("\n\n## ")[0]
    listed = set(re.findall(r"^\| `(?:dispatch/)?(\w+\.py)`", table, re.MULTILINE))
    assert listed == {path.name for path in (ROOM / "engine").rglob("*.py")} - NOT_LISTED


def names_in(folder: Path) -> set[str]:
    packages = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    return packages | {path.name for path in folder.glob("*.py")}
