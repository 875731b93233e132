"""What a person, or a script, is told of a replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from powertools_stream.cli.output import counted, errors
from powertools_stream.cli.replay.distributed import Folder
from powertools_stream.cli.replay.running import Outcome
from powertools_stream.cli.sending.reports import plain, print_first, were_being_sent

__all__ = ["as_document", "print_outcome", "print_plan", "print_written"]


def print_plan(console: Console, outcome: Outcome, place: str) -> None:
    """Print what would be sent."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Type", overflow="fold")
    table.add_column("Events", justify="right")
    for name, count in outcome.types.most_common():
        table.add_row(Text(plain(name)), str(count))
    if outcome.types:
        console.print(table)
    _print_rest(console, outcome)
    total = outcome.types.total()
    end = f"{counted(total, 'event')} would go to {plain(place)}; nothing was sent." if total else "Nothing to send."
    console.print(Text(end, "bold"), Text("--yes sends them." if total else ""), soft_wrap=True)


def print_outcome(console: Console, outcome: Outcome, place: str, journal: Path) -> None:
    """Print what has become of the events."""
    _print_rest(console, outcome)
    for title, those in (("failed", outcome.failed), ("in doubt", outcome.in_doubt)):
        _print_those(console, title, those)
    counts = (
        (outcome.done, f"sent to {plain(place)}"),
        (len(outcome.failed), "failed"),
        (len(outcome.in_doubt), "in doubt"),
    )
    told = ", ".join(f"{count} {what}" for count, what in counts if count) or "nothing was sent"
    console.print(Text(f"{told}{'; interrupted' if outcome.is_interrupted else ''}.", "bold"), soft_wrap=True)
    errors().print(f"Journal: {journal}", soft_wrap=True, markup=False)


def print_written(console: Console, outcome: Outcome, uri: str) -> None:
    """Print what was written for Step Functions, and how it goes on."""
    folder = Folder.of(uri)
    _print_rest(console, outcome)
    _print_those(console, "left out", outcome.failed)
    console.print(Text(f"{counted(outcome.done, 'event')} written to {folder.uri('events.jsonl')}.", "bold"))
    lines = (
        "Look at state-machine.asl.json, how many batches run at a time, and what fails them. Then:",
        f"  aws s3 cp --recursive --exclude events.jsonl {folder.uri()} .",
        "  aws stepfunctions create-state-machine --name replay --definition file://state-machine.asl.json \\",
        "    --role-arn <role>",
        "  aws stepfunctions start-execution --state-machine-arn <arn> --input file://input.json",
    )
    console.print(Text("\n".join(lines)), soft_wrap=True)


def as_document(
    outcome: Outcome, place: str, journal: str, distributed: str | None, *, dry_run: bool
) -> dict[str, Any]:
    """Return all of it as JSON."""
    document: dict[str, Any] = {
        "dry_run": dry_run,
        "to": place,
        "types": dict(outcome.types.most_common()),
        "done_before": outcome.done_before,
        "in_doubt_before": outcome.in_doubt_before,
        "faults_left_out": outcome.faults,
    }
    if dry_run:
        return document
    return {
        **document,
        **({"journal": journal} if distributed is None else {"written": distributed}),
        "done": outcome.done,
        "failed": outcome.failed,
        "in_doubt": outcome.in_doubt,
        "interrupted": outcome.is_interrupted,
        "error": None if outcome.error is None else str(outcome.error),
    }


def _print_rest(console: Console, outcome: Outcome) -> None:
    if outcome.faults:
        console.print(f"{counted(outcome.faults, 'fault event')} left out: --type fault asks for them.")
    if outcome.done_before:
        console.print(f"{counted(outcome.done_before, 'event')} sent already, as the journal says.")
    if outcome.in_doubt_before:
        console.print(were_being_sent(outcome.in_doubt_before, "event", "have arrived"), soft_wrap=True)


def _print_those(console: Console, title: str, those: list[dict[str, str]]) -> None:
    print_first(console, [f"{title}: {one['id']}, {one['place']}: {one['error']}" for one in those])
