"""What the page on cold starts says of imports and templates is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from powertools_stream.cli.check.linting import Linting

PAGE = Path("docs/cold-starts.md").read_text(encoding="utf-8")
FIGURES = Path("docs/benchmark.md").read_text(encoding="utf-8")

HANDLER = """
import sys
from powertools_stream import RuleRegistry, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()
rules.add(id="accept", flavor=task, event_type="order-created", execute=lambda uow: None)

@stream_processor(rules)
def handler(event, context): ...

late = ("boto3", "aws_xray_sdk", "cryptography", "opensearchpy", "opentelemetry", "powertools_stream.cli",
        "powertools_stream.testing", "powertools_stream.local", "powertools_stream.sources.sqs",
        "powertools_stream.connectors.eventbridge", "powertools_stream.flavors.materialize")
print([name for name in late if name in sys.modules])
"""


def test_a_handler_imports_nothing_before_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", HANDLER], check=True, capture_output=True, text=True, timeout=60)

    assert done.stdout == "[]\n"


def test_the_figures_are_those_of_the_benchmark() -> None:
    cold = figures_of("A whole cold start over TLS, to the end of the first batch")
    imports = figures_of("Import in a fresh interpreter")

    by_hand, ours = cold["written by hand, 8 threads"], cold["powertools-stream"]
    of_powertools = imports["Powertools batch, Logger, pydantic with one model"][2]
    assert f"| {of_powertools} | what a handler" in PAGE
    assert f"| {imports['powertools_stream, one flavor, a rule, a handler'][2]} | of this, {of_powertools} are" in PAGE
    assert f"100 records, an event each | {ours[1]} | by hand with boto3 on 8 threads: {by_hand[1]} |" in PAGE
    assert f"10 records | {ours[0]} | by hand: {by_hand[0]} |" in PAGE


def figures_of(title: str) -> dict[str, list[str]]:
    """Return the first figure of each cell of a table of the benchmark, by the name of the row."""
    table = FIGURES.split(f"### {title}\n")[1].split("\n#")[0]
    rows = (line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| "))
    return {row[0].strip(): [re.match(r"[×\d.,]*", cell.strip())[0] for cell in row[1:]] for row in rows}  # type: ignore[index]


@pytest.mark.slow
def test_the_template_is_valid_and_loses_no_events() -> None:
    matches = Linting((), with_own=True).matches_in(Path("docs/examples/cold_starts/template.yaml"))

    assert [f"{match.rule.id} {match.message}" for match in matches] == []
