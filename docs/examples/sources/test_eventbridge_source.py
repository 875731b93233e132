from __future__ import annotations

from docs.examples.sources.eventbridge_source import rules
from powertools_stream.testing import run, to_eventbridge_event


# --8<-- [start:handler]
def test_events_of_ones_own_and_of_aws() -> None:
    order = to_eventbridge_event({"total": 42}, detail_type="order-created")
    finding = to_eventbridge_event(
        {"id": "f-1", "type": "Recon:EC2/PortProbe", "severity": 5},
        source="aws.guardduty",
        detail_type="GuardDuty Finding",
    )

    assert [event["type"] for event in run(rules, order).events] == ["order-accepted"]
    assert [event["finding"] for event in run(rules, finding).events] == [
        "Recon:EC2/PortProbe"
    ]


# --8<-- [end:handler]
