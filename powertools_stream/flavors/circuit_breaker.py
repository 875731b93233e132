"""The flavor `circuit_breaker`: an alarm switches an event source mapping off, to one record at a time, and on."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from powertools_stream.environment.settings import setting, whole_number
from powertools_stream.flavors.steps.alarms import State, alarm_of, states_alarm
from powertools_stream.flavors.steps.calling import Steps
from powertools_stream.matching.event_types import EventTypes
from powertools_stream.requests import UpdateEventSourceMapping
from powertools_stream.rules.rule import Rule, flavor
from powertools_stream.sources.cloudwatch import ALARM_TYPE
from powertools_stream.uow import UnitOfWork

__all__ = ["CircuitBreakerRule", "circuit_breaker"]

_DEFAULT_BATCH_SIZE = 100
# https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
_MAX_BATCH_SIZE = 10_000


class CircuitBreakerRule(Rule):
    """A rule of the flavor `circuit_breaker`.

    Parameters
    ----------
    uuid
        The event source mapping; default: ``ESM_ID``.
    max_batch_size
        The mapping's normal batch size; default: ``CIRCUIT_BREAKER_MAX_BATCH_SIZE``, ``BATCH_SIZE``, 100.
    event_type
        Default: the type of an alarm's state change.
    """

    model_config = ConfigDict(extra="forbid")

    event_type: EventTypes | None = Field(
        default=ALARM_TYPE, description="a string, a list of strings, a compiled pattern or a function"
    )
    uuid: str | None = Field(default=None, min_length=1, description="a string")
    max_batch_size: int | None = Field(
        default=None, ge=1, le=_MAX_BATCH_SIZE, description=f"a number from 1 to {_MAX_BATCH_SIZE}"
    )


@flavor(model=CircuitBreakerRule, ordered=True, filters=[states_alarm], asks=[UpdateEventSourceMapping])
def circuit_breaker(uow: UnitOfWork, rule: CircuitBreakerRule) -> Steps:
    """Switch the mapping according to the alarm's state.

    ``ALARM`` opens the circuit: the mapping is off. ``INSUFFICIENT_DATA``, the state after some time without calls,
    opens it halfway: one record at a time. ``OK`` closes it: whole batches.

    Leaves ``update_request`` and ``update_response``.
    """
    alarm = alarm_of(uow)
    assert alarm is not None  # the flavor's filter
    request = _update_request(alarm.state, rule)
    return uow.extend(update_request=request, update_response=(yield UpdateEventSourceMapping(request)))


def _update_request(state: State, rule: CircuitBreakerRule) -> dict[str, Any]:
    largest = whole_number(
        rule.max_batch_size, "CIRCUIT_BREAKER_MAX_BATCH_SIZE", "BATCH_SIZE", default=_DEFAULT_BATCH_SIZE
    )
    return {
        "UUID": setting(rule.uuid, "ESM_ID", what="the event source mapping", option="uuid"),
        "Enabled": state != "ALARM",
        "BatchSize": 1 if state == "INSUFFICIENT_DATA" else largest,
    }
