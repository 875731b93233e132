"""The ``Events`` of SAM's functions and state machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.stack import Resource, Stack, dig, functions_of

__all__ = ["SamEvent", "sam_events_of"]


@dataclass(frozen=True)
class SamEvent:
    """An event source that SAM makes for a function or a state machine.

    Parameters
    ----------
    owner
        The function, or the state machine.
    name, type, properties
        As the template says.
    """

    owner: Resource
    name: str
    type: str
    properties: Mapping[str, Any]


def sam_events_of(stack: Stack) -> Iterator[SamEvent]:
    """Yield the ``Events`` of a template."""
    functions = [function.resource for function in functions_of(stack) if function.is_sam]
    for owner in [*functions, *stack.of_type("AWS::Serverless::StateMachine")]:
        events = owner.properties.get("Events")
        for name, event in (events if isinstance(events, Mapping) else {}).items():
            properties = dig(event, "Properties")
            settings = properties if isinstance(properties, Mapping) else {}
            yield SamEvent(owner, str(name), str(dig(event, "Type")), settings)
