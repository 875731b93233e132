"""What a run came to: tables and sentences for people, a document for machines, and an exit status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from powertools_stream.cli.local.view import function_table, mapping_table, queue_table
from powertools_stream.cli.output import counted
from powertools_stream.cli.status import Status
from powertools_stream.local.accounting import SourceAccount
from powertools_stream.local.activity import FunctionTally, MappingTally
from powertools_stream.local.stack import LeftOut

__all__ = ["Summary", "print_summary"]

_NARROW = 72
_CANNOT_RUN = ("AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping", "environment variable")


@dataclass(frozen=True)
class Summary:
    """What a run came to.

    Parameters
    ----------
    templates
        The templates.
    target, sent
        How many events were sent, and where.
    functions, mappings, failures
        See `Tally`.
    accounts
        Where the records are.
    queues
        How many messages queues have.
    left_out
        What of the template does not exist or run here.
    problems
        What ended before it should.
    filtered
        How many records the filters of event source mappings have discarded, by logical id.
    is_once, is_quiet, is_interrupted
        Whether it was to end when all is quiet, whether it was, and whether it was stopped.
    seconds
        How long it took.
    """

    templates: Sequence[str]
    target: str | None
    sent: int
    functions: Mapping[str, FunctionTally]
    mappings: Mapping[str, MappingTally]
    failures: Mapping[tuple[str, str, str], int]
    accounts: Sequence[SourceAccount]
    queues: Mapping[str, int]
    left_out: Sequence[LeftOut]
    problems: Sequence[str]
    is_once: bool
    is_quiet: bool
    is_interrupted: bool
    seconds: float
    filtered: Mapping[str, int] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        """Whether every record is in one place."""
        return all(account.missing == 0 for account in self.accounts)

    @property
    def status(self) -> Status:
        """What the command exits with."""
        return Status.FINDINGS if any(self.findings()) else Status.FINE

    def findings(self) -> Iterator[str]:
        """Return what a person should look at, in sentences."""
        for each in self.left_out:
            if each.resource_type in _CANNOT_RUN:
                yield f"{each.logical_id} does not run here. {each.reason}"
        yield from self.problems
        for account in self.accounts:
            # While it is stopped in the middle, records are on their way.
            if account.missing and not self.is_interrupted:
                yield f"{account.source}: {_missing(account.missing)}."
        if self.is_once and not self.is_quiet and not self.is_interrupted and not self.problems:
            yield "It did not become quiet in time: see what waits, and --timeout and --retry-delay."

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``--json``."""
        return {
            "templates": list(self.templates),
            "sent": {"to": self.target, "events": self.sent},
            "functions": {name: asdict(tally) for name, tally in self.functions.items()},
            "event_source_mappings": {name: asdict(tally) for name, tally in self.mappings.items()},
            "failures": [
                {"function": function, "rule": rule, "reason": reason, "times": times}
                for (function, rule, reason), times in sorted(self.failures.items())
            ],
            "accounts": [{**asdict(each), "missing": each.missing} for each in self.accounts],
            "filtered": dict(self.filtered),
            "queues": dict(self.queues),
            "left_out": [asdict(each) for each in self.left_out],
            "findings": list(self.findings()),
            "adds_up": self.adds_up,
            "is_quiet": self.is_quiet,
            "seconds": round(self.seconds, 1),
        }


def print_summary(console: Console, summary: Summary) -> None:
    """Print it."""
    narrow = console.width < _NARROW
    tables = [
        function_table(dict(summary.functions), narrow=narrow),
        mapping_table(dict(summary.mappings), narrow=narrow),
        _failure_table(summary.failures),
        queue_table(dict(summary.queues)),
    ]
    for table in tables:
        if table.row_count:
            console.print(table)
            console.print()
    for account in summary.accounts:
        console.print(_sentence(account), soft_wrap=True)
    for mapping, count in summary.filtered.items():
        text = f"{mapping}: {counted(count, 'record')} discarded by its filters."
        console.print(f"[yellow]{escape(text)}[/]", soft_wrap=True)
    for finding in summary.findings():
        console.print(f"[bold red]{escape(finding)}[/]", soft_wrap=True)
    console.print(_end(summary), soft_wrap=True)


def _failure_table(failures: Mapping[tuple[str, str, str], int]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Function", "Rule that failed", "Reason"):
        table.add_column(heading, overflow="ellipsis", no_wrap=True)
    table.add_column("Times", justify="right", no_wrap=True)
    for (function, rule, reason), times in sorted(failures.items()):
        table.add_row(escape(function), escape(rule), escape(reason), str(times))
    return table


def _sentence(account: SourceAccount) -> str:
    parts = [f"{account.done} done"]
    if account.discarded:
        parts.append(f"{account.discarded} discarded")
    if account.dead_letters:
        parts.append(f"{account.dead_letters} in the dead-letter queue")
    if account.moved:
        anew = "a new record" if account.moved == 1 else "new records"
        parts.append(f"{account.moved} moved out of the dead-letter queue, as {anew}")
    if account.waiting:
        parts.append(f"{account.waiting} to be sent again")
    verdict = "[green]It adds up.[/]" if not account.missing else f"[bold red]{_missing(account.missing)}.[/]"
    path = f"{escape(account.source)} → {escape(account.function)}"
    return f"{path}: {counted(account.records, 'record')} = {' + '.join(parts)}. {verdict}"


def _missing(count: int) -> str:
    what = "1 record is" if abs(count) == 1 else f"{abs(count)} records are"
    return f"{what} nowhere" if count > 0 else f"{what} in two places"


def _end(summary: Summary) -> str:
    sent = f"{counted(summary.sent, 'event')} sent to {summary.target}. " if summary.target else ""
    how = "Stopped" if summary.is_interrupted else "All is quiet" if summary.is_quiet else "Ended"
    return f"{escape(sent)}{how} after {summary.seconds:.1f} s."
