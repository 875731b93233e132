from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, cast

from rich.console import Console

from powertools_stream.cli.local.view import live_view, mapping_table
from powertools_stream.local.activity import MappingTally, Tally
from powertools_stream.local.application import Application


@dataclass
class Running:
    """What the view asks of an application."""

    tally: Tally = field(default_factory=Tally)
    functions: dict[str, Any] = field(default_factory=dict)

    def depths(self) -> dict[str, int]:
        return {}


def last_frame(*, sent: int, events: int) -> str:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, color_system=None, width=80)
    with live_view(cast(Application, Running()), console, events=events) as on_sent:
        if sent:
            on_sent(sent)
        written.seek(0)
        written.truncate()
    return written.getvalue()


def test_a_bar_shows_how_many_events_have_been_sent() -> None:
    frame = last_frame(sent=4000, events=10_000)
    assert "Sending" in frame
    assert "4000/10000" in frame


def test_there_is_no_bar_without_anything_to_send() -> None:
    assert "Sending" not in last_frame(sent=10, events=10)
    assert "Sending" not in last_frame(sent=0, events=0)


def test_nothing_is_shown_without_a_terminal() -> None:
    written = io.StringIO()
    with live_view(cast(Application, Running()), Console(file=written), events=10) as on_sent:
        on_sent(10)
    assert written.getvalue() == ""


def test_names_are_cut_where_there_is_little_room_and_numbers_are_not() -> None:
    written = io.StringIO()
    table = mapping_table({"event-fault-monitor.MonitorFaults": MappingTally(deliveries=123_456, records=98_765)})
    Console(file=written, width=80).print(table)
    heading, row = written.getvalue().splitlines()
    assert heading.split() == ["Event", "source", "Batches", "Deliveries", "Records", "Done", "Again", "Discarded"]
    assert row.split() == ["event-fault-monitor.Monit…", "0", "123456", "98765", "0", "0", "0"]
