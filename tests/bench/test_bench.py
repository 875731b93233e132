from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from tests.bench.__main__ import QUICK, run
from tests.bench.report import BEGIN, END, Report, Section, Table, Target, write


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def report(told: list[str]) -> Report:
    return run(QUICK, told.append)


@pytest.mark.slow
def test_the_bench_runs_with_tiny_sizes_and_reports_every_part(report: Report, told: list[str]) -> None:
    titles = [table.title for table in report.tables()]

    assert titles[0] == "CPU time per record, no I/O"
    assert "12 records emit an event each" in titles
    assert "5 records put an object each" in titles
    assert "CPU time per call, over TLS" in titles
    assert "Import in a fresh interpreter" in titles
    assert titles[-1] == "Targets"
    assert told[-1] == "imports"


@pytest.mark.slow
def test_as_few_calls_are_made_as_the_api_allows(report: Report) -> None:
    calls = [target for section in report.sections for target in section.targets if target.what.endswith(": calls")]

    assert [target.measured for target in calls] == [2, 1, 5, 5, 1]
    assert all(target.is_met for target in calls)


@pytest.mark.slow
def test_each_flavor_makes_as_few_calls_as_its_records_allow(report: Report) -> None:
    (table,) = (table for table in report.tables() if table.title == "20 records of each flavor")

    assert {row[0]: row[1] for row in table.rows} == {
        "task": "2 PutEvents",
        "collect": "1 BatchWriteItem",
        "correlate": "1 BatchWriteItem",
        "evaluate": "2 PutEvents, 10 Query",
        "expired": "2 PutEvents",
        "materialize": "20 UpdateItem",
        "materialize, compact": "10 UpdateItem",
        "update": "1 BatchGetItem, 20 Query, 40 UpdateItem",
        "cdc, with a get": "1 BatchGetItem, 2 PutEvents",
        "job": "12 PutEvents, 4 Scan",
    }


@pytest.mark.slow
def test_nothing_is_imported_before_it_is_used(report: Report) -> None:
    (imported,) = (target for target in report.sections[-1].targets if target.what.startswith("modules imported"))

    assert imported.measured == 0, imported.what


def test_figures_are_written_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    table = Table("A table", ("", "ms"), [("row", "1")])

    write(Report([Section([table], [Target("a figure", 1.5, 2.0)])], 1.0), page)

    text = page.read_text()
    assert text.startswith("before")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| row | 1 |" in text
    assert "| a figure | 1.50× | ≤ 2× | ✓ |" in text


def test_a_page_without_marks_is_left_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing to replace")

    with pytest.raises(SystemExit, match="figures go between"):
        write(Report([], 1.0), page)

    assert page.read_text() == "nothing to replace"


def test_a_missed_target_is_told_by_a_cross() -> None:
    console = Console(width=120)
    with console.capture() as captured:
        Report([Section([], [Target("a figure", 2.5, 2.0), Target("another", 1.0, 1.0)])], 1.0).show(console)

    assert "✗" in captured.get()
    assert "1 of 2 targets met" in captured.get()
