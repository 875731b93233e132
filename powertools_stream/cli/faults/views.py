"""What is shown of fault events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from powertools_stream.cli.lake.counting import FIELDS
from powertools_stream.cli.lake.moments import shown
from powertools_stream.cli.lake.stored import StoredEvent
from powertools_stream.cli.lake.tables import add_fitted, how_many, json_text, new_table, one_line, time_in
from powertools_stream.cli.output import printable
from powertools_stream.cli.status import CannotRunError
from powertools_stream.payloads.claim_checks import is_claim_check

__all__ = ["FaultRow", "fault_row", "print_fault", "print_faults", "record_of"]

_WIDE = 120
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
        function=one_line(FIELDS["function"](event)),
        rule=one_line(FIELDS["rule"](event)),
        error=one_line(FIELDS["error"](event)),
        message=one_line(error.get("message")),
        outcome=one_line(event.get("disposition")),
        attempt=one_line(event.get("attempt")),
        id=one_line(event["id"], _ID_LENGTH),
    )


def print_faults(console: Console, rows: Sequence[FaultRow], total: int) -> None:
    """Print a list of fault events, and how many there are. On a wide terminal, each takes one line."""
    table, is_wide = new_table(), console.width >= _WIDE
    table.add_column("Time (UTC)", no_wrap=True)
    if is_wide:
        add_fitted(table, "Function", (row.function for row in rows), console.width // 6)
        add_fitted(table, "Rule", (row.rule for row in rows), console.width // 6)
    table.add_column("Error" if is_wide else "Function, rule, error", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Try", justify="right", no_wrap=True)
    table.add_column("Id", no_wrap=True)
    for row in rows:
        table.add_row(time_in(console, row.at), *_what(row, console.width), *_outcome(row))
    if rows:
        console.print(table)
    console.print(how_many(len(rows), total, "fault"), soft_wrap=True)


def _what(row: FaultRow, width: int) -> list[Text]:
    error = Text.assemble((row.error, "red"), f": {row.message}")
    if width >= _WIDE:
        return [Text(row.function), Text(row.rule), error]
    function = Text(row.function, "bold")
    # A name that CloudFormation has made up would leave no room for the rule.
    function.truncate(width // 4, overflow="ellipsis")
    return [Text.assemble(function, " ", (row.rule, "bold"), "\n", error)]


def _outcome(row: FaultRow) -> list[Text]:
    return [Text(row.outcome), Text(row.attempt), Text(row.id, "cyan")]


def print_fault(console: Console, stored: StoredEvent) -> None:
    """Print all of a fault event."""
    event, error, uow = stored.event, _object(stored.event.get("err")), _object(stored.event.get("uow"))
    console.print(
        Text(printable(f"{error.get('name', 'fault')}: {error.get('message', '')}"), "bold red"), soft_wrap=True
    )
    for name, fact in _facts(event, stored.place).items():
        if fact not in (None, ""):
            console.print(Text.assemble((f"{name:<15}", "dim"), one_line(fact)), soft_wrap=True)
    if stack := str(error.get("stack") or ""):
        _print_part(console, "stack", Text(printable(stack.rstrip())))
    for name in sorted(uow.keys() - {"pipeline"}, key=_order):
        _print_part(console, name, json_text(uow[name]))


def _print_part(console: Console, name: str, text: Text) -> None:
    """Print a part with its name above. Lines stay as they are, to be copied."""
    console.print(Text(f"\n{one_line(name)}", "bold"))
    for line in text.split("\n"):
        console.print(Text.assemble("  ", line), soft_wrap=True)


def _facts(event: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    tags = _object(event.get("tags"))
    return {
        "id": event["id"],
        "time": f"{shown(event.get('timestamp'))} UTC",
        "function": FIELDS["function"](event),
        "rule": FIELDS["rule"](event),
        "where": ", ".join(str(tags[name]) for name in ("stage", "region", "account", "source") if tags.get(name)),
        "outcome": event.get("disposition"),
        "attempt": event.get("attempt"),
        "partition key": event.get("partition_key"),
        "trimmed": "too large for the bus: only some of the record is here" if event.get("trimmed") else None,
        "whole event": "s3://{bucket}/{key}".format(**event["s3"]) if is_claim_check(event) else None,
        "stored in": place,
    }


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
