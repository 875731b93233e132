"""The flavor `stream_failover`: an alarm moves an event source mapping from the other Region to this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from powertools_stream.environment.settings import setting, whole_number
from powertools_stream.flavors.steps.alarms import alarm_of, states_alarm
from powertools_stream.flavors.steps.calling import Steps, call
from powertools_stream.matching.event_types import EventTypes
from powertools_stream.matching.filters import Filter
from powertools_stream.requests import (
    CreateEventSourceMapping,
    DeleteEventSourceMapping,
    ListEventSourceMappings,
    UpdateEventSourceMapping,
)
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import Rule, flavor
from powertools_stream.sources.cloudwatch import ALARM_TYPE
from powertools_stream.uow import UnitOfWork

__all__ = ["StreamFailoverRule", "stream_failover"]

_DEFAULT_BACKOFF = 30
# The settings to copy from the other Region's mapping. They are listed, so that a field that Lambda may add to its
# responses one day cannot keep a stream from being moved.
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
_SETTINGS = (
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "FilterCriteria",
    "FunctionResponseTypes",
    "KMSKeyArn",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
)
# https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html
_DELETING = "Deleting"
_OFF = frozenset({"Disabled", "Disabling", _DELETING})

_Mapping = Mapping[str, Any]


class StreamFailoverRule(Rule):
    """A rule of the flavor `stream_failover`, the same in both Regions.

    Parameters
    ----------
    failover_region
        The other Region; default: ``FAILOVER_REGION``.
    function_name
        The function that reads the stream, with the same name in both Regions; default: ``LISTENER_FUNCTION_NAME``.
    stream_arn
        The Kinesis stream in this Region; default: ``STREAM_ARN``.
    backoff
        How many minutes before the alarm to start reading the stream; default: ``BACKOFF``, 30.
    to_create_request
        Returns parameters of ``CreateEventSourceMapping`` in which the mapping in this Region differs from the one that
        it replaces, or None. It sees ``list_response``.
    event_type
        Default: the type of an alarm's state change.
    """

    model_config = ConfigDict(extra="forbid")
    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {"to_create_request": ()}

    event_type: EventTypes | None = Field(
        default=ALARM_TYPE, description="a string, a list of strings, a compiled pattern or a function"
    )
    failover_region: str | None = Field(default=None, min_length=1, description="a string, e.g. 'us-west-2'")
    function_name: str | None = Field(default=None, min_length=1, description="a string")
    stream_arn: str | None = Field(default=None, min_length=1, description="a string, the ARN of a stream")
    backoff: int | None = Field(default=None, ge=1, description="a number of minutes, above 0")
    to_create_request: UserFunction | None = Field(default=None, description="a function")

    def tests(self) -> Iterator[Filter]:
        """Yield the rule's own test first: whether the stream is to be moved to this Region."""
        yield self._moves_here
        yield from super().tests()

    def _moves_here(self, uow: UnitOfWork) -> bool:
        alarm = alarm_of(uow)
        if alarm is None or alarm.state == "INSUFFICIENT_DATA":
            return False
        if alarm.region is None:
            raise ValueError(f"Rule {self.id!r}: expected the event to say in which Region {alarm.name!r} is.")
        if alarm.state == "ALARM":
            return alarm.region == _other_region(self)
        return alarm.region == setting(None, "AWS_REGION", what="this Region", option="AWS_REGION")


@flavor(
    model=StreamFailoverRule,
    main="to_create_request",
    ordered=True,
    filters=[states_alarm],
    asks=[
        ListEventSourceMappings,
        CreateEventSourceMapping,
        DeleteEventSourceMapping,
        UpdateEventSourceMapping,
    ],
)
def stream_failover(uow: UnitOfWork, rule: StreamFailoverRule) -> Steps:
    """Make the mapping in this Region, switched off; delete the other Region's; switch this one on.

    So no record is missed, and the two mappings never run side by side. Nothing is moved if the mapping of the other
    Region is switched off or gone. A second attempt continues with the mapping that the first one made.

    Leaves ``list_request`` and ``list_response`` (the mappings of the other Region), and for each step that was taken
    ``create_request`` and ``create_response``, ``delete_request`` and ``delete_response``, ``update_request`` and
    ``update_response``.
    """
    arn = setting(rule.stream_arn, "STREAM_ARN", what="the stream", option="stream_arn")
    uow, ours = yield from _listed(uow, rule)
    there = _mapping_there(uow["list_response"], arn, rule)
    here = _made_by_this_event(ours, arn, uow, rule)
    if here is None:
        if there is None or there.get("State") in _OFF:
            return uow
        uow = yield from _create(uow, there, arn, rule)
        here = uow["create_response"]
    if there is not None and there.get("State") != _DELETING:
        uow = yield from _delete(uow, there, rule)
    return (yield from _enable(uow, here))


def _listed(uow: UnitOfWork, rule: StreamFailoverRule) -> Steps:
    """List the function's mappings in both Regions, side by side."""
    name = setting(rule.function_name, "LISTENER_FUNCTION_NAME", what="the function", option="function_name")
    request = {"FunctionName": name}
    theirs, ours = yield [
        ListEventSourceMappings(request, region_name=_other_region(rule)),
        ListEventSourceMappings(request),
    ]
    return uow.extend(list_request=request, list_response=theirs), ours


def _create(uow: UnitOfWork, there: _Mapping, arn: str, rule: StreamFailoverRule) -> Steps:
    own = None if rule.to_create_request is None else (yield from call(rule.to_create_request, uow))
    request = {
        **{name: there[name] for name in _SETTINGS if there.get(name) is not None},
        "FunctionName": uow["list_request"]["FunctionName"],
        "EventSourceArn": arn,
        **(own or {}),
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": _start(uow, rule),
        "Enabled": False,
    }
    return uow.extend(create_request=request, create_response=(yield CreateEventSourceMapping(request)))


def _delete(uow: UnitOfWork, there: _Mapping, rule: StreamFailoverRule) -> Steps:
    request = {"UUID": there["UUID"]}
    response = yield DeleteEventSourceMapping(request, region_name=_other_region(rule))
    return uow.extend(delete_request=request, delete_response=response)


def _enable(uow: UnitOfWork, here: _Mapping) -> Steps:
    request = {"UUID": here["UUID"], "Enabled": True}
    return uow.extend(update_request=request, update_response=(yield UpdateEventSourceMapping(request)))


def _mapping_there(mappings: Sequence[_Mapping], arn: str, rule: StreamFailoverRule) -> _Mapping | None:
    """Return the other Region's mapping of the stream: the one with the stream's name, or the only one of a stream.

    Raises
    ------
    ValueError
        There are several candidates.
    """
    streams = [mapping for mapping in mappings if _is_of_stream(mapping)]
    named = [mapping for mapping in streams if _name_of(mapping["EventSourceArn"]) == _name_of(arn)]
    found = named or streams
    if len(found) > 1:
        raise ValueError(
            f"Rule {rule.id!r}: expected one event source mapping of a Kinesis stream in {_other_region(rule)}, or one "
            f"of a stream named {_name_of(arn)!r}, but found {', '.join(m['EventSourceArn'] for m in found)}."
        )
    return found[0] if found else None


def _made_by_this_event(
    mappings: Sequence[_Mapping], arn: str, uow: UnitOfWork, rule: StreamFailoverRule
) -> _Mapping | None:
    """Return the mapping that an earlier attempt at this event made: it starts exactly where this one would."""
    start = _start(uow, rule)
    for mapping in mappings:
        if mapping.get("EventSourceArn") == arn and mapping.get("StartingPositionTimestamp") == start:
            return mapping
    return None


def _start(uow: UnitOfWork, rule: StreamFailoverRule) -> datetime:
    """Return when to start reading: some minutes before the alarm, in whole seconds, as Lambda stores it."""
    at = datetime.fromtimestamp(uow.event["timestamp"] // 1000, timezone.utc)
    return at - timedelta(minutes=whole_number(rule.backoff, "BACKOFF", default=_DEFAULT_BACKOFF))


def _other_region(rule: StreamFailoverRule) -> str:
    return setting(rule.failover_region, "FAILOVER_REGION", what="the other Region", option="failover_region")


def _is_of_stream(mapping: _Mapping) -> bool:
    return ":kinesis:" in (mapping.get("EventSourceArn") or "")


def _name_of(arn: str) -> str:
    return arn.split(":", 5)[-1]
