"""The steps of flavors that publish events, from the result of the user's function to the request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ConfigDict, Field

from powertools_stream.environment.spelling import spelled
from powertools_stream.environment.tags import standard_tags, trace_tags
from powertools_stream.flavors.steps.calling import Steps, call, listed
from powertools_stream.requests import PutEvent
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import Rule
from powertools_stream.uow import Event, UnitOfWork

__all__ = [
    "PublishingRule",
    "emitted",
    "inherited_tags",
    "numbered",
    "publish",
    "publish_all",
    "publishing",
    "tagged",
    "triggers_of",
]

# Who published an event, and where. An event derived from it does not inherit these tags, since it has its own.
_PUBLISHER = frozenset({"functionname", "pipeline", "region", "source"})


class PublishingRule(Rule):
    """The fields that rules of publishing flavors share.

    Parameters
    ----------
    bus_name
        The bus, or a function of the unit of work that returns it; default: the processor's.
    source
        The ``Source`` of the entries; default: ``BUS_SRC``, then ``custom``.
    """

    model_config = ConfigDict(extra="forbid")

    bus_name: str | UserFunction | None = Field(default=None, description="a string or a function")
    source: str | None = Field(default=None, description="a string")


def publish(event: Event, uow: UnitOfWork, rule: PublishingRule) -> Steps:
    """Publish an event on the rule's bus."""
    return (yield publishing(event, uow, rule))


def publishing(event: Event, uow: UnitOfWork, rule: PublishingRule) -> PutEvent | Steps:
    """Return what is to be yielded to publish an event on the rule's bus."""
    if callable(rule.bus_name):
        return _publish_on(rule.bus_name, event, uow, rule)
    return PutEvent(event, bus_name=rule.bus_name, source=rule.source)


def _publish_on(bus_name: UserFunction, event: Event, uow: UnitOfWork, rule: PublishingRule) -> Steps:
    named = yield from call(bus_name, uow)
    return (yield PutEvent(event, bus_name=named, source=rule.source))


def tagged(event: Mapping[str, Any], rule: Rule) -> Event:
    """Return an event ready to publish.

    It has standard tags, unless it has its own, and no key that is None; its key is spelled for those who listen.
    """
    tags = event.get("tags")
    own = tags if isinstance(tags, Mapping) else {}
    result = {**event, "tags": {**standard_tags(rule.id), **own, **trace_tags()}}
    if result.get("partition_key", "") is None:
        del result["partition_key"]
    return spelled(result)


def emitted(emit: UserFunction, uow: UnitOfWork, template: Event, rule: Rule) -> Steps:
    """Call ``emit`` with a template, and return its events as a list.

    If there are several, each gets its position in the id, unless ``emit`` sets the id itself.
    """
    return numbered(listed((yield from call(emit, uow, template)), rule, "emit", "an event"), template)


def numbered(events: list[Event], template: Event) -> list[Event]:
    """Return events with their positions in their ids, if there are several that have the template's."""
    if len(events) < 2:
        return events
    own = template["id"]
    return [{**event, "id": f"{own}.{n}"} if event.get("id") == own else event for n, event in enumerate(events)]


def publish_all(events: list[Event], uow: UnitOfWork, rule: PublishingRule) -> Steps:
    """Publish events side by side, so that they fill one call.

    Returns a unit of work for each, with the event as ``emit``; the given one if there are no events.
    """
    if not events:
        return uow
    results = [uow.extend(emit=tagged(event, rule)) for event in events]
    asked = [publishing(result["emit"], result, rule) for result in results]
    yield asked if len(asked) > 1 else asked[0]
    return results


def inherited_tags(triggers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the tags that an event inherits from its triggers; those of later triggers override earlier ones."""
    tags: dict[str, Any] = {}
    for trigger in triggers:
        if isinstance(own := trigger.get("tags"), Mapping):
            tags.update(own)
    return {name: value for name, value in tags.items() if name not in _PUBLISHER}


def triggers_of(events: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Return the references to its triggers that an event carries."""
    return [{name: event.get(name) for name in ("id", "type", "timestamp")} for event in events]
