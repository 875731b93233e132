"""Runs the orders service on this machine, and checks the outcome of every order.

Run ``python -m docs.examples.orders.demo``. The exit status is 1 if it does not add up.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from powertools_stream.local.activity import Activity, LogLine, MappingBatch
from powertools_stream.local.application import Application
from powertools_stream.templates import read_template

from .accounts import Account, Letter, order_in
from .generate import ORDERS
from .report import print_report
from .service import TEMPLATE, OrdersService

__all__ = ["main", "run"]

_SECONDS = 120


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo, and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="demo", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--orders",
        type=Path,
        default=ORDERS,
        help="a file with the event of one order per line",
    )
    parser.add_argument(
        "--log", type=Path, help="where to write what the functions log"
    )
    options = parser.parse_args(arguments)
    lines = [
        line
        for line in options.orders.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    console = Console(highlight=False)
    with ExitStack() as stack:
        log = (
            stack.enter_context(options.log.open("w", encoding="utf-8"))
            if options.log is not None
            else None
        )
        try:
            return 0 if run(lines, console, log) else 1
        except KeyboardInterrupt:
            console.print("\nStopped.")
            return 130


def run(lines: Sequence[str], console: Console, log: TextIO | None = None) -> bool:
    """Run the service on these orders, print the report, and return if it adds up."""
    started = time.monotonic()
    bars = _Bars(console, len(lines), log)
    template = read_template(TEMPLATE)
    with Application(
        template, retry_delay=0, observer=bars.observe, on_progress=bars.tell
    ) as application:
        service = OrdersService(application.stack, application.emulator)
        with bars.progress:
            _publish(application, lines)
            is_quiet = application.wait_until_quiet(_SECONDS)
        account = _account(service, lines)
        print_report(
            console,
            account,
            application.stack,
            application.tally,
            time.monotonic() - started,
        )
    return is_quiet and account.adds_up


def _publish(application: Application, lines: Sequence[str]) -> None:
    """Publish events on the bus. Other lines go straight to the queue."""
    application.send([line for line in lines if _is_event(line)], to="Bus")
    application.send([line for line in lines if not _is_event(line)], to="Orders")


def _account(service: OrdersService, lines: Sequence[str]) -> Account:
    """Find out where every order is."""
    return Account(
        orders=tuple(map(order_in, lines)),
        rows=tuple(service.rows()),
        letters=tuple(map(Letter.of, service.messages("DeadLetters"))),
        events=tuple(service.events("Heard")),
        # Two processes of a function may each publish the same fault event.
        faults=tuple(
            {fault["id"]: fault for fault in service.events("Faults")}.values()
        ),
    )


def _is_event(line: str) -> bool:
    try:
        value = json.loads(line)
    except ValueError:
        return False
    return isinstance(value, dict)


class _Bars:
    """Shows how far it is, and writes the log."""

    def __init__(self, console: Console, orders: int, log: TextIO | None) -> None:
        self.progress = Progress(
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            console=console,
        )
        self._console = console
        self._log = log
        self._tasks = {
            "ListenerOrders": self.progress.add_task("Accepted", total=orders),
            "TriggerTable": self.progress.add_task("Announced", total=orders),
        }

    def tell(self, text: str) -> None:
        """Say what takes some time."""
        self._console.print(text)

    def observe(self, activity: Activity) -> None:
        """Take notice of what happened."""
        if isinstance(activity, MappingBatch):
            self.progress.advance(self._tasks[activity.mapping], activity.outcome.done)
        elif (
            isinstance(activity, LogLine)
            and self._log is not None
            and not self._log.closed
        ):
            self._log.write(activity.text + "\n")


if __name__ == "__main__":
    sys.exit(main())
