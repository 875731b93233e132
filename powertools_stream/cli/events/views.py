"""What is shown of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from powertools_stream.cli.lake.counting import FIELDS
from powertools_stream.cli.lake.moments import shown
from powertools_stream.cli.lake.stored import StoredEvent
from powertools_stream.cli.lake.tables import add_fitted, how_many, json_text, new_table, one_line, time_in
from powertools_stream.cli.output import printable

__all__ = ["EventRow", "event_row", "print_event", "print_events"]


@dataclass(frozen=True)
class EventRow:
    """What a list has of an event."""

    at: Any
    type: str
    partition_key: str
    function: str
    id: str


def event_row(stored: StoredEvent) -> EventRow:
    """Return what a list has of an event."""
    event = stored.event
    return EventRow(
        at=event.get("timestamp"),
        type=one_line(event["type"]),
        partition_key=one_line(event.get("partition_key") or event.get("partitionKey")),
        function=one_line(FIELDS["function"](event)),
        id=one_line(event["id"]),
    )


def print_events(console: Console, rows: Sequence[EventRow], total: int) -> None:
    """Print a list of events, and how many there are."""
    table = new_table()
    table.add_column("Time (UTC)", no_wrap=True)
    add_fitted(table, "Type", (row.type for row in rows), console.width // 4)
    add_fitted(table, "Partition key", (row.partition_key for row in rows), console.width // 5)
    add_fitted(table, "Function", (row.function for row in rows), console.width // 7)
    table.add_column("Id", overflow="ellipsis", no_wrap=True, ratio=1)
    for row in rows:
        plain = (Text(text) for text in (row.type, row.partition_key, row.function))
        table.add_row(time_in(console, row.at), *plain, Text(row.id, "cyan"))
    if rows:
        console.print(table)
    console.print(how_many(len(rows), total, "event"), soft_wrap=True)


def print_event(console: Console, stored: StoredEvent) -> None:
    """Print all of an event."""
    event = stored.event
    console.print(
        Text.assemble((one_line(event["type"]), "bold"), f"  {shown(event.get('timestamp'))} UTC"), soft_wrap=True
    )
    console.print(Text(printable(stored.place), "dim"), soft_wrap=True)
    console.print(json_text(event), soft_wrap=True)
