"""The commands ``events ls``, ``show`` and ``count``."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from powertools_stream.cli.lake.options import (
    AsJson,
    Function,
    Id,
    Ids,
    JsonLines,
    Late,
    Limit,
    Location,
    Profile,
    Region,
    Rule,
    Since,
    Type,
    Until,
    selected_events,
)

__all__ = ["count", "ls", "show"]


class By(str, Enum):
    """What events are counted by."""

    TYPE = "type"
    FUNCTION = "function"
    RULE = "rule"
    SOURCE = "source"
    HOUR = "hour"
    DAY = "day"


def ls(
    location: Location,
    since: Since = None,
    until: Until = None,
    type_: Type = None,
    function: Function = None,
    rule: Rule = None,
    id_: Id = None,
    late: Late = "1d",
    limit: Limit = 50,
    as_json: AsJson = False,
    json_lines: JsonLines = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List events, the newest last.

    An event that was delivered several times is one. What cannot be read is told on standard error, and makes the
    command exit with 1.

    **Examples**

    - Of the last two hours: `powertools-stream events ls s3://lake/events --since 2h`

    - Of some types: `powertools-stream events ls s3://lake/events --since 1d --type 'order-*'`

    - The events themselves: `powertools-stream events ls s3://lake/events --since 1d --jsonl > events.jsonl`
    """
    from powertools_stream.cli.events.views import event_row, print_events
    from powertools_stream.cli.lake.commands import list_events

    list_events(
        location,
        (profile, region),
        selected_events(since=since, until=until, late=late, type_=type_, function=function, rule=rule, id_=id_),
        limit=limit,
        as_json=as_json,
        json_lines=json_lines,
        row_of=event_row,
        print_rows=print_events,
    )


def show(
    location: Location,
    ids: Ids,
    since: Since = None,
    until: Until = None,
    late: Late = "1d",
    as_json: AsJson = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show all of an event.

    An event that was too large for the bus is read from where it was stored, if the bucket is of your own account.

    **Examples**

    - `powertools-stream events show s3://lake/events o-1.order-paid --since 1d`
    """
    from powertools_stream.cli.events.views import print_event
    from powertools_stream.cli.lake.commands import show_events

    selection = selected_events(since=since, until=until, late=late)
    show_events(location, (profile, region), selection, ids, as_json=as_json, print_one=print_event)


def count(
    location: Location,
    by: Annotated[list[By] | None, typer.Option(help="What is counted. May be repeated. Default: type.")] = None,
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
    """Count events, each id once.

    **Examples**

    - How many of which type: `powertools-stream events count s3://lake/events --since 1d`

    - By the hour: `powertools-stream events count s3://lake/events --since 1d --by hour --by type`
    """
    from powertools_stream.cli.lake.commands import count_events
    from powertools_stream.cli.lake.counting import FIELDS

    selection = selected_events(since=since, until=until, late=late, type_=type_, function=function, rule=rule, id_=id_)
    fields = {field.value: FIELDS[field.value] for field in by or (By.TYPE,)}
    count_events(location, (profile, region), selection, fields, noun="event", as_json=as_json)
