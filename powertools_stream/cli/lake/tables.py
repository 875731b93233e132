"""Tables that fit a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.table import Table
from rich.text import Text

from powertools_stream.cli.lake.moments import shown
from powertools_stream.cli.output import counted, printable

__all__ = ["add_fitted", "how_many", "json_text", "new_table", "one_line", "time_in"]

_NARROW = 100


def new_table() -> Table:
    """Return a table as wide as the terminal."""
    return Table(box=None, pad_edge=False, header_style="bold", expand=True)


def add_fitted(table: Table, heading: str, values: Iterable[str], most: int) -> None:
    """Add a column that is as wide as what is in it, up to a width."""
    longest = max(map(len, (heading, *values)))
    table.add_column(heading, overflow="ellipsis", no_wrap=True, width=min(longest, max(most, len(heading))))


def one_line(value: object, most: int = 500) -> str:
    """Return a value of an event for a cell; a dash if there is none."""
    return " ".join(printable(value)[:most].split()) if value not in (None, "") else "–"


def json_text(value: Any) -> Text:
    """Return JSON over several lines, in colours."""
    return JSONHighlighter()(Text(printable(json.dumps(value, indent=2, ensure_ascii=False))))


def time_in(console: Console, at: object) -> str:
    """Return a time for a table; on a narrow terminal without its year and seconds."""
    time = shown(at)
    return time[5:16] if console.width < _NARROW and len(time) > 1 else time


def how_many(shown_: int, total: int, noun: str) -> str:
    """Return the sentence below a list of the newest."""
    if shown_ < total:
        return f"[bold]The newest {shown_} of {counted(total, noun)}.[/] More: --limit."
    return f"[bold]{counted(total, noun)}.[/]"
