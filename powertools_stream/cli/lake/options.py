"""The options that the commands which read a lake have in common."""

from __future__ import annotations

from typing import Annotated

import typer

from powertools_stream.cli.aws import PROFILE_HELP, REGION_HELP
from powertools_stream.cli.lake.lakes import LOCATION_HELP
from powertools_stream.cli.lake.moments import duration, moment, shown
from powertools_stream.cli.lake.selection import Selection
from powertools_stream.cli.lake.stored import FAULT
from powertools_stream.cli.status import CannotRunError

__all__ = [
    "AsJson",
    "Error",
    "FailedType",
    "Function",
    "Id",
    "Ids",
    "JsonLines",
    "Late",
    "Limit",
    "Location",
    "Profile",
    "Region",
    "Rule",
    "Since",
    "Type",
    "Until",
    "selected_events",
    "selected_faults",
]

_SELECTING = "Which events"
_ACCOUNT = "AWS"
_MORE = "May be repeated; `*` stands for any text."

Location = Annotated[str, typer.Argument(help=LOCATION_HELP, metavar="LAKE")]

Since = Annotated[
    str | None,
    typer.Option(help="From when: `2h`, `7d`, `2026-11-29T22:00`. UTC.", metavar="TIME", rich_help_panel=_SELECTING),
]
Until = Annotated[
    str | None, typer.Option(help="Before when; as `--since`.", metavar="TIME", rich_help_panel=_SELECTING)
]
Late = Annotated[
    str,
    typer.Option(
        help="How much later than at its time an event may have been stored. Folders of later hours are not read.",
        metavar="DURATION",
        rich_help_panel=_SELECTING,
    ),
]
Function = Annotated[
    list[str] | None,
    typer.Option("--function", help=f"Of which function. {_MORE}", metavar="NAME", rich_help_panel=_SELECTING),
]
Rule = Annotated[
    list[str] | None,
    typer.Option("--rule", help=f"Of which rule. {_MORE}", metavar="ID", rich_help_panel=_SELECTING),
]
Error = Annotated[
    list[str] | None,
    typer.Option("--error", help=f"With which error. {_MORE}", metavar="NAME", rich_help_panel=_SELECTING),
]
Type = Annotated[
    list[str] | None,
    typer.Option("--type", help=f"Of which type. {_MORE}", metavar="TYPE", rich_help_panel=_SELECTING),
]
FailedType = Annotated[
    list[str] | None,
    typer.Option(
        "--type", help=f"Of which type the event was that failed. {_MORE}", metavar="TYPE", rich_help_panel=_SELECTING
    ),
]
Id = Annotated[
    list[str] | None,
    typer.Option("--id", help=f"With which id. {_MORE}", metavar="ID", rich_help_panel=_SELECTING),
]
Ids = Annotated[list[str], typer.Argument(help="Ids of events, or how they begin.", metavar="ID…")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many are shown at most.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
JsonLines = Annotated[
    bool,
    typer.Option("--jsonl", help="Print all events themselves, one per line, in the order in which they are stored."),
]
Profile = Annotated[str | None, typer.Option(help=PROFILE_HELP, metavar="NAME", rich_help_panel=_ACCOUNT)]
Region = Annotated[str | None, typer.Option(help=REGION_HELP, metavar="REGION", rich_help_panel=_ACCOUNT)]


def selected_faults(
    *,
    since: str | None = None,
    until: str | None = None,
    late: str = "1d",
    function: list[str] | None = None,
    rule: list[str] | None = None,
    error: list[str] | None = None,
    failed_type: list[str] | None = None,
    id_: list[str] | None = None,
) -> Selection:
    """Return the selection that the options of a command on fault events make.

    Raises
    ------
    CannotRunError
        A time is none, or the end is not after the beginning.
    """
    begin, end = _times(since, until)
    return Selection(
        since=begin,
        until=end,
        late=duration(late),
        types=(FAULT,),
        functions=tuple(function or ()),
        rules=tuple(rule or ()),
        errors=tuple(error or ()),
        failed_types=tuple(failed_type or ()),
        ids=tuple(id_ or ()),
    )


def selected_events(
    *,
    since: str | None = None,
    until: str | None = None,
    late: str = "1d",
    type_: list[str] | None = None,
    function: list[str] | None = None,
    rule: list[str] | None = None,
    id_: list[str] | None = None,
) -> Selection:
    """Return the selection that the options of a command on events make. Raises as `selected_faults` does."""
    begin, end = _times(since, until)
    return Selection(
        since=begin,
        until=end,
        late=duration(late),
        types=tuple(type_ or ()),
        functions=tuple(function or ()),
        rules=tuple(rule or ()),
        ids=tuple(id_ or ()),
    )


def _times(since: str | None, until: str | None) -> tuple[int | None, int | None]:
    begin = None if since is None else moment(since)
    end = None if until is None else moment(until)
    if begin is not None and end is not None and end <= begin:
        raise CannotRunError(f"Expected --until after --since, {shown(begin)}, found {shown(end)}.")
    return begin, end
