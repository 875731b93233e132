from __future__ import annotations

from docs.examples.sources.cloudwatch_source import rules
from powertools_stream.testing import run, to_alarm_event, to_eventbridge_event


# --8<-- [start:handler]
def test_trouble_is_reported_however_the_alarm_comes() -> None:
    direct = to_alarm_event("too-many-errors")
    on_a_bus = to_eventbridge_event(
        direct["alarmData"],
        source="aws.cloudwatch",
        detail_type="CloudWatch Alarm State Change",
    )

    for event in (direct, on_a_bus):
        assert [published["alarm"] for published in run(rules, event).events] == [
            "too-many-errors"
        ]
    assert run(rules, to_alarm_event(state="OK", previous_state="ALARM")).events == []


# --8<-- [end:handler]
