"""Prints a policy, or how it differs from what a template grants."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict

from rich.markup import escape
from rich.table import Table

from powertools_stream.cli.output import errors, print_document, results
from powertools_stream.cli.policy.comparison import Comparison, compared, readable
from powertools_stream.cli.policy.functions import Function
from powertools_stream.cli.policy.grants import grants_of
from powertools_stream.cli.policy.needs import Needs
from powertools_stream.cli.policy.resources import Resolved, Surroundings, resolve
from powertools_stream.cli.policy.statements import document_of, statements_of, yaml_of

__all__ = ["print_comparison", "print_policy"]


def print_policy(found: Needs, function: Function | None, *, as_json: bool) -> None:
    """Print the statements, as the ``Policies`` of a function of SAM, or as a policy in JSON."""
    surroundings = function.as_written if function is not None else Surroundings()
    resolved = _resolved(found, surroundings)
    statements = statements_of(one for one in resolved if one.need.role is None)
    if as_json:
        print_document(document_of(statements))
    else:
        sys.stdout.write(yaml_of(statements))
    _print_notes([*found.notes, *_of_roles(resolved)])


def print_comparison(found: Needs, function: Function, *, as_json: bool) -> bool:
    """Print what is missing and what is superfluous; return whether something is missing."""
    granted = grants_of(function.made, function.logical_id)
    resolved = _resolved(found, function.as_made)
    own = [one for one in resolved if one.need.role is None]
    comparison = compared(own, granted, function.made)
    notes = [*found.notes, *_of_roles(resolved)]
    if granted.unread:
        notes.append(f"Not in the template, so that nobody knows here what they grant: {', '.join(granted.unread)}.")
    if as_json:
        print_document(
            {"function": function.logical_id, **asdict(comparison), "unread": granted.unread, "notes": notes}
        )
    else:
        _print_tables(comparison, function)
        _print_notes(notes)
    return bool(comparison.missing)


def _resolved(found: Needs, surroundings: Surroundings) -> list[Resolved]:
    return [one for need in found.needs if (one := resolve(need, surroundings)) is not None]


def _of_roles(resolved: Iterable[Resolved]) -> list[str]:
    """Say what other roles need that rules make their calls in: it is no policy of this function's."""
    by_role: dict[str, set[str]] = {}
    for one in resolved:
        if one.need.role is not None:
            by_role.setdefault(one.need.role, set()).add(f"{one.action} on {readable(one.resource.text)}")
    return [f"The role {role} needs {', '.join(sorted(what))}." for role, what in by_role.items()]


def _print_notes(notes: Iterable[str]) -> None:
    console = errors()
    for note in dict.fromkeys(notes):
        console.print(f"[yellow]note:[/] {escape(note)}", soft_wrap=True)


def _print_tables(comparison: Comparison, function: Function) -> None:
    console = results()
    if comparison.missing:
        console.print("[bold red]missing[/]")
        console.print(_table(_missing_rows(comparison)))
    if comparison.superfluous:
        console.print("[bold yellow]superfluous[/]")
        console.print(_table(_superfluous_rows(comparison)))
    console.print(_summary(comparison, function))


def _missing_rows(comparison: Comparison) -> Iterable[tuple[str, str, str]]:
    for one in comparison.missing:
        reasons = f"for {', '.join(one.reasons)}"
        yield one.action, one.resource, f"{reasons}: {one.problem}" if one.problem else reasons


def _superfluous_rows(comparison: Comparison) -> Iterable[tuple[str, str, str]]:
    for one in comparison.superfluous:
        rest = f"; of it, {', '.join(one.needed)} is needed" if one.needed else ""
        yield one.action, "\n".join(one.resources), f"by {one.policy}{rest}"


def _table(rows: Iterable[tuple[str, str, str]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
    for _ in range(3):
        table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    return table


def _summary(comparison: Comparison, function: Function) -> str:
    where = f"[bold]{escape(function.logical_id)}[/]"
    missing, superfluous = len(comparison.missing), len(comparison.superfluous)
    if not missing and not superfluous:
        return f"{where} is granted what its rules need, and no more."
    if not missing:
        return f"{where} is granted what its rules need, and {superfluous} more."
    return f"{where}: {missing} missing, {superfluous} superfluous."
