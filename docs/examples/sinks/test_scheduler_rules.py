from __future__ import annotations

from docs.examples.sinks.scheduler_rules import rules
from powertools_stream.requests import CreateSchedule, DeleteSchedule
from powertools_stream.testing import run, to_sqs_records


# --8<-- [start:create]
def test_a_reminder_is_due_a_week_later_and_forgotten_once_a_parcel_is_collected() -> (
    None
):
    stored = {
        "id": "1",
        "type": "parcel-stored",
        "timestamp": 1_767_225_600_000,
        "parcel": {"id": "p-1"},
    }
    collected = {"id": "2", "type": "parcel-collected", "parcel": {"id": "p-1"}}

    create, delete = run(rules, to_sqs_records([stored, collected])).requests

    assert isinstance(create, CreateSchedule)
    assert create.params["ScheduleExpression"] == "at(2026-01-08T00:00:00)"
    assert create.params["Target"]["Input"]["type"] == "reminder-due"
    assert delete == DeleteSchedule({"Name": "remind-p-1", "GroupName": "parcels"})


# --8<-- [end:create]
