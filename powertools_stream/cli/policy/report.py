"""Prints a policy, or how it differs from what a template grants."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from textwrap import wrap

from rich.console import Console
from rich.markup import escape

from powertools_stream.cli.needs.need import Needs
from powertools_stream.cli.output import errors, print_document, results
from powertools_stream.cli.policy.granted.comparison import Comparison, compared
from powertools_stream.cli.policy.granted.functions import Function
from powertools_stream.cli.policy.granted.grants import grants_of
from powertools_stream.cli.policy.granted.template_texts import readable
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
        _print_differences(comparison, function)
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


def _print_differences(comparison: Comparison, function: Function) -> None:
    console = results()
    for title, blocks in (
        ("[bold red]missing[/]", [*_missing_blocks(comparison)]),
        ("[bold yellow]superfluous[/]", [*_superfluous_blocks(comparison, function)]),
    ):
        if blocks:
            console.print(title)
        for first, *more in blocks:
            _print_indented(console, first, 2)
            for line in more:
                _print_indented(console, line, 4)
    console.print(_summary(comparison, function))


def _print_indented(console: Console, text: str, indent: int) -> None:
    # rich would fill the lines with spaces.
    margin = " " * indent
    for line in wrap(text, console.width, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False):
        console.print(escape(line), soft_wrap=True)


def _missing_blocks(comparison: Comparison) -> Iterable[list[str]]:
    for one in comparison.missing:
        yield [
            one.action,
            *([f"on {one.resource}"] if one.resource else []),
            f"for {', '.join(one.reasons)}",
            *([one.problem] if one.problem else []),
        ]


def _superfluous_blocks(comparison: Comparison, function: Function) -> Iterable[list[str]]:
    for one in comparison.superfluous:
        needed = f": of it, {', '.join(one.needed)} is needed" if one.needed else ""
        resources = f"on {', '.join(one.resources)}"
        yield [", ".join(one.actions), resources, f"by {function.policy_name(one.policy)}{needed}"]


def _summary(comparison: Comparison, function: Function) -> str:
    where = f"[bold]{escape(function.logical_id)}[/]"
    missing, superfluous = len(comparison.missing), len(comparison.superfluous)
    if not missing and not superfluous:
        return f"{where} is granted what its rules need, and no more."
    if not missing:
        return f"{where} is granted what its rules need, and {superfluous} more."
    return f"{where}: {missing} missing, {superfluous} superfluous."
