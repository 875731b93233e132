"""Prints the results of the demo as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from powertools_stream import StreamProcessor
from powertools_stream.local import Invocation

from .accounts import Account, count_faults
from .calls import CallCounter

__all__ = ["FunctionCount", "print_report"]

_SHOWN = 3  # examples of what went wrong
_NO_RULE = "undefined"  # in a fault of a record that could not be read
_OWN_CODE = {("call", "Call"): ("own code", "authorize")}


@dataclass
class FunctionCount:
    """Counts what one function did."""

    name: str
    processor: StreamProcessor
    calls: CallCounter
    invocations: int = 0
    records: int = 0
    reported: int = 0
    rules: int = 0
    faults: int = 0

    @property
    def done(self) -> int:
        """How many records were not reported."""
        return self.records - self.reported

    def add(self, invocation: Invocation) -> None:
        """Count one invocation, right after it: the processor only knows its latest batch."""
        records = len(invocation.event["Records"])
        self.invocations += 1
        self.records += records
        if invocation.error is not None:
            self.reported += records
        else:
            self.reported += len(invocation.response["batchItemFailures"])
        self.rules += len({(id(result.uow.record), result.rule_id) for result in self.processor.results})
        self.rules += sum(fault.rule_id != _NO_RULE for fault in self.processor.faults)
        self.faults += len(self.processor.faults)


def print_report(console: Console, account: Account, functions: Sequence[FunctionCount], seconds: float) -> None:
    """Print the tables and the sum."""
    console.print()
    for table in (_functions(functions), _calls(functions), _bus(account), _faults(account), _letters(account)):
        console.print(table)
        console.print()
    _print_sum(console, account, seconds)


def _functions(functions: Iterable[FunctionCount]) -> Table:
    table = _table("What the functions did", "Function")
    for heading in ("Invocations", "Records", "Rule runs", "Faults", "Reported"):
        table.add_column(heading, justify="right")
    for each in functions:
        table.add_row(each.name, *map(str, (each.invocations, each.records, each.rules, each.faults, each.reported)))
    return table


def _calls(functions: Iterable[FunctionCount]) -> Table:
    table = _table("What they called", "Function", "Service", "Operation")
    for heading in ("Calls", "Requests", "Per call"):
        table.add_column(heading, justify="right")
    for function in functions:
        for called, count in sorted(function.calls.counts.items()):
            numbers = (str(count.calls), str(count.requests), f"{count.requests / count.calls:.1f}")
            table.add_row(function.name, *_OWN_CODE.get(called, called), *numbers)
    return table


def _bus(account: Account) -> Table:
    table = _table("What is there now", "Where", "What")
    table.add_column("How many", justify="right")
    table.add_row("table", "orders", str(len(account.rows)))
    for event_type, number in sorted(Counter(event["type"] for event in account.events).items()):
        table.add_row("bus", event_type, str(number))
    table.add_row("bus", "fault", str(len(account.faults)))
    table.add_row("dead-letter queue", "messages", str(len(account.letters)))
    return table


def _faults(account: Account) -> Table:
    table = _table("Fault events on the bus", "Function", "Rule", "Error", "Record is")
    table.add_column("Events", justify="right")
    for kind, number in count_faults(account.faults).items():
        table.add_row(kind.function, kind.rule, kind.error, kind.disposition, str(number))
    return table


def _letters(account: Account) -> Table:
    table = _table("Dead letters, and what their fault events say")
    table.add_column("Order", overflow="ellipsis", no_wrap=True, min_width=26, max_width=26)
    table.add_column("Error", overflow="ellipsis", no_wrap=True)
    told = {str(fault["uow"]["record"].get("messageId")): fault["err"] for fault in account.faults}
    nothing: dict[str, Any] = {"name": "no fault event", "message": ""}
    rows = [(letter.order, told.get(letter.message_id, nothing)) for letter in account.letters]
    for order, error in sorted(rows, key=lambda row: (row[1]["name"], row[0])):
        table.add_row(escape(order), escape(f"{error['name']}: {error['message']}"))
    return table


def _print_sum(console: Console, account: Account, seconds: float) -> None:
    verdict = "[green]It adds up.[/]" if account.adds_up else "[bold red]It does not add up.[/]"
    console.print(
        f"{len(account.orders)} orders in = {len(account.rows)} processed + {len(account.letters)} dead-lettered, "
        f"[bold]{len(account.lost)} lost[/]. {verdict} ({seconds:.1f} s)"
    )
    for what, orders in (
        ("nowhere", account.lost),
        ("in two places", account.surplus),
        ("dead letters without a fault event", account.unexplained),
        ("in the table, unknown to the bus", account.unheard),
    ):
        if orders:
            examples = ", ".join(sorted(orders)[:_SHOWN])
            console.print(f"[red]{len(orders)} {what}:[/] {escape(examples)}")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="ellipsis", no_wrap=True)
    return table
