"""The command ``faults redrive``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from powertools_stream.cli.lake.options import AsJson, Profile, Region
from powertools_stream.cli.output import counted, errors, print_document, progress_bars, results
from powertools_stream.cli.sending.options import Yes
from powertools_stream.cli.sending.queues import QUEUE_HELP
from powertools_stream.cli.status import CannotRunError, Status

if TYPE_CHECKING:
    from powertools_stream.cli.redrive.moving import DeadLetters, Task

__all__ = ["redrive"]


def redrive(
    queue: Annotated[str, typer.Argument(metavar="QUEUE", help=f"The dead-letter queue. {QUEUE_HELP}")],
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="QUEUE", help="Where to. Default: each message to the queue it came from."),
    ] = None,
    yes: Yes = False,
    rate: Annotated[
        int | None, typer.Option(min=1, max=500, help="Messages in a second, at most. Default: as SQS sees fit.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end, and show how far it is.")] = True,
    as_json: AsJson = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Move the messages of a dead-letter queue back, so that their function gets them once more.

    SQS itself moves them, whether this command runs or not, for 36 hours at most; one task at a time for a queue. If
    one runs already, its progress is shown. Ctrl-C cancels the task: what was moved stays moved, the rest stays in the
    dead-letter queue.

    A message gets a new id and counts its receives anew. Mend the function before you move anything.

    **Examples**

    - How many there are, and where they would go: `powertools-stream faults redrive orders-dlq`

    - Move them, slowly: `powertools-stream faults redrive orders-dlq --rate 10 --yes`

    - To another queue: `powertools-stream faults redrive orders-dlq --to orders-again --yes`
    """
    from powertools_stream.cli.aws import Account
    from powertools_stream.cli.redrive.moving import DeadLetters
    from powertools_stream.cli.sending.queues import account_of

    dead = DeadLetters(account_of(queue, Account(profile, region)), queue)
    places = dead.sources() if to is None else [dead.arn_of(to).rpartition(":")[2]]
    if to is not None:
        dead.sources()
    task = dead.latest()
    running = task if task is not None and task.is_running else None
    if not yes or (dead.count == 0 and running is None):
        _show_plan(dead, places, running, as_json=as_json)
        return
    if running is None:
        dead.start(None if to is None else dead.arn_of(to), rate)
    else:
        _check_same(running, None if to is None else dead.arn_of(to))
        errors().print("A task moves them already; this shows how far it is.")
    if not wait:
        _show_started(dead, as_json=as_json)
        return
    _exit(dead, _followed(dead), as_json=as_json)


def _show_plan(dead: DeadLetters, places: list[str], running: Task | None, *, as_json: bool) -> None:
    if as_json:
        told = {"moved": running.moved, "total": running.total} if running is not None else None
        print_document({"dry_run": True, "queue": dead.name, "to": places, "messages": dead.count, "running": told})
        return
    console = results()
    if running is not None:
        console.print(f"A task is moving them: {running.moved} of about {running.total} are moved.", soft_wrap=True)
    elif dead.count == 0:
        console.print(f"[bold]{dead.name} is empty: there is nothing to move.[/]", soft_wrap=True)
    else:
        where = places[0] if len(places) == 1 else f"the queue that each came from ({', '.join(places)})"
        console.print(
            f"[bold]About {counted(dead.count, 'message')} of {dead.name} would go to {where}; nothing was moved.[/] "
            "--yes moves them.",
            soft_wrap=True,
        )


def _check_same(running: Task, destination: str | None) -> None:
    if destination is not None and running.destination != destination:
        raise CannotRunError(
            "Expected no other task to move messages out of this queue, found one that moves them to "
            f"{running.destination or 'the queues that they came from'}. Wait for its end, or cancel it: run the "
            "command without --to, and press Ctrl-C."
        )


def _followed(dead: DeadLetters) -> Task | None:
    """Show how far the task is, and cancel it if somebody presses Ctrl-C."""
    from dataclasses import replace

    from powertools_stream.cli.sending import Interruption

    last: Task | None = None
    with Interruption("the cancelling of the task") as interruption, progress_bars() as bars:
        bar = bars.add_task("Moving", total=dead.count or None)
        for last in dead.progress(interruption.wait, lambda: interruption.is_asked):
            bars.update(bar, completed=last.moved, total=last.total or None)
        if interruption.is_asked and last is not None and last.status == "RUNNING":
            return replace(last, status="CANCELLED", moved=dead.cancel(last))
    return last


def _show_started(dead: DeadLetters, *, as_json: bool) -> None:
    errors().print("SQS moves them. Run the command again to see how far it is.")
    if as_json:
        task = dead.latest()
        print_document(_document(dead, task) if task else {"dry_run": False, "queue": dead.name, "status": "RUNNING"})


def _document(dead: DeadLetters, task: Task) -> dict[str, Any]:
    return {
        "dry_run": False,
        "queue": dead.name,
        "status": task.status,
        "moved": task.moved,
        "total": task.total,
        "failure": task.failure,
    }


def _exit(dead: DeadLetters, task: Task | None, *, as_json: bool) -> NoReturn:
    if task is None:
        raise CannotRunError(f"Expected SQS to know the task that moves messages of {dead.name}, found none.")
    if as_json:
        print_document(_document(dead, task))
    else:
        end = {"COMPLETED": "done", "FAILED": f"then it failed: {task.trouble}"}
        told = end.get(task.status, "then it was cancelled: the others are still in the dead-letter queue")
        results().print(
            f"[bold]About {counted(task.moved, 'message')} of {dead.name} moved; {told}.[/]".replace("..", "."),
            soft_wrap=True,
        )
    if task.status == "COMPLETED":
        raise typer.Exit(Status.FINE)
    raise typer.Exit(Status.FINDINGS if task.status == "FAILED" else Status.INTERRUPTED)
