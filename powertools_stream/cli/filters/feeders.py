"""What of a template sends events to a queue or a stream, and the envelope that they come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from powertools_stream.cli.stack import SourceMapping, Stack, dig, items_of
from powertools_stream.templates.values import Reference

__all__ = ["envelopes_of_feeders"]


def envelopes_of_feeders(mapping: SourceMapping) -> tuple[str, ...]:
    """Return the envelopes of what the template itself sends to the source of a mapping; none if it sends nothing."""
    if mapping.made_by:
        return ("sns",)
    if not isinstance(mapping.source, Reference):
        return ()
    found = [*_of_buses(mapping.stack, mapping.source), *_of_topics(mapping.stack, mapping.source)]
    return tuple(dict.fromkeys(found))


def _of_buses(stack: Stack, source: Reference) -> Iterator[str]:
    for rule in stack.of_type("AWS::Events::Rule"):
        for target in items_of(rule.properties.get("Targets")):
            if _is(dig(target, "Arn"), source):
                # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
                is_changed = any(dig(target, name) for name in ("Input", "InputPath", "InputTransformer"))
                yield "none" if is_changed else "eventbridge"


def _of_topics(stack: Stack, source: Reference) -> Iterator[str]:
    for subscription in stack.of_type("AWS::SNS::Subscription"):
        if _is(subscription.properties.get("Endpoint"), source):
            yield "none" if subscription.properties.get("RawMessageDelivery") in (True, "true") else "sns"
    for topic in stack.of_type("AWS::SNS::Topic"):
        if any(_is(dig(each, "Endpoint"), source) for each in items_of(topic.properties.get("Subscription"))):
            yield "sns"


def _is(value: Any, source: Reference) -> bool:
    return isinstance(value, Reference) and value.logical_id == source.logical_id
