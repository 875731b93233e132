"""Runs the pipeline on an AWS in this process, and checks the outcome of every sync.

Run ``python -m docs.examples.perception.demo``. With ``--twice`` every record comes
twice and out of order. The exit status is 1 if it does not add up.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from powertools_stream.local import EmbeddedAWS, drain

from .accounts import Account
from .pipeline import KEPT, MODULES, UNKNOWN, Work, request_row
from .service import TABLE, PerceptionService
from .time_to_live import remove_due_rows

__all__ = ["CAMERAS", "Demo", "main"]

SITE, DATE = "plant-a", "2025-07-15"
CAMERAS = {
    "sync001": ("cam1", "cam2", "cam3"),
    "sync002": ("cam1", "cam2"),
    "sync003": ("cam1", "cam2", "cam3"),
    "sync004": ("cam1", "cam2", "cam3", "cam4"),
}
_SEED = 20


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
        demo.run()
        account = demo.account()
    _print_report(console, account, demo, time.monotonic() - started)
    if options.log is not None:
        options.log.write_text(log.getvalue(), encoding="utf-8")
    return 1 if account.mistakes else 0


class Demo:
    """The outside world: requests each sync's first module, polls, lets time pass.

    Parameters
    ----------
    aws
        Where to deploy the pipeline.
    log
        Where the functions log to.
    seed
        Delivers each record twice, in an order derived from this; None: once, in order.
    """

    def __init__(self, aws: EmbeddedAWS, log: TextIO, seed: int | None = None) -> None:
        self.service = PerceptionService.deploy(aws, log, seed)
        self.invocations: Counter[str] = Counter()
        self._heard: list[dict[str, Any]] = []
        self._unknown: list[dict[str, Any]] = []

    def run(self) -> None:
        """Run each sync through the modules until nothing is left; then rows expire."""
        for sync, cameras in CAMERAS.items():
            self.service.put(request_row(Work(SITE, DATE, MODULES[0], sync), cameras))
        self._settle()
        remove_due_rows(
            self.service.aws.client("dynamodb"), TABLE, int(time.time()) + 2 * KEPT
        )
        self._settle()

    def account(self) -> Account:
        """Find out the outcome of each sync."""
        return Account(
            CAMERAS,
            tuple(self.service.written()),
            tuple(self._heard),
            tuple(self._unknown),
        )

    def _settle(self) -> None:
        for invocation in drain(*self.service.pollers):
            self.invocations[invocation.function_name] += 1
        self._heard += self.service.events("heard")
        self._unknown += self.service.events(UNKNOWN)


def _print_report(
    console: Console, account: Account, demo: Demo, seconds: float
) -> None:
    table = Table(
        title="How far each sync has come", title_justify="left", title_style="bold"
    )
    table.add_column("Module", no_wrap=True)
    for sync, cameras in account.cameras.items():
        table.add_column(f"{sync}\n{len(cameras)} cameras")
    states = {
        "DONE": "[green]done[/]",
        "REQUESTED": "[red]never came[/]",
        "": "[dim]-[/]",
    }
    for module in MODULES:
        found = [account.requests.get((sync, module), "") for sync in account.cameras]
        table.add_row(module, *(states[state] for state in found))
    console.print(table)
    strays = {event["id"] for event in account.unknown}
    faults = [event for event in account.heard if event["type"] == "fault"]
    console.print()
    console.print(
        f"{demo.invocations.total()} invocations of {len(demo.invocations)} functions"
    )
    console.print(
        f"Records that failed, and came again: {len(faults)} "
        f"({', '.join(map(_told, faults))})",
        soft_wrap=True,
    )
    console.print(
        f"Rows of a module that there is not, in a queue of their own: {len(strays)}"
    )
    for sync, module in sorted(account.expired):
        console.print(f"{sync}: {module} never came, and has expired")
    verdict = (
        "[bold red]It does not add up.[/]"
        if account.mistakes
        else "[green]It adds up.[/]"
    )
    console.print(
        f"{len(account.cameras)} syncs = {len(account.completed)} completed + "
        f"{len(account.expired)} expired. "
        f"{verdict} ({seconds:.1f} s)"
    )
    for mistake in account.mistakes:
        console.print(f"[red]{mistake}[/]")


def _told(fault: Mapping[str, Any]) -> str:
    return f"{fault['tags']['functionname']}: {fault['err']['message']}"


if __name__ == "__main__":
    sys.exit(main())
