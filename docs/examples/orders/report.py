"""Prints the results of the demo as tables."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from powertools_stream.local.activity import Tally
from powertools_stream.local.stack import Stack

from .accounts import Account, count_faults

__all__ = ["print_report"]

_SHOWN = 3  # examples of what went wrong


def print_report(
    console: Console, account: Account, stack: Stack, tally: Tally, seconds: float
) -> None:
    """Print the tables and the sum."""
    console.print()
    for table in (
        _functions(stack, tally),
        _bus(account),
        _faults(account),
        _letters(account),
    ):
        console.print(table)
        console.print()
    _print_sum(console, account, seconds)


def _functions(stack: Stack, tally: Tally) -> Table:
    table = _table("What the functions did", "Function")
    for heading in ("Invocations", "Records", "Rule runs", "Faults", "Reported"):
        table.add_column(heading, justify="right")
    for name, mapping in sorted(tally.mappings.items()):
        function = tally.functions[stack.mappings[name].function]
        numbers = (
            function.invocations,
            mapping.deliveries,
            function.rule_runs,
            function.faults,
            mapping.retried,
        )
        table.add_row(stack.mappings[name].function, *map(str, numbers))
    return table


def _bus(account: Account) -> Table:
    table = _table("What is there now", "Where", "What")
    table.add_column("How many", justify="right")
    table.add_row("table", "orders", str(len(account.rows)))
    for event_type, number in sorted(
        Counter(event["type"] for event in account.events).items()
    ):
        table.add_row("bus", event_type, str(number))
    table.add_row("bus", "fault", str(len(account.faults)))
    table.add_row("dead-letter queue", "messages", str(len(account.letters)))
    return table


def _faults(account: Account) -> Table:
    table = _table("Fault events on the bus", "Function", "Rule", "Error", "Record is")
    table.add_column("Events", justify="right")
    for kind, number in count_faults(account.faults).items():
        table.add_row(
            kind.function, kind.rule, kind.error, kind.disposition, str(number)
        )
    return table


def _letters(account: Account) -> Table:
    table = _table("Dead letters, and what their fault events say")
    table.add_column(
        "Order", overflow="ellipsis", no_wrap=True, min_width=26, max_width=26
    )
    table.add_column("Error", overflow="ellipsis", no_wrap=True)
    told = {
        str(fault["uow"]["record"].get("messageId")): fault["err"]
        for fault in account.faults
    }
    nothing: dict[str, Any] = {"name": "no fault event", "message": ""}
    rows = [
        (letter.order, told.get(letter.message_id, nothing))
        for letter in account.letters
    ]
    for order, error in sorted(rows, key=lambda row: (row[1]["name"], row[0])):
        table.add_row(escape(order), escape(f"{error['name']}: {error['message']}"))
    return table


def _print_sum(console: Console, account: Account, seconds: float) -> None:
    verdict = (
        "[green]It adds up.[/]"
        if account.adds_up
        else "[bold red]It does not add up.[/]"
    )
    console.print(
        f"{len(account.orders)} orders in = {len(account.rows)} processed + "
        f"{len(account.letters)} dead-lettered, "
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
