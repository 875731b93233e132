"""Runs the fulfilment service on an AWS in this process, and checks the outcome.

Run ``python -m docs.examples.fulfilment.demo``. With ``--twice`` every record comes
twice and out of order. The exit status is 1 if it does not add up.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, TextIO

from rich.console import Console

from powertools_stream.local import EmbeddedAWS, drain

from .accounts import Account
from .counts import FunctionCount
from .report import print_report
from .service import EVENTS, STREAM, FulfilmentService
from .shop import ORDERS, Order, events_of
from .time_to_live import remove_due_rows

__all__ = ["Demo", "main"]

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
_RECORDS_PER_CALL = 500
_SEED = 20

Event = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo, and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="demo", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--twice",
        action="store_true",
        help="deliver every record twice, and out of order",
    )
    parser.add_argument(
        "--log", type=Path, help="where to write what the functions log"
    )
    options = parser.parse_args(arguments)
    # While a function runs, standard output is its log: the console keeps the real one.
    console, log = Console(file=sys.stdout, highlight=False), io.StringIO()
    started = time.monotonic()
    with EmbeddedAWS() as aws:
        demo = Demo(aws, log, seed=_SEED if options.twice else None)
        demo.publish(events_of(ORDERS, int(time.time() * 1000)))
        story = demo.service.story_of(ORDERS[0].id)
        demo.let_time_pass()
        account = demo.account(ORDERS)
    print_report(
        console,
        account,
        story,
        list(demo.functions.values()),
        time.monotonic() - started,
    )
    if options.log is not None:
        options.log.write_text(log.getvalue(), encoding="utf-8")
    return 0 if account.adds_up else 1


class Demo:
    """The outside world: publishes to the stream, polls, lets time pass, hears the bus.

    Parameters
    ----------
    aws
        Where to deploy the service.
    log
        Where the functions log to.
    seed
        Delivers each record twice, in an order derived from this; None: once, in order.
    """

    def __init__(self, aws: EmbeddedAWS, log: TextIO, seed: int | None = None) -> None:
        self.service = FulfilmentService.deploy(aws, log, seed)
        # The deployment has imported the handlers, each in its function's environment.
        from . import listener, recorder, trigger

        self.functions = {
            "listener": FunctionCount("listener", listener.processor, listener.calls),
            "trigger": FunctionCount("trigger", trigger.processor, trigger.calls),
            "recorder": FunctionCount("recorder", recorder.processor, recorder.calls),
        }
        self.heard: list[Event] = []
        self.puts: Counter[bool] = Counter()
        self._random = None if seed is None else Random(seed)

    def publish(self, events: list[dict[str, Any]]) -> None:
        """Put events on the stream, and wait until the functions are done."""
        if self._random is not None:
            self._random.shuffle(events := [*events, *events])
        kinesis = self.service.aws.client("kinesis")
        for first in range(0, len(events), _RECORDS_PER_CALL):
            records = [
                _record(event) for event in events[first : first + _RECORDS_PER_CALL]
            ]
            kinesis.put_records(StreamName=STREAM, Records=records)
        self._settle()

    def let_time_pass(self) -> None:
        """Remove the rows that are due, and wait until the functions are done."""
        remove_due_rows(self.service.aws.client("dynamodb"), EVENTS)
        self._settle()

    def account(self, orders: Sequence[Order]) -> Account:
        """Find out the outcome of each order."""
        return Account(
            tuple(orders),
            tuple(self.service.outcomes()),
            tuple(self.heard),
            Counter(self.puts),
        )

    def _settle(self) -> None:
        for invocation in drain(*self.service.pollers):
            function = self.functions[invocation.function_name]
            function.add(invocation)
            if function.name == "recorder":
                self.puts.update(
                    result.uow["result"] for result in function.processor.results
                )
        self.heard += self.service.heard()


def _record(event: Event) -> dict[str, Any]:
    return {"Data": json.dumps(event), "PartitionKey": event["partition_key"]}


if __name__ == "__main__":
    sys.exit(main())
