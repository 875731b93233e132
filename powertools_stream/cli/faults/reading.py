"""The commands ``faults ls``, ``show`` and ``count``."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from powertools_stream.cli.lake.options import (
    AsJson,
    Error,
    FailedType,
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
    Until,
    selected_faults,
)

__all__ = ["count", "ls", "show"]


class By(str, Enum):
    """What faults are counted by."""

    FUNCTION = "function"
    RULE = "rule"
    ERROR = "error"
    TYPE = "type"
    HOUR = "hour"
    DAY = "day"


def ls(
    location: Location,
    since: Since = None,
    until: Until = None,
    function: Function = None,
    rule: Rule = None,
    error: Error = None,
    failed_type: FailedType = None,
    id_: Id = None,
    late: Late = "1d",
    limit: Limit = 50,
    as_json: AsJson = False,
    json_lines: JsonLines = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List what failed, the newest last.

    A fault that was published several times is one, as it was last. What cannot be read is told on standard error, and
    makes the command exit with 1.

    A queue is read without taking anything from it: its messages are hidden from others for the time, and released. But
    each look counts as a receive of every message, so a queue that moves its messages after a few receives is refused.

    **Examples**

    - Of the last two hours: `powertools-stream faults ls s3://lake/faults --since 2h`

    - Of a rule, in a copy of a lake: `powertools-stream faults ls lake/ --function orders-listener --rule charge`

    - What waits in a queue: `powertools-stream faults ls sqs://faults-dlq`

    - For a script: `powertools-stream faults ls s3://lake/faults --since 1d --json`
    """
    from powertools_stream.cli.faults.views import fault_row, print_faults
    from powertools_stream.cli.lake.commands import list_events

    selection = selected_faults(
        since=since,
        until=until,
        late=late,
        function=function,
        rule=rule,
        error=error,
        failed_type=failed_type,
        id_=id_,
    )
    list_events(
        location,
        (profile, region),
        selection,
        limit=limit,
        as_json=as_json,
        json_lines=json_lines,
        row_of=fault_row,
        print_rows=print_faults,
    )


def show(
    location: Location,
    ids: Ids,
    since: Since = None,
    until: Until = None,
    late: Late = "1d",
    record: Annotated[
        bool, typer.Option("--record", help="Print only the record that failed, as JSON: for a test.")
    ] = False,
    as_json: AsJson = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show all of a fault: its error with the stack, the event and the record, and what the rule knew.

    An event that was too large for the bus is read from where it was stored, if the bucket is of your own account.

    **Examples**

    - By the beginning of its id: `powertools-stream faults show s3://lake/faults 3f2a91c0 --since 1d`

    - The record, for a test: `powertools-stream faults show faults.jsonl 3f2a91c0 --record > record.json`
    """
    from powertools_stream.cli.faults.views import print_fault, record_of
    from powertools_stream.cli.lake.commands import show_events

    selection = selected_faults(since=since, until=until, late=late)
    show_events(
        location,
        (profile, region),
        selection,
        ids,
        as_json=as_json,
        print_one=print_fault,
        part_of=record_of if record else None,
    )


def count(
    location: Location,
    by: Annotated[
        list[By] | None, typer.Option(help="What is counted. May be repeated. Default: function, rule and error.")
    ] = None,
    since: Since = None,
    until: Until = None,
    function: Function = None,
    rule: Rule = None,
    error: Error = None,
    failed_type: FailedType = None,
    id_: Id = None,
    late: Late = "1d",
    as_json: AsJson = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Count faults, each id once.

    **Examples**

    - What fails most: `powertools-stream faults count s3://lake/faults --since 1d`

    - Since when a rule fails: `powertools-stream faults count s3://lake/faults --rule charge --since 1d --by hour`
    """
    from powertools_stream.cli.lake.commands import count_events
    from powertools_stream.cli.lake.counting import FIELDS

    selection = selected_faults(
        since=since,
        until=until,
        late=late,
        function=function,
        rule=rule,
        error=error,
        failed_type=failed_type,
        id_=id_,
    )
    known = {**FIELDS, "type": FIELDS["failed-type"]}
    fields = {field.value: known[field.value] for field in by or (By.FUNCTION, By.RULE, By.ERROR)}
    count_events(location, (profile, region), selection, fields, noun="fault", as_json=as_json)
