"""What `faults` and `events` have in common: they list, show and count what is in a lake."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any

import typer
from rich.console import Console

from powertools_stream.cli.aws import Account
from powertools_stream.cli.lake.base import Lake
from powertools_stream.cli.lake.claims import ClaimError
from powertools_stream.cli.lake.counting import Field, counts_of
from powertools_stream.cli.lake.lakes import open_lake
from powertools_stream.cli.lake.newest import Newest
from powertools_stream.cli.lake.once import unique
from powertools_stream.cli.lake.selection import Selection
from powertools_stream.cli.lake.sought import Sought
from powertools_stream.cli.lake.stored import FAULT, StoredEvent
from powertools_stream.cli.output import counted, json_line, print_document, print_error, print_note, results
from powertools_stream.cli.status import CannotRunError, Status
from powertools_stream.errors import MalformedRecordError
from powertools_stream.payloads.parsing import read_compressed

__all__ = ["count_events", "list_events", "show_events"]

Identity = tuple[str | None, str | None]
"""A profile and a Region."""


def list_events(
    location: str,
    identity: Identity,
    selection: Selection,
    *,
    limit: int,
    as_json: bool,
    json_lines: bool,
    row_of: Callable[[StoredEvent], Any],
    print_rows: Callable[[Console, Sequence[Any], int], None],
) -> None:
    """List the newest events, or print all of them as lines of JSON."""
    if as_json and json_lines:
        raise CannotRunError("Expected --json or --jsonl, found both: leave one out.")
    lake = open_lake(location, Account(*identity))
    if json_lines:
        _print_lines(lake, selection)
    else:
        newest: Newest[Any] = Newest(limit, _itself if as_json else row_of)
        with lake.reading.bar(), closing(lake.events(selection)) as events:
            for stored in events:
                newest.add(stored)
        if as_json:
            print_document(newest.rows())
        else:
            print_rows(results(), newest.rows(), newest.count)
        _note_if_none(lake, location, selection, newest.count)
    _exit(lake)


def _itself(stored: StoredEvent) -> Mapping[str, Any]:
    return stored.event


def _print_lines(lake: Lake, selection: Selection) -> None:
    # On a terminal, the events themselves show how far it has got.
    bar: AbstractContextManager[None] = nullcontext() if sys.stdout.isatty() else lake.reading.bar()
    with bar, closing(lake.events(selection)) as events:
        for stored in unique(events):
            sys.stdout.write(json_line(stored.event) + "\n")


def count_events(
    location: str, identity: Identity, selection: Selection, by: Mapping[str, Field], *, noun: str, as_json: bool
) -> None:
    """Count events by some of their fields."""
    lake = open_lake(location, Account(*identity))
    with lake.reading.bar(), closing(lake.events(selection)) as events:
        counts = counts_of(events, by)
    if as_json:
        print_document(counts.document())
    else:
        counts.show(results(), noun)
    _note_if_none(lake, location, selection, counts.total)
    _exit(lake)


def _note_if_none(lake: Lake, location: str, selection: Selection, count: int) -> None:
    """Say what there is in a lake if nothing is selected: the place, or the time, may be another than was meant."""
    if count == 0:
        time = " at that time" if (selection.since, selection.until) != (None, None) else ""
        found = counted(lake.reading.events, "event") if lake.reading.files else f"nothing to read{time}"
        place = "standard input" if location == "-" else location
        print_note(f"Nothing is selected: found {found} in {place}.")


def show_events(
    location: str,
    identity: Identity,
    selection: Selection,
    ids: Sequence[str],
    *,
    as_json: bool,
    print_one: Callable[[Console, StoredEvent], None],
    part_of: Callable[[Mapping[str, Any]], Any] | None = None,
) -> None:
    """Show all of some events, by their ids, or by how these begin.

    Parameters
    ----------
    part_of
        Returns the part of the only event that is printed, as JSON; None: all of every event is.
    """
    lake, sought = open_lake(location, Account(*identity)), Sought(ids)
    with lake.reading.bar(), closing(lake.events(selection)) as events:
        for stored in events:
            sought.look_at(stored)
    found = [_whole(lake, stored) for stored in sought.found()]
    if part_of is not None:
        print_document(part_of(_only(found).event))
    elif as_json:
        print_document([stored.event for stored in found])
    else:
        _print_each(found, print_one)
    for identifier in sought.missing():
        print_error(f"Expected an event whose id is or begins with {identifier}, found none in {location}.")
        lake.reading.problems += 1
    _exit(lake)


def _print_each(found: Sequence[StoredEvent], print_one: Callable[[Console, StoredEvent], None]) -> None:
    console = results()
    for position, stored in enumerate(found):
        if position:
            console.rule(style="dim")
        print_one(console, stored)


def _whole(lake: Lake, stored: StoredEvent) -> StoredEvent:
    """Return an event in whole, with its compressed values read; what cannot be had stays as it is."""
    try:
        stored = lake.whole(stored)
        if stored.event["type"] != FAULT:  # a record in one is to stay as it was delivered
            stored = StoredEvent(read_compressed(dict(stored.event), "the event"), stored.place)
    except (ClaimError, MalformedRecordError) as error:
        lake.reading.warn(stored.place, str(error))
    return stored


def _only(found: Sequence[StoredEvent]) -> StoredEvent:
    if len(found) != 1:
        ids = ", ".join(stored.event["id"] for stored in found) or "none"
        raise CannotRunError(f"Expected one event, found {ids}. Give one id, or more of it.")
    return found[0]


def _exit(lake: Lake) -> None:
    raise typer.Exit(Status.FINDINGS if lake.reading.problems else Status.FINE)
