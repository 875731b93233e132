"""The command ``events replay``."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from powertools_stream.cli.lake.options import (
    AsJson,
    Function,
    Id,
    Late,
    Location,
    Profile,
    Region,
    Rule,
    Since,
    Type,
    Until,
    selected_events,
)
from powertools_stream.cli.sending.options import JournalFile, Rate, Yes
from powertools_stream.cli.status import CannotRunError, Status

if TYPE_CHECKING:
    from powertools_stream.cli.aws import Account
    from powertools_stream.cli.lake import Lake, Selection
    from powertools_stream.cli.replay.running import Outcome
    from powertools_stream.cli.sending import Journal, Pace

__all__ = ["replay"]

_WHERE = "Where to"


def replay(
    location: Location,
    bus: Annotated[str | None, typer.Option("--bus", metavar="NAME", help="To a bus.", rich_help_panel=_WHERE)] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="PLACE",
            help="To a queue, `sqs://name`, or to a function, `lambda://name`, with an alias if need be.",
            rich_help_panel=_WHERE,
        ),
    ] = None,
    distributed: Annotated[
        str | None,
        typer.Option(
            "--distributed",
            metavar="S3_URI",
            help="Send nothing, but write into `s3://bucket/folder` what Step Functions needs to do it.",
            rich_help_panel=_WHERE,
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="The `Source` that rules of the bus see. Default: `custom`.", rich_help_panel=_WHERE),
    ] = None,
    yes: Yes = False,
    batch_size: Annotated[int, typer.Option(min=1, max=10_000, help="Events at a time, at most.")] = 100,
    rate: Rate = None,
    journal: JournalFile = None,
    since: Since = None,
    until: Until = None,
    type_: Type = None,
    function: Function = None,
    rule: Rule = None,
    id_: Id = None,
    late: Late = "1d",
    as_json: AsJson = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Send stored events once more: to a bus, a queue or a function.

    Events keep their ids and their times, so that whoever has had one already knows it, and get the tag `replayed`.
    Each is sent once, and on a FIFO queue in the order in which they are stored. Fault events are left out, unless
    `--type fault` asks for them. Without `--yes` it says what it would send.

    What was sent is noted in a journal, a file in this directory. A run that was interrupted, or killed, goes on if
    you start it again.

    A bus sends an event to all that its rules match. To one consumer only, name its queue or its function.

    **Examples**

    - What would be sent: `powertools-stream events replay s3://lake/events --since 2h --bus event-hub`

    - Do it, slowly: `powertools-stream events replay s3://lake/events --since 2h --bus event-hub --rate 50/s --yes`

    - To one function: `powertools-stream events replay s3://lake/events --type 'order-*' --to lambda://views --yes`

    - Millions: `powertools-stream events replay s3://lake/events --to lambda://views --distributed s3://lake/again`
    """
    from powertools_stream.cli.aws import Account
    from powertools_stream.cli.lake import open_lake
    from powertools_stream.cli.replay.running import Outcome
    from powertools_stream.cli.sending import Journal, Pace, journal_path

    place = _checked(bus, to, distributed)
    if distributed is not None:
        _check_apart(location, distributed)
    selection = selected_events(since=since, until=until, late=late, type_=type_, function=function, rule=rule, id_=id_)
    account, pace, outcome = Account(profile, region), Pace.of(rate), Outcome()
    kept = Journal(journal or journal_path("replay", location, place), "events replay")
    lake = open_lake(location, account)
    with kept if yes and distributed is None else nullcontext(), lake.reading.bar():
        if not yes:
            _count(lake, selection, kept, outcome)
        elif distributed is not None:
            _write(lake, selection, kept, outcome, distributed, place, account, batch_size)
        else:
            _send(lake, selection, kept, outcome, place, source, account, pace, batch_size)
    _show(outcome, place, kept, distributed if yes else None, sent=yes, as_json=as_json)
    _exit(outcome, has_problems=bool(lake.reading.problems))


def _checked(bus: str | None, to: str | None, distributed: str | None) -> str:
    """Return where to, as one text."""
    if (bus is None) == (to is None):
        raise CannotRunError("Expected --bus NAME, or --to sqs://queue, or --to lambda://function, and one of them.")
    place = f"bus://{bus}" if to is None else to
    scheme, _, name = place.partition("://")
    if scheme not in ("bus", "sqs", "lambda") or not name:
        raise CannotRunError(f"Expected --to sqs://queue or lambda://function, found {place!r}.")
    if distributed is not None and scheme != "lambda":
        raise CannotRunError("Expected --to lambda://function with --distributed: a state machine invokes a function.")
    return place


def _check_apart(location: str, distributed: str) -> None:
    """Refuse a folder that is read as a part of the lake."""
    from powertools_stream.cli.replay.distributed import Folder

    written = Folder.of(distributed).uri()
    begin = location[:-1] if location.endswith("*") else f"{location.rstrip('/')}/"
    if location.startswith("s3://") and written.startswith(begin):
        raise CannotRunError(
            f"Expected --distributed outside of the lake {location}, found {distributed}: what is written there would "
            "be read as events. Name another folder."
        )


def _count(lake: Lake, selection: Selection, journal: Journal, outcome: Outcome) -> None:
    from powertools_stream.cli.replay.running import selected

    for _ in selected(lake, selection, journal, outcome):
        pass


def _send(
    lake: Lake,
    selection: Selection,
    journal: Journal,
    outcome: Outcome,
    place: str,
    source: str | None,
    account: Account,
    pace: Pace,
    batch_size: int,
) -> None:
    from powertools_stream.cli.replay.destinations import Bus, Destination, Function, Queue
    from powertools_stream.cli.replay.running import Replaying
    from powertools_stream.cli.sending import Interruption
    from powertools_stream.cli.sending.functions import Invoker

    scheme, _, name = place.partition("://")
    with Interruption("the call") as interruption:
        pace.wait = interruption.wait
        lake.reading.is_over = lambda: interruption.is_asked
        destination: Destination
        if scheme == "bus":
            destination = Bus(account, name, source)
        elif scheme == "sqs":
            destination = Queue(account, name)
        else:
            destination = Function(Invoker(account, interruption.wait, lambda: interruption.is_asked), name)
        replaying = Replaying(destination, journal, pace, lambda: interruption.is_asked, batch_size)
        replaying.run(lake, selection, outcome)


def _write(
    lake: Lake,
    selection: Selection,
    journal: Journal,
    outcome: Outcome,
    uri: str,
    place: str,
    account: Account,
    batch_size: int,
) -> None:
    from powertools_stream.cli.replay.distributed import Folder, written
    from powertools_stream.cli.replay.running import selected

    folder, function = Folder.of(uri), place.partition("://")[2]
    written(selected(lake, selection, journal, outcome), folder, function, account, outcome, batch_size)


def _show(
    outcome: Outcome, place: str, journal: Journal, distributed: str | None, *, sent: bool, as_json: bool
) -> None:
    from powertools_stream.cli.output import print_document, results
    from powertools_stream.cli.replay import report

    if as_json:
        print_document(report.as_document(outcome, place, str(journal.path), distributed, dry_run=not sent))
    elif not sent:
        report.print_plan(results(), outcome, place)
    elif distributed is not None:
        report.print_written(results(), outcome, distributed)
    else:
        report.print_outcome(results(), outcome, place, journal.path)


def _exit(outcome: Outcome, *, has_problems: bool) -> NoReturn:
    if outcome.error is not None:
        raise outcome.error
    if outcome.is_interrupted:
        raise typer.Exit(Status.INTERRUPTED)
    raise typer.Exit(Status.FINDINGS if has_problems or outcome.failed or outcome.in_doubt else Status.FINE)
