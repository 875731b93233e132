"""What a person, or a script, is told of a resubmission."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from powertools_stream.cli.output import counted
from powertools_stream.cli.resubmit.plan import Invocation, Plan
from powertools_stream.cli.resubmit.running import Outcome
from powertools_stream.cli.sending.reports import SHOWN, plain, print_first, were_being_sent

__all__ = ["as_document", "print_end", "print_outcome", "print_plan", "print_rest"]


def print_plan(console: Console, invocations: Sequence[Invocation], targets: Mapping[str, str]) -> None:
    """Print what would be sent."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Function", "Rules", "Source", "Failed with"):
        table.add_column(heading, overflow="fold")
    for heading in ("Records", "Invocations"):
        table.add_column(heading, justify="right")
    for row in _rows(invocations, targets):
        table.add_row(*row)
    if invocations:
        console.print(table)


def _rows(invocations: Sequence[Invocation], targets: Mapping[str, str]) -> Iterable[list[Text]]:
    groups: dict[tuple[str, str, str], list[Invocation]] = {}
    for invocation in invocations:
        key = targets[invocation.function], ", ".join(invocation.rules), invocation.units[0].source.name
        groups.setdefault(key, []).append(invocation)
    for key, group in groups.items():
        units = [unit for invocation in group for unit in invocation.units]
        errors = Counter(error for unit in units for error in unit.errors)
        most = [plain(error)[:60] for error, _ in errors.most_common(2)]
        told = "\n".join([*most, *([f"and {counted(len(errors) - 2, 'other')}"] if len(errors) > 2 else [])])
        count = sum(len(unit.records) for unit in units)
        yield [Text(plain(text)) for text in key] + [Text(told), Text(str(count)), Text(str(len(group)))]


def print_rest(console: Console, plan: Plan) -> None:
    """Print what is not sent, and why."""
    lines = [
        f"{counted(count, 'fault')} cannot be resubmitted: {reason}."
        for reason, count in plan.refused.most_common(SHOWN)
    ]
    if len(plan.refused) > SHOWN:
        lines.append(f"… and faults for {len(plan.refused) - SHOWN} more reasons; --json has them all.")
    if plan.comes_back:
        lines.append(
            f"{counted(plan.comes_back, 'fault')} left alone: the records come again by themselves. "
            "--include-reported sends them all the same."
        )
    if plan.not_listed:
        names = ", ".join(f"{name} ({count})" for name, count in plan.not_listed.most_common(10))
        total = counted(plan.not_listed.total(), "fault")
        lines.append(f"{total} left alone: of functions that you have not named with --function: {names}.")
    if plan.done:
        lines.append(f"{counted(plan.done, 'record')} done already, as the journal says.")
    if plan.in_doubt:
        lines.append(were_being_sent(plan.in_doubt, "record", "be done"))
    for line in lines:
        console.print(Text(plain(line)), soft_wrap=True)


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Print what has become of what was sent."""
    for title, those in (("failed again", outcome.failed), ("in doubt", outcome.in_doubt)):
        print_first(console, [f"{title}: {_where(one)}: {one['error']}" for one in those])
    counts = (
        (outcome.done, "done"),
        (_records(outcome.failed), "failed again"),
        (outcome.held_back, "held back behind those"),
        (_records(outcome.in_doubt), "in doubt"),
        (outcome.not_sent, "not sent"),
    )
    told = ", ".join(f"{count} {what}" for count, what in counts if count) or "nothing to do"
    console.print(Text(f"{told}.", "bold"), soft_wrap=True)


def print_end(console: Console, invocations: Sequence[Invocation]) -> None:
    """Print how a dry run ends."""
    if not invocations:
        console.print("[bold]Nothing to send.[/]")
        return
    told = f"{counted(sum(one.count for one in invocations), 'record')} in {counted(len(invocations), 'invocation')}"
    console.print(f"[bold]{told}; nothing was sent.[/] --yes sends them, --json shows them.", soft_wrap=True)


def as_document(
    plan: Plan, invocations: Sequence[Invocation], targets: Mapping[str, str], outcome: Outcome | None, journal: str
) -> dict[str, Any]:
    """Return all of it as JSON; of a dry run with the events that would be sent."""
    document: dict[str, Any] = {
        "dry_run": outcome is None,
        "journal": journal,
        "done_before": plan.done,
        "in_doubt_before": plan.in_doubt,
        "refused": dict(plan.refused),
        "comes_back": plan.comes_back,
        "not_listed": dict(plan.not_listed),
    }
    if outcome is None:
        return {**document, "invocations": [_invocation(one, targets) for one in invocations]}
    return {
        **document,
        "done": outcome.done,
        "failed": outcome.failed,
        "held_back": outcome.held_back,
        "in_doubt": outcome.in_doubt,
        "not_sent": outcome.not_sent,
        "error": None if outcome.error is None else str(outcome.error),
    }


def _invocation(invocation: Invocation, targets: Mapping[str, str]) -> dict[str, Any]:
    events = invocation.events
    return {
        "function": targets[invocation.function],
        "rules": [*invocation.rules],
        "event": events[0] if len(events) == 1 else events,
    }


def _records(those: Sequence[Mapping[str, Any]]) -> int:
    """Count records, each once, in however many rules they have failed."""
    return sum(map(len, {(one["function"], *one["records"]): one["records"] for one in those}.values()))


def _where(one: Mapping[str, Any]) -> str:
    return f"{one['function']}, {one['rule']}, {', '.join(one['records'][:3])}"
