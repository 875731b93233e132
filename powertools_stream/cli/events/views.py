"""What is shown of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.json import JSON
from rich.table import Table
from rich.text import Text

from powertools_stream.cli.lake.counting import FIELDS
from powertools_stream.cli.lake.moments import shown
from powertools_stream.cli.lake.stored import StoredEvent
from powertools_stream.cli.output import counted

__all__ = ["event_row", "print_event", "print_events"]

_NARROW = 100

Row = dict[str, Any]


def event_row(stored: StoredEvent) -> Row:
    """Return what a list has of an event."""
    event = stored.event
    return {
        "id": event["id"],
        "timestamp": event.get("timestamp"),
        "type": event["type"],
        "partition_key": event.get("partition_key") or event.get("partitionKey"),
        "function": FIELDS["function"](event),
        "rule": FIELDS["rule"](event),
        "place": stored.place,
    }


def print_events(console: Console, rows: Sequence[Row], total: int) -> None:
    """Print a list of events, and how many there are."""
    narrow = console.width < _NARROW
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Time (UTC)", no_wrap=True)
    for heading in ("Type", "Partition key", "Function", "Id"):
        table.add_column(heading, overflow="ellipsis", no_wrap=True, ratio=1)
    for row in rows:
        time = shown(row["timestamp"])
        table.add_row(
            time[5:] if narrow else time,
            Text(row["type"]),
            Text(str(row["partition_key"] or "–")),
            Text(row["function"]),
            Text(row["id"], "cyan"),
        )
    if rows:
        console.print(table)
    console.print(_end(len(rows), total), soft_wrap=True)


def _end(count: int, total: int) -> str:
    if count < total:
        return f"[bold]The newest {count} of {counted(total, 'event')}.[/] More: --limit."
    return f"[bold]{counted(total, 'event')}.[/]"


def print_event(console: Console, stored: StoredEvent) -> None:
    """Print all of an event."""
    event = stored.event
    console.print(Text.assemble((event["type"], "bold"), f"  {shown(event.get('timestamp'))} UTC"), soft_wrap=True)
    console.print(Text(stored.place, "dim"), soft_wrap=True)
    console.print(JSON.from_data(event, ensure_ascii=False), soft_wrap=True)
