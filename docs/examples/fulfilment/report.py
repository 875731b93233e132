"""Prints the results of the demo as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from rich.console import Console
from rich.table import Table

from .accounts import Account
from .counts import FunctionCount

__all__ = ["print_report"]

_WIDTH_OF_ID = 20

Events = Sequence[Mapping[str, Any]]


def print_report(
    console: Console,
    account: Account,
    story: Events,
    functions: Sequence[FunctionCount],
    seconds: float,
) -> None:
    """Print the tables and the sum. `story`: the events of the first order."""
    for table in (
        _functions(functions),
        _calls(functions),
        _bus(account),
        _story(account, story),
    ):
        console.print(table)
        console.print()
    _print_sum(console, account, seconds)


def _functions(functions: Iterable[FunctionCount]) -> Table:
    table = _table(
        "What the functions did",
        "Function",
        "|Invocations",
        "|Records",
        "|Rule runs",
        "|Faults",
    )
    for each in functions:
        table.add_row(
            each.name,
            *map(str, (each.invocations, each.records, each.rules, each.faults)),
        )
    return table


def _calls(functions: Iterable[FunctionCount]) -> Table:
    table = _table(
        "What they called",
        "Function",
        "Service",
        "Operation",
        "|Calls",
        "|Requests",
        "|Per call",
    )
    for function in functions:
        for called, count in sorted(function.calls.counts.items()):
            numbers = (
                str(count.calls),
                str(count.requests),
                f"{count.requests / count.calls:.1f}",
            )
            table.add_row(function.name, *called, *numbers)
    return table


def _bus(account: Account) -> Table:
    table = _table("What the bus was told", "Event", "|Events", "|Different ids")
    ids = {(event["type"], event["id"]) for event in account.heard}
    different = Counter(event_type for event_type, _ in ids)
    for event_type, number in sorted(
        Counter(event["type"] for event in account.heard).items()
    ):
        table.add_row(event_type, str(number), str(different[event_type]))
    return table


def _story(account: Account, collected: Events) -> Table:
    first = account.orders[0].id
    table = _table(f"The story of order {first}", "Where", "Event", "At (UTC)", "Id")
    table.columns[-1].max_width = _WIDTH_OF_ID
    told = {
        event["id"]: event
        for event in account.heard
        if event.get("order", {}).get("id") == first
    }
    for where, events in (("event table", collected), ("bus", told.values())):
        for event in events:
            at = datetime.fromtimestamp(event["timestamp"] / 1000, timezone.utc)
            table.add_row(where, event["type"], f"{at:%m-%d %H:%M}", event["id"])
    return table


def _print_sum(console: Console, account: Account, seconds: float) -> None:
    outcomes = Counter(account.outcomes.values())
    verdict = (
        "[green]It adds up.[/]"
        if account.adds_up
        else "[bold red]It does not add up.[/]"
    )
    console.print(
        f"{account.puts.total()} outcomes told, {account.puts[True]} recorded: "
        "the others were there already."
    )
    console.print(
        f"{len(account.orders)} orders = {outcomes['ready']} ready + "
        f"{outcomes['expired']} expired + "
        f"{outcomes['open']} still open. {verdict} ({seconds:.1f} s)"
    )
    for what, found in (
        ("orders came to the wrong end", sorted(account.wrong)),
        ("customers taken for what they are not", sorted(account.wrong_regulars)),
        ("orders ready under a wrong id", sorted(account.misnamed)),
        ("rows put more than once", account.acted_twice),
        ("fault events", account.faults),
    ):
        if found:
            console.print(f"[red]{what}:[/] {found}")


def _table(title: str, *columns: str) -> Table:
    """Make a table; columns whose names begin with a bar hold numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        justify: Any = "right" if column.startswith("|") else "left"
        table.add_column(
            column.lstrip("|"), justify=justify, overflow="ellipsis", no_wrap=True
        )
    return table
