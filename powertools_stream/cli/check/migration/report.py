"""Shows what to change: to a person, a line each; to a machine, one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from powertools_stream.cli.check.migration.found import Change
from powertools_stream.cli.output import counted, printable

__all__ = ["as_document", "show"]

_INDENT = "    "

Changes = Mapping[Path, Sequence[Change]]
"""What to change, by the file of the module."""


def as_document(found: Changes) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "modules": list(map(str, found)),
        "changes": [_entry(path, change) for path, changes in found.items() for change in changes],
    }


def _entry(path: Path, change: Change) -> dict[str, Any]:
    return {
        "file": str(path),
        "line": change.place.line,
        "column": change.place.column,
        "subject": change.subject,
        "field": change.field,
        "advice": change.advice,
    }


def show(console: Console, found: Changes) -> None:
    """Show a line for each change, and how many there are."""
    for path, changes in found.items():
        for change in changes:
            _print(console, _line(path, change))
    count = sum(map(len, found.values()))
    where = ", ".join(map(str, found))
    said = f"{counted(count, 'thing')} to change" if count else "Nothing to change"
    console.print(Text(f"{said} in {where}.", "bold" if count else "bold green"), soft_wrap=True)


def _print(console: Console, line: Text) -> None:
    """Print a line; what does not fit into it goes on in the next one, indented."""
    for position, part in enumerate(line.wrap(console, max(console.width - len(_INDENT), 20))):
        part.rstrip()
        console.print(Text.assemble(_INDENT if position else "", part), soft_wrap=True)


def _line(path: Path, change: Change) -> Text:
    place = f"{path}:{change.place.line}:{change.place.column}"
    subject = printable(f"{change.subject}.{change.field}" if change.field else change.subject)
    return Text.assemble((place, "cyan"), " ", (subject, "bold"), " → ", *_code(printable(change.advice)))


def _code(text: str) -> list[Text]:
    """Return a text whose parts between back quotes are emphasized; they stay, as the parts are code."""
    return [Text(part, "green" if position % 2 else "") for position, part in enumerate(text.split("`"))]
