from __future__ import annotations

from docs.examples.flavors.circuit_breaker_rules import rules
from powertools_stream.testing import run, to_alarm_event


# --8<-- [start:rule]
def test_the_alarm_switches_the_mapping_off_to_one_record_and_on_again() -> None:
    switched = []
    for state in ("ALARM", "INSUFFICIENT_DATA", "OK"):
        (request,) = run(
            rules, to_alarm_event("carrier-gateway-errors", state=state)
        ).requests
        switched.append((request.params["Enabled"], request.params["BatchSize"]))

    assert switched == [(False, 50), (True, 1), (True, 50)]


# --8<-- [end:rule]


def test_other_alarms_are_not_for_it() -> None:
    assert run(rules, to_alarm_event("disk-full")).requests == []
