from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta, timezone
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import CreateSchedule, DeleteSchedule

rules = RuleRegistry()


# --8<-- [start:create]
@rules.register(task, event_type="parcel-stored")
def remind_recipient(uow: UnitOfWork) -> Generator[Any, Any, None]:
    parcel = uow.event["parcel"]
    due = datetime.fromtimestamp(
        uow.event["timestamp"] / 1000, timezone.utc
    ) + timedelta(days=7)
    yield CreateSchedule(
        {
            "Name": f"remind-{parcel['id']}",
            "GroupName": "parcels",
            "ScheduleExpression": f"at({due:%Y-%m-%dT%H:%M:%S})",
            "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": "arn:aws:sqs:eu-central-1:123456789012:reminders",
                "RoleArn": "arn:aws:iam::123456789012:role/reminders",
                "Input": {
                    "id": f"{uow.event['id']}.reminder",
                    "type": "reminder-due",
                    "parcel": parcel,
                },
            },
        }
    )


# --8<-- [end:create]


# --8<-- [start:delete]
@rules.register(task, event_type="parcel-collected")
def forget_reminder(uow: UnitOfWork) -> Generator[Any, Any, None]:
    yield DeleteSchedule(
        {"Name": f"remind-{uow.event['parcel']['id']}", "GroupName": "parcels"}
    )


# --8<-- [end:delete]
