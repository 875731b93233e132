"""The figures of the benchmark that the home page and the README show, out of the benchmark's own page."""

from __future__ import annotations

import re
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parent.parent / "docs" / "benchmark.md"

CASES = {
    "publishes an event": "100 records emit an event each",
    "puts an item": "100 records put an item each",
    "updates a row": "100 records update a row each",
}
CONTESTANTS = {
    "`BatchProcessor`": ("BatchProcessor, a call per record", "Powertools BatchProcessor, 1 function"),
    "`AsyncBatchProcessor`": (
        "AsyncBatchProcessor, a call per record, 8 threads",
        "Powertools AsyncBatchProcessor, 1 function",
    ),
    "boto3 by hand, 8 threads": ("written by hand, 8 threads", ""),
    "**powertools-stream**": ("powertools-stream", "powertools-stream, 1 matching rule"),
}


def markdown() -> str:
    """Return a row for what each of 100 records does, with the calls and the time that it takes."""
    text = BENCHMARK.read_text(encoding="utf-8")
    rows = [
        [does, *(calls(rows_of(text, case), each) for each, _ in CONTESTANTS.values())] for does, case in CASES.items()
    ]
    computing = rows_of(text, "CPU time per record, no I/O")
    rows.append(["computes, CPU time of all", *(cpu(computing, each) for _, each in CONTESTANTS.values())])
    heads = ["each of 100 records …", *CONTESTANTS]
    return "\n".join(map(line, [heads, ["---", *["---:"] * len(CONTESTANTS)], *rows]))


def rows_of(text: str, heading: str) -> dict[str, list[str]]:
    """Return the rows of the table under a heading, by what is in their first column."""
    (table,) = re.findall(rf"^### {re.escape(heading)}\n\n(.*?)\n\n", text, re.DOTALL | re.MULTILINE)
    cells = ([cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines())
    return {first: rest for first, *rest in cells}


def calls(rows: dict[str, list[str]], contestant: str) -> str:
    number, milliseconds, *_ = rows[contestant]
    return f"{number} calls, {milliseconds} ms"


def cpu(rows: dict[str, list[str]], contestant: str) -> str:
    """Return the milliseconds for 100 records: the column of that batch has microseconds for one."""
    return f"{float(rows[contestant][1].split()[0]) / 10:.1f} ms" if contestant else "–"


def line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
