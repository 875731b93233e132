"""What becomes of fault events on a bus of a stack."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from powertools_stream.cli.stack.functions import functions_of
from powertools_stream.cli.stack.stack import Resource, Stack
from powertools_stream.matching.event_patterns import EventPatternError, compile_event_pattern
from powertools_stream.templates.values import dig

__all__ = ["BUS", "SAM_RULES", "is_on", "keeps_faults", "may_match"]

BUS = "AWS::Events::EventBus"

_FAULT = {"detail-type": "fault", "detail": {"type": "fault", "disposition": "set-aside"}}
"""What is the same in all fault events of records that are set aside, under the names of EventBridge's envelope."""

SAM_RULES = ("EventBridgeRule", "CloudWatchEvent")
"""SAM's types of events that are rules of a bus."""


def keeps_faults(stack: Stack, bus: Resource) -> bool:
    """Return whether a rule or an archive takes fault events from a bus; also if that cannot be told."""
    return any(may_match(pattern, _FAULT) for pattern in _patterns(stack, bus))


def _patterns(stack: Stack, bus: Resource) -> Iterator[Any]:
    """Yield the patterns by which something takes events from a bus; None takes all."""
    for rule in stack.of_type("AWS::Events::Rule"):
        if _is_of(stack, rule.properties.get("EventBusName"), bus) and is_on(rule.properties):
            yield rule.properties.get("EventPattern")
    for archive in stack.of_type("AWS::Events::Archive"):
        if _is_of(stack, archive.properties.get("SourceArn"), bus):
            yield archive.properties.get("EventPattern")
    for properties in _sam_events(stack):
        if _is_of(stack, properties.get("EventBusName"), bus) and is_on(properties):
            yield properties.get("Pattern")


def _sam_events(stack: Stack) -> Iterator[Mapping[str, Any]]:
    owners = [function.resource for function in functions_of(stack)] + stack.of_type("AWS::Serverless::StateMachine")
    for owner in owners:
        events = owner.properties.get("Events")
        for event in events.values() if isinstance(events, Mapping) else ():
            properties = dig(event, "Properties")
            if dig(event, "Type") in SAM_RULES and isinstance(properties, Mapping):
                yield properties


def _is_of(stack: Stack, value: Any, bus: Resource) -> bool:
    if value is None:
        return False  # the default bus
    named = stack.named(value, BUS)
    return named.logical_id == bus.logical_id if named else not isinstance(value, str)


def is_on(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule of EventBridge is not disabled, by its properties, or those of an event of SAM."""
    return rule.get("State") != "DISABLED" and rule.get("Enabled") is not False


def may_match(pattern: Any, event: Mapping[str, Any]) -> bool:
    """Return whether a rule may take such an event; also if that cannot be told.

    Parameters
    ----------
    pattern
        The rule's pattern; None takes all.
    event
        What is known of the event, under the names of EventBridge's envelope. Other fields may have any value.
    """
    told = _told(_decoded(pattern), event)
    try:
        return not told or compile_event_pattern(told)(event)
    except EventPatternError:
        return True  # cfn-lint says so


def _decoded(pattern: Any) -> Any:
    try:
        return json.loads(pattern) if isinstance(pattern, str) else pattern
    except ValueError:
        return None


def _told(pattern: Any, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a pattern that names fields which all fault events have, and values that can be told."""
    told: dict[str, Any] = {}
    for name, wanted in (pattern if isinstance(pattern, Mapping) else {}).items():
        within = event.get(name)
        if isinstance(within, Mapping):
            told |= {name: inner} if (inner := _told(wanted, within)) else {}
        elif within is not None and _is_plain(wanted):
            told[name] = wanted
    return told


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True
