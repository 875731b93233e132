"""The steps of flavors that emit events: from what the user's function returns to what is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from powertools_stream.flavors.steps.calling import PublishingRule, Steps, call, listed, publish, tagged
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import Rule
from powertools_stream.uow import Event, UnitOfWork

__all__ = ["emitted", "inherited_tags", "publish_all", "triggers_of"]

# Who published an event, and where: not handed on to an event that is made of it, which has its own.
_PUBLISHER = frozenset({"functionname", "pipeline", "region", "source"})


def emitted(emit: UserFunction, uow: UnitOfWork, template: Event, rule: Rule) -> Steps:
    """Call ``emit`` with a template, and return its events as a list; several get an id each, by position.

    An id that ``emit`` sets itself stays.
    """
    events = listed((yield from call(emit, uow, template)), rule, "emit", "an event")
    return events if len(events) < 2 else [_numbered(event, n, template) for n, event in enumerate(events)]


def publish_all(events: list[Event], uow: UnitOfWork, rule: PublishingRule) -> Steps:
    """Publish events side by side, so that they fill one call.

    Returns a unit of work for each, with the event as ``emit``; the one that was given, where there is none.
    """
    if not events:
        return uow
    results = [uow.extend(emit=tagged(event, rule)) for event in events]
    if len(results) == 1:
        yield from publish(results[0]["emit"], results[0], rule)
    else:
        yield [publish(result["emit"], result, rule) for result in results]
    return results


def inherited_tags(triggers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the tags that an event has from those that it is made of; a later one's come first."""
    tags: dict[str, Any] = {}
    for trigger in triggers:
        if isinstance(own := trigger.get("tags"), Mapping):
            tags.update(own)
    return {name: value for name, value in tags.items() if name not in _PUBLISHER}


def triggers_of(events: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Return what an event says of those that it is made of."""
    return [{name: event.get(name) for name in ("id", "type", "timestamp")} for event in events]


def _numbered(event: Event, position: int, template: Event) -> Event:
    return {**event, "id": f"{template['id']}.{position}"} if event.get("id") == template["id"] else event
