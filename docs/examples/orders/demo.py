"""Runs the orders service against an AWS in this process, and checks the outcome of every order.

Run ``make demo``, or ``python -m docs.examples.orders.demo``. The exit status is 1 if it does not add up.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from powertools_stream.local import EmbeddedAWS, drain

from .accounts import Account, Letter, order_in
from .generate import ORDERS
from .report import FunctionCount, print_report
from .service import BUS, OrdersService

__all__ = ["main", "run"]

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
_ENTRIES_PER_CALL = 10
_PUBLISHED_AT_A_TIME = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo, and return its exit status."""
    parser = argparse.ArgumentParser(prog="demo", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--orders", type=Path, default=ORDERS, help="a file with one order per line")
    parser.add_argument("--log", type=Path, help="where to write what the functions log")
    options = parser.parse_args(arguments)
    lines = [line for line in options.orders.read_text(encoding="utf-8").splitlines() if line.strip()]
    log = io.StringIO()
    # While a function runs, standard output is its log: the console keeps the real one.
    console = Console(file=sys.stdout, highlight=False)
    try:
        adds_up = run(lines, console, log)
    except KeyboardInterrupt:
        console.print("\nStopped.")
        return 130
    finally:
        if options.log is not None:
            options.log.write_text(log.getvalue(), encoding="utf-8")
    return 0 if adds_up else 1


def run(lines: Sequence[str], console: Console, log: TextIO) -> bool:
    """Run the service on these orders, print the report, and return whether it adds up."""
    started = time.monotonic()
    with EmbeddedAWS() as aws:
        demo = _Demo(OrdersService.deploy(aws, log))
        with _progress_bars(console) as bars:
            demo.process(lines, bars)
        account = demo.account(lines)
    print_report(console, account, list(demo.functions.values()), time.monotonic() - started)
    return account.adds_up


class _Demo:
    """The outside world of the service: sends orders, polls, and listens to the bus."""

    def __init__(self, service: OrdersService) -> None:
        # The deployment has imported the handlers, each in the environment of its function.
        from . import listener, trigger

        self.service = service
        self.functions = {
            "listener": FunctionCount("listener", listener.processor, listener.calls),
            "trigger": FunctionCount("trigger", trigger.processor, trigger.calls),
        }
        self.events: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []

    def process(self, lines: Sequence[str], bars: Progress) -> None:
        """Publish the orders a few at a time while the functions process them; then wait until nothing is left."""
        published = bars.add_task("Published", total=len(lines), what="orders, and what was taken for one")
        settled = bars.add_task("Settled", total=len(lines), what="")
        announced = bars.add_task("Announced", total=None, what="")
        for few in _fews(lines):
            self._publish(few)
            bars.advance(published, len(few))
            self._poll(bars, settled, announced, rounds=1)
        self._poll(bars, settled, announced)

    def account(self, lines: Sequence[str]) -> Account:
        """Find out where every order is."""
        return Account(
            orders=tuple(map(order_in, lines)),
            rows=tuple(self.service.rows()),
            letters=tuple(map(Letter.of, self.service.messages("orders-dead-letters"))),
            events=tuple(self.events),
            faults=tuple(self.faults),
        )

    def _publish(self, lines: Sequence[str]) -> None:
        """Publish orders on the bus. Other lines go straight to the queue, as if a careless partner had sent them."""
        events, sqs = self.service.aws.client("events"), self.service.aws.client("sqs")
        orders = []
        for line in lines:
            if (order := _order_of(line)) is not None:
                orders.append(_entry(order))
            else:
                sqs.send_message(QueueUrl=self.service.queues["orders-listener"], MessageBody=line)
        for first in range(0, len(orders), _ENTRIES_PER_CALL):
            events.put_events(Entries=orders[first : first + _ENTRIES_PER_CALL])

    def _poll(self, bars: Progress, settled: TaskID, announced: TaskID, rounds: int | None = None) -> None:
        for invocation in drain(self.service.listener, self.service.trigger, rounds=rounds):
            self.functions[invocation.function_name].add(invocation)
            self._show(bars, settled, announced)
        self._show(bars, settled, announced)
        self.events += self.service.events("orders-heard")
        self.faults += self.service.events("orders-faults")

    def _show(self, bars: Progress, settled: TaskID, announced: TaskID) -> None:
        accepted, changes = self.functions["listener"].done, self.functions["trigger"].done
        letters = self.service.waiting("orders-dead-letters")
        bars.update(settled, completed=accepted + letters, what=f"{accepted} accepted, {letters} dead letters")
        # A row may exist before its order is accepted: its payment may still have to be retried.
        bars.update(announced, completed=changes, total=max(accepted, changes), what="rows of the table")


def _fews(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(lines), _PUBLISHED_AT_A_TIME):
        yield lines[first : first + _PUBLISHED_AT_A_TIME]


def _order_of(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _entry(order: dict[str, Any]) -> dict[str, Any]:
    event = {
        "id": f"{order['id']}-submitted",
        "type": "order-submitted",
        "timestamp": int(time.time() * 1000),
        "partition_key": order["id"],
        "tags": {"source": "shop"},
        "order": order,
    }
    return {"EventBusName": BUS, "Source": "shop", "DetailType": event["type"], "Detail": json.dumps(event)}


def _progress_bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<9}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("[dim]{task.fields[what]}"),
        console=console,
    )


if __name__ == "__main__":
    sys.exit(main())
