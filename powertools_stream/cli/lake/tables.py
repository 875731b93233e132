"""Tables that fit a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from powertools_stream.cli.lake.moments import shown
from powertools_stream.cli.output import counted

__all__ = ["add_fitted", "how_many", "new_table", "time_in"]

_NARROW = 100


def new_table() -> Table:
    """Return a table as wide as the terminal."""
    return Table(box=None, pad_edge=False, header_style="bold", expand=True)


def add_fitted(table: Table, heading: str, values: Iterable[str], most: int) -> None:
    """Add a column that is as wide as what is in it, up to a width."""
    longest = max(map(len, (heading, *values)))
    table.add_column(heading, overflow="ellipsis", no_wrap=True, width=min(longest, max(most, len(heading))))


def time_in(console: Console, at: object) -> str:
    """Return a time for a table; on a narrow terminal without its year and seconds."""
    time = shown(at)
    return time[5:16] if console.width < _NARROW and len(time) > 1 else time


def how_many(shown_: int, total: int, noun: str) -> str:
    """Return the sentence below a list of the newest."""
    if shown_ < total:
        return f"[bold]The newest {shown_} of {counted(total, noun)}.[/] More: --limit."
    return f"[bold]{counted(total, noun)}.[/]"
