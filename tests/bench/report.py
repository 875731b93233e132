"""The report of the bench, printed and written into the documentation: tables, and which targets are met."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import rich.box
from rich.console import Console
from rich.table import Table as RichTable

__all__ = ["BEGIN", "END", "Report", "Section", "Table", "Target", "machine", "write"]

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


@dataclass(frozen=True)
class Target:
    """A limit that a figure has to keep."""

    what: str
    measured: float
    limit: float
    unit: str = "×"

    @property
    def is_met(self) -> bool:
        return self.measured <= self.limit

    def cells(self) -> tuple[str, ...]:
        limit = f"≤ {self.limit:g}" if self.limit else "0"
        measured = f"{self.measured:g}" if self.measured == int(self.measured) else f"{self.measured:.2f}"
        return self.what, f"{measured}{self.unit}", f"{limit}{self.unit}", "✓" if self.is_met else "✗"


@dataclass(frozen=True)
class Table:
    """Cells by rows; the first column is text, the others are figures."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Section:
    """The results of one part of the bench."""

    tables: Sequence[Table]
    targets: Sequence[Target]


@dataclass(frozen=True)
class Report:
    """The results of all parts."""

    sections: Sequence[Section]
    seconds: float

    def tables(self) -> list[Table]:
        targets = [target.cells() for section in self.sections for target in section.targets]
        return [
            *(table for section in self.sections for table in section.tables),
            Table("Targets", ("figure", "measured", "target", "met"), targets),
        ]

    def show(self, console: Console) -> None:
        for table in self.tables():
            console.print(_rich(table))
            if table.note:
                console.print(f"  [dim]{table.note}[/dim]", highlight=False)
        met = [target.is_met for section in self.sections for target in section.targets]
        console.print(f"\n{sum(met)} of {len(met)} targets met, in {self.seconds:.0f} s. {machine()}", highlight=False)

    def markdown(self) -> str:
        today = datetime.datetime.now(datetime.timezone.utc).date()
        parts = [f"Measured on {today.isoformat()}: {machine()}"]
        for table in self.tables():
            parts.append(f"### {table.title}")
            parts.append(_markdown(table))
            if table.note:
                parts.append(table.note)
        return "\n\n".join(parts)


def machine() -> str:
    """Describe the machine and the versions."""
    versions = ", ".join(
        f"{name} {version}"
        for name in ("aws-lambda-powertools", "aws-lambda-stream", "boto3", "pydantic")
        if (version := _version(name))
    )
    return (
        f"{os.cpu_count()} cores ({_processor()}), {platform.system()}, Python {platform.python_version()}, {versions}."
    )


def write(report: Report, page: Path) -> None:
    """Put the report between the markers in a page."""
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise SystemExit(f"Expected {page} to have the lines {BEGIN!r} and {END!r}: the figures go between them.")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    page.write_text(f"{before}{BEGIN}\n\n{report.markdown()}\n\n{after}", encoding="utf-8")


def _rich(table: Table) -> RichTable:
    rendered = RichTable(title=f"\n{table.title}", title_justify="left", title_style="bold", box=rich.box.SIMPLE_HEAD)
    for number, column in enumerate(table.columns):
        rendered.add_column(column, justify="right" if number else "left", no_wrap=number > 0)
    for row in table.rows:
        rendered.add_row(*row, style="red" if row[-1] == "✗" else None)
    return rendered


def _markdown(table: Table) -> str:
    lines = [table.columns, ("---", *("---:" for _ in table.columns[1:])), *table.rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
