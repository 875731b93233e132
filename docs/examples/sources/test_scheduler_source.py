from __future__ import annotations

from docs.examples.sources.scheduler_source import report_rules, rules
from powertools_stream.sources import ScheduleSource
from powertools_stream.testing import run, to_schedule_event


# --8<-- [start:handler]
def test_the_day_is_closed_by_its_schedule_only() -> None:
    assert [
        event["type"] for event in run(rules, to_schedule_event("nightly")).events
    ] == ["day-closed"]
    assert run(rules, to_schedule_event("hourly")).events == []


# --8<-- [end:handler]


def test_an_input_of_ones_own() -> None:
    given = {
        "id": "d32c5kddcf5bb8c3",
        "time": "2026-01-01T00:00:00Z",
        "type": "report-due",
        "days": 7,
    }

    (event,) = run(report_rules, given, source=ScheduleSource()).events

    assert (event["id"], event["days"], event["timestamp"]) == (
        "d32c5kddcf5bb8c3.request_report",
        7,
        1_767_225_600_000,
    )
