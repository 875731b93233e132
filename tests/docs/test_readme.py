"""The README's Python blocks run unchanged, in the order in which a reader meets them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.local import LambdaContext
from powertools_stream.testing import to_sqs_records

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def names() -> dict[str, Any]:
    """What the README's blocks define, read one after the other."""
    names: dict[str, Any] = {"__name__": "readme"}
    for number, block in enumerate(BLOCKS, start=1):
        exec(compile(block, f"README.md, Python block {number}", "exec"), names)
    return names


def test_the_tests_that_the_readme_shows_pass(names: dict[str, Any]) -> None:
    tests = [value for name, value in names.items() if name.startswith("test_")]

    assert tests
    for test in tests:
        test()


def test_the_handler_that_the_readme_shows_answers_with_the_partial_batch_response(
    names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BUS_NAME", raising=False)
    event = to_sqs_records([{"type": "order-shipped"}])

    assert names["handler"](event, LambdaContext("orders")) == {"batchItemFailures": []}


def test_the_handler_is_as_short_as_promised() -> None:
    lines = [line for line in BLOCKS[0].splitlines() if line]

    assert len(lines) <= 15


def test_the_links_of_the_readme_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README)

    missing = [target for target in targets if not target.startswith("https://") and not (ROOT / target).exists()]
    assert missing == []


def test_the_table_of_outcomes_is_the_one_in_the_docs() -> None:
    table = re.compile(r"^\| outcome of its rules .*?\n\n", flags=re.DOTALL | re.MULTILINE)
    faults = (ROOT / "docs/faults.md").read_text(encoding="utf-8")

    assert table.findall(README) == table.findall(faults) != []
