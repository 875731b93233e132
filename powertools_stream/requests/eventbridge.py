"""The request for EventBridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = ["PutEvent"]


BUS = Place(
    "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/{name}",
    "bus_name",
    variables=("BUS_NAME",),
)


@dataclass(frozen=True, slots=True)
class PutEvent(Request):
    """Publish one event on EventBridge; batched into ``PutEvents``. Answers the entry's result (``{"EventId": …}``).

    Parameters
    ----------
    event
        The event. Its ``type`` becomes the ``DetailType``, all of it the ``Detail``.
    bus_name
        Name or ARN of the bus; default: the processor's ``bus_name``, then ``BUS_NAME``.
    source
        The entry's ``Source``; default: ``BUS_SRC``, then ``custom``.
    resources
        ARNs that the event concerns.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("events:PutEvents", BUS),)
    carries: ClassVar[tuple[str, ...]] = ("event",)

    event: Mapping[str, Any]
    bus_name: str | None = field(default=None, kw_only=True)
    source: str | None = field(default=None, kw_only=True)
    resources: tuple[str, ...] = field(default=(), kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that the event was taken."""
        return {"EventId": f"event-{n}"}
