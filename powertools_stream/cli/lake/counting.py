"""How many events there are of what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from powertools_stream.cli.lake.moments import shown
from powertools_stream.cli.lake.once import unique
from powertools_stream.cli.lake.selection import failed_types
from powertools_stream.cli.lake.stored import StoredEvent
from powertools_stream.cli.lake.tables import one_line
from powertools_stream.cli.output import counted

__all__ = ["FIELDS", "Counts", "Field", "counts_of"]

Field = Callable[[Mapping[str, Any]], "str | None"]


Key = tuple["str | None", ...]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _inner(name: str, field: str) -> Field:
    def of(event: Mapping[str, Any]) -> str | None:
        inner = event.get(name)
        return _text(inner.get(field)) if isinstance(inner, dict) else None

    return of


def _failed_type(event: Mapping[str, Any]) -> str | None:
    return next(map(_text, failed_types(event)), None)


def _shown(event: Mapping[str, Any], layout: str) -> str | None:
    time = shown(event.get("timestamp"))
    return layout.format(time) if len(time) > 1 else None


FIELDS: Mapping[str, Field] = {
    "function": _inner("tags", "functionname"),
    "rule": _inner("tags", "pipeline"),
    "error": _inner("err", "name"),
    "type": lambda event: _text(event.get("type")),
    "failed-type": _failed_type,
    "source": _inner("tags", "source"),
    "hour": lambda event: _shown(event, "{:.13}:00"),
    "day": lambda event: _shown(event, "{:.10}"),
}
"""What events can be counted by. None: an event does not tell."""


class Counts:
    """How many events there are, by some of their fields.

    Parameters
    ----------
    by
        The fields, by their names.
    """

    def __init__(self, by: Mapping[str, Field]) -> None:
        self.by = tuple(by)
        self._counts: Counter[Key] = Counter()
        self._fields = list(by.values())

    def add(self, event: Mapping[str, Any]) -> None:
        """Count an event."""
        self._counts[tuple(field(event) for field in self._fields)] += 1

    @property
    def total(self) -> int:
        """How many there are in all."""
        return self._counts.total()

    def rows(self) -> list[tuple[Key, int]]:
        """Return the counts: by time in its order, else the most frequent first."""
        if any(name in ("hour", "day") for name in self.by):
            return sorted(self._counts.items(), key=lambda counted: _order(counted[0]))
        return sorted(self._counts.items(), key=lambda counted: (-counted[1], _order(counted[0])))

    def document(self) -> list[dict[str, Any]]:
        """Return what ``--json`` prints."""
        return [{**dict(zip(self.by, key, strict=True)), "count": count} for key, count in self.rows()]

    def show(self, console: Console, noun: str) -> None:
        """Print a table, and how many there are in all."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in self.by:
            table.add_column(name.capitalize(), overflow="fold")
        table.add_column(f"{noun.capitalize()}s", justify="right", no_wrap=True)
        for key, count in self.rows():
            table.add_row(*(Text(one_line(part)) for part in key), str(count))
        if table.row_count:
            console.print(table)
        console.print(f"[bold]{counted(self.total, noun)}.[/]", soft_wrap=True)


def _order(key: Key) -> list[str]:
    return [part or "" for part in key]


def counts_of(events: Iterable[StoredEvent], by: Mapping[str, Field]) -> Counts:
    """Count events, each id once."""
    counts = Counts(by)
    for stored in unique(events):
        counts.add(stored.event)
    return counts
