"""The table of the rules of event source mappings names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path("docs/local/event-source-mappings.md").read_text(encoding="utf-8")
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in Path("tests/local/mappings").glob("test_*.py"))


def test_each_test_that_the_table_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))

    assert named
    assert named <= set(re.findall(r"^def (test_\w+)", TESTS, re.MULTILINE))


def test_each_rule_names_a_test() -> None:
    rules = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| AWS |")]

    assert len(rules) > 25
    assert [line for line in rules if not re.search(r"`test_\w+`(, `test_\w+`)* \|$", line)] == []
