"""What is shown of fault events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.json import JSON
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from powertools_stream.cli.lake.counting import FIELDS
from powertools_stream.cli.lake.moments import shown
from powertools_stream.cli.lake.stored import StoredEvent
from powertools_stream.cli.lake.tables import add_fitted, how_many, new_table, time_in
from powertools_stream.cli.status import CannotRunError

__all__ = ["FaultRow", "fault_row", "print_fault", "print_faults", "record_of"]

_MESSAGE_LENGTH = 500
_ID_LENGTH = 8


@dataclass(frozen=True)
class FaultRow:
    """What a list has of a fault event."""

    at: Any
    function: str
    rule: str
    error: str
    message: str
    outcome: str
    attempt: str
    id: str


def fault_row(stored: StoredEvent) -> FaultRow:
    """Return what a list has of a fault event."""
    event, error = stored.event, _object(stored.event.get("err"))
    return FaultRow(
        at=event.get("timestamp"),
        function=FIELDS["function"](event) or "–",
        rule=FIELDS["rule"](event) or "–",
        error=FIELDS["error"](event) or "–",
        message=" ".join(str(error.get("message", ""))[:_MESSAGE_LENGTH].split()),
        outcome=str(event.get("disposition") or "–"),
        attempt=str(event.get("attempt") or "–"),
        id=event["id"][:_ID_LENGTH],
    )


def print_faults(console: Console, rows: Sequence[FaultRow], total: int) -> None:
    """Print a list of fault events, and how many there are."""
    table = new_table()
    table.add_column("Time (UTC)", no_wrap=True)
    add_fitted(table, "Function", (row.function for row in rows), console.width // 7)
    add_fitted(table, "Rule", (row.rule for row in rows), console.width // 7)
    table.add_column("Error", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Try", justify="right", no_wrap=True)
    table.add_column("Id", no_wrap=True)
    for row in rows:
        error = Text.assemble((row.error, "red"), f": {row.message}" if row.message else "")
        plain = (Text(text) for text in (row.function, row.rule))
        identifier = Text(row.id, "cyan")
        table.add_row(time_in(console, row.at), *plain, error, Text(row.outcome), Text(row.attempt), identifier)
    if rows:
        console.print(table)
    console.print(how_many(len(rows), total, "fault"), soft_wrap=True)


def print_fault(console: Console, stored: StoredEvent) -> None:
    """Print all of a fault event."""
    event, error, uow = stored.event, _object(stored.event.get("err")), _object(stored.event.get("uow"))
    console.print(Text(f"{error.get('name', 'fault')}: {error.get('message', '')}", "bold red"), soft_wrap=True)
    console.print(_facts(event, stored.place))
    if stack := str(error.get("stack") or ""):
        console.print(Text("\nStack", "bold"))
        console.print(Padding(Text(stack.rstrip()), (0, 0, 0, 2)), soft_wrap=True)
    for name in sorted(uow.keys() - {"pipeline"}, key=_order):
        console.print(Text(f"\n{name}", "bold"))
        console.print(Padding(JSON.from_data(uow[name], ensure_ascii=False), (0, 0, 0, 2)), soft_wrap=True)


def _facts(event: Mapping[str, Any], place: str) -> Table:
    tags = _object(event.get("tags"))
    facts: dict[str, Any] = {
        "id": event["id"],
        "time": f"{shown(event.get('timestamp'))} UTC",
        "function": FIELDS["function"](event),
        "rule": FIELDS["rule"](event),
        "where": ", ".join(str(tags[name]) for name in ("stage", "region", "account", "source") if tags.get(name)),
        "outcome": event.get("disposition"),
        "attempt": event.get("attempt"),
        "partition key": event.get("partition_key"),
        "trimmed": "too large for the bus: only some of the record is here" if event.get("trimmed") else None,
        "whole event": "s3://{bucket}/{key}".format(**event["s3"]) if isinstance(event.get("s3"), dict) else None,
        "stored in": place,
    }
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value not in (None, ""):
            table.add_row(name, Text(str(value)))
    return table


def record_of(event: Mapping[str, Any]) -> Any:
    """Return the record that failed, as it was delivered; of a compacted batch all of them, in a list.

    Raises
    ------
    CannotRunError
        The event does not have it, or not all of it.
    """
    uow = _object(event.get("uow"))
    batch = [unit["record"] for unit in _list(uow.get("batch")) if isinstance(unit, dict) and "record" in unit]
    if event.get("trimmed") is True or not ("record" in uow or batch):
        raise CannotRunError(f"Expected a fault event with its whole record, found that {event['id']} has none.")
    return batch or uow["record"]


def _order(name: str) -> tuple[int, str]:
    first = ("event", "record", "key", "batch")
    return (first.index(name) if name in first else len(first), name)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
