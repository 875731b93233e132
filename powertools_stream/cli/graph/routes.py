"""The rules of EventBridge in a template: which events they take from a bus, and where to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.graph.event_types import is_whole
from powertools_stream.cli.graph.model import BUS, Node
from powertools_stream.cli.graph.places import Places
from powertools_stream.cli.graph.sam_events import sam_events_of
from powertools_stream.cli.stack import SAM_RULES, Stack, dig, is_on, items_of, may_match

__all__ = ["Route", "routes_of"]

_DEFAULT_BUS = "default"
_NO_TYPE = "\x00"
"""A type that no event has: what takes it takes all types that it does not leave out."""


@dataclass(frozen=True)
class Route:
    """A rule of EventBridge, and one of its targets.

    Parameters
    ----------
    name
        Its logical id.
    bus, target
        From where it brings events, and where to.
    pattern
        The events that it takes; None: all.
    """

    name: str
    bus: Node
    target: Node
    pattern: Any

    @property
    def names(self) -> tuple[str, ...]:
        """The types that its pattern names."""
        return _names_in(self.pattern)

    @property
    def is_of_aws(self) -> bool:
        """Whether it takes what services of AWS publish, on the default bus."""
        sources = items_of(dig(_decoded(self.pattern), "source"))
        return bool(sources) and all(isinstance(each, str) and each.startswith("aws.") for each in sources)

    @property
    def is_open(self) -> bool:
        """Whether it takes all types of events, or all but some."""
        return self.may_take(_NO_TYPE)

    @property
    def shown(self) -> str:
        """What a person calls the events that it takes."""
        left_out = _left_out(self.pattern)
        if self.is_open:
            return f"all but {', '.join(left_out)}" if left_out else "all events"
        return ", ".join(self.names)

    def may_take(self, event_type: str) -> bool:
        """Return whether it may take events of a type; also if that cannot be told."""
        if not is_whole(event_type):
            return True
        detail = {"type": event_type}
        return may_match(self.pattern, {"detail-type": event_type, "detail": detail})


def _decoded(pattern: Any) -> Any:
    try:
        return json.loads(pattern) if isinstance(pattern, str) else pattern
    except ValueError:
        return None


def _wanted(pattern: Any) -> list[Any]:
    decoded = _decoded(pattern)
    return items_of(dig(decoded, "detail-type")) or items_of(dig(decoded, "detail", "type"))


def _names_in(pattern: Any) -> tuple[str, ...]:
    wanted = _wanted(pattern)
    exact = [each for each in wanted if isinstance(each, str)]
    prefixes = [f"{each['prefix']}*" for each in wanted if isinstance(dig(each, "prefix"), str)]
    return tuple(dict.fromkeys(exact + prefixes))


def _left_out(pattern: Any) -> tuple[str, ...]:
    named = (dig(each, "anything-but") for each in _wanted(pattern))
    return tuple(one for each in named for one in items_of(each) if isinstance(one, str))


# -- The rules of buses ------------------------------------------------------------------------------------------------


def routes_of(stack: Stack, places: Places) -> Iterator[Route]:
    """Yield the rules of EventBridge that take events of a bus."""
    for rule in stack.of_type("AWS::Events::Rule"):
        if is_on(rule.properties) and "EventPattern" in rule.properties:
            bus = _bus(stack, places, rule.properties)
            for target in items_of(rule.properties.get("Targets")):
                to = places.of_value(stack, dig(target, "Arn"))
                yield Route(rule.logical_id, bus, to, rule.properties["EventPattern"])
    for event in sam_events_of(stack):
        if event.type in SAM_RULES and is_on(event.properties):
            bus = _bus(stack, places, event.properties)
            yield Route(event.name, bus, places.of_resource(stack, event.owner), event.properties.get("Pattern"))


def _bus(stack: Stack, places: Places, properties: Mapping[str, Any]) -> Node:
    return places.of_value(stack, properties.get("EventBusName") or _DEFAULT_BUS, BUS)
