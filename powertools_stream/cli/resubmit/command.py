"""The command ``faults resubmit``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from powertools_stream.cli.lake.options import (
    AsJson,
    Error,
    FailedType,
    Id,
    Late,
    Location,
    Profile,
    Region,
    Rule,
    Since,
    Until,
    selected_faults,
)
from powertools_stream.cli.output import errors, print_document, progress_bars, results
from powertools_stream.cli.sending.options import JournalFile, Rate, Yes
from powertools_stream.cli.status import CannotRunError, Status

if TYPE_CHECKING:
    from powertools_stream.cli.aws import Account
    from powertools_stream.cli.resubmit.plan import Invocation, Plan
    from powertools_stream.cli.resubmit.running import Outcome
    from powertools_stream.cli.sending import Journal, Pace

__all__ = ["resubmit"]


def resubmit(
    location: Location,
    function: Annotated[
        list[str] | None,
        typer.Option(
            "--function",
            help="The function whose faults are sent, and to which: `NAME`, or `NAME=TARGET`, a name with an alias or "
            "an ARN. May be repeated. No other is invoked, whatever an event says.",
            metavar="NAME[=TARGET]",
        ),
    ] = None,
    yes: Yes = False,
    include_reported: Annotated[
        bool, typer.Option("--include-reported", help="Also what its source sends again by itself.")
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, max=10_000, help="Records in an invocation, at most.")] = 10,
    rate: Rate = None,
    journal: JournalFile = None,
    since: Since = None,
    until: Until = None,
    rule: Rule = None,
    error: Error = None,
    failed_type: FailedType = None,
    id_: Id = None,
    late: Late = "1d",
    as_json: AsJson = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Run the rules that failed once more, on the records that were set aside.

    Invokes the function with the original records, as its source did, and with nothing but the rules that failed. A
    record is done if the response says so. Without `--yes` it says what it would do; `--json` then shows the records.

    What was sent is noted in a journal, a file in this directory. A run that was interrupted, or killed, goes on if
    you start it again: what is done is not sent again. The faults stay where they are.

    Anybody who can write into the lake, or onto the bus, can make up a fault. It is sent to no function but those that
    you name, but it looks like any other: look at what is to be sent.

    **Examples**

    - What would be sent: `powertools-stream faults resubmit s3://lake/faults --function orders-listener --since 1d`

    - Do it: `powertools-stream faults resubmit s3://lake/faults --function orders-listener --since 1d --yes`

    - One rule, slowly: `powertools-stream faults resubmit faults.jsonl --function orders --rule mail --rate 5/s --yes`

    - To an alias: `powertools-stream faults resubmit s3://lake/faults --function orders=orders:live --yes`
    """
    from powertools_stream.cli.aws import Account
    from powertools_stream.cli.lake import open_lake
    from powertools_stream.cli.resubmit.plan import invocations, planned
    from powertools_stream.cli.resubmit.targets import targets_of
    from powertools_stream.cli.sending import Journal, Pace, journal_path

    targets = targets_of(function or ())
    if yes and not targets:
        raise CannotRunError("Expected --function NAME for each function that may be invoked, found none.")
    selection = selected_faults(
        since=since, until=until, late=late, rule=rule, error=error, failed_type=failed_type, id_=id_
    )
    account = Account(profile, region)
    kept = Journal(journal or journal_path("resubmit", location), "faults resubmit")
    pace, lake = Pace.of(rate), open_lake(location, account)
    with kept if yes else nullcontext():
        with lake.reading.bar():
            plan = planned(lake, selection, targets, kept, lake.claims.record, include_reported=include_reported)
        sent = invocations(plan.units, batch_size)
        outcome = _send(sent, account, kept, targets, pace) if yes else None
    _show(plan, sent, targets, outcome, kept, as_json=as_json)
    _exit(outcome, has_problems=bool(plan.refused or lake.reading.problems))


def _send(
    invocations: Sequence[Invocation], account: Account, journal: Journal, targets: Mapping[str, str], pace: Pace
) -> Outcome:
    from powertools_stream.cli.resubmit.running import Outcome, Resubmitting
    from powertools_stream.cli.sending import Interruption
    from powertools_stream.cli.sending.functions import Invoker

    if not invocations:
        return Outcome()
    with Interruption("the invocation") as interruption, progress_bars() as bars:
        pace.wait = interruption.wait
        task = bars.add_task("Sending", total=sum(one.count for one in invocations))
        invoker = Invoker(account, interruption.wait, lambda: interruption.is_asked)
        resubmitting = Resubmitting(
            journal, invoker, targets, pace, lambda: interruption.is_asked, lambda count: bars.advance(task, count)
        )
        return resubmitting.run(invocations)


def _show(
    plan: Plan,
    sent: Sequence[Invocation],
    targets: Mapping[str, str],
    outcome: Outcome | None,
    journal: Journal,
    *,
    as_json: bool,
) -> None:
    from powertools_stream.cli.resubmit import report

    console = results()
    if as_json:
        print_document(report.as_document(plan, sent, targets, outcome, str(journal.path)))
        return
    if outcome is None:
        report.print_plan(console, sent, targets)
    report.print_rest(console, plan)
    if outcome is not None:
        report.print_outcome(console, outcome)
        errors().print(f"Journal: {journal.path}", soft_wrap=True, markup=False)
    else:
        report.print_end(console, sent)


def _exit(outcome: Outcome | None, *, has_problems: bool) -> NoReturn:
    if outcome is not None and outcome.error is not None:
        raise outcome.error
    if outcome is not None and outcome.not_sent:
        raise typer.Exit(Status.INTERRUPTED)
    is_complete = outcome is None or outcome.is_complete
    raise typer.Exit(Status.FINDINGS if has_problems or not is_complete else Status.FINE)
