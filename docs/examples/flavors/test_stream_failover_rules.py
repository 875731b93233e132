from __future__ import annotations

from typing import Any

from docs.examples.flavors.stream_failover_rules import DEAD_LETTERS, rules
from powertools_stream.flavors import stream_failover
from powertools_stream.requests import CreateEventSourceMapping, ListEventSourceMappings
from powertools_stream.testing import drive

THERE = {
    "UUID": "e1",
    "EventSourceArn": "arn:aws:kinesis:us-west-2:123456789012:stream/events",
    "BatchSize": 42,
    "State": "Enabled",
}
ALARM = {
    "id": "1",
    "type": "CloudWatch Alarm State Change",
    "timestamp": 1_767_225_600_000,
    "alarmName": "iterator-age",
    "state": {"value": "ALARM"},
    "tags": {"region": "us-west-2"},
}


# --8<-- [start:rule]
def answer(request: Any) -> Any:
    if isinstance(request, ListEventSourceMappings):
        return [THERE] if request.region_name == "us-west-2" else []
    return (
        {"UUID": "w1", "State": "Creating"}
        if isinstance(request, CreateEventSourceMapping)
        else {}
    )


def test_the_stream_is_read_here_once_the_other_region_is_in_alarm() -> None:
    outcome = drive(stream_failover, {"event": ALARM}, rules["move_stream"], answer)

    _, _, create, delete, update = outcome.requests
    assert create.params["BatchSize"] == 42
    assert create.params["DestinationConfig"] == {
        "OnFailure": {"Destination": DEAD_LETTERS}
    }
    assert (
        create.params["StartingPositionTimestamp"].isoformat()
        == "2025-12-31T23:45:00+00:00"
    )
    assert (delete.region_name, delete.params) == ("us-west-2", {"UUID": "e1"})
    assert update.params == {"UUID": "w1", "Enabled": True}


# --8<-- [end:rule]
