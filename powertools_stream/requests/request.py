"""What every request has in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from powertools_stream.requests.permissions import Permission

__all__ = ["Asks", "Request", "content_of", "with_content"]


class Request:
    """What every request has in common. Derive a frozen dataclass from it to make a request of your own."""

    __slots__ = ()

    reads: ClassVar[bool] = False
    """Whether the request only reads: equal reads in flight are asked once."""

    carries: ClassVar[tuple[str, ...]] = ()
    """Where it has its content, if that may be an event: a field, or a field and a name in it. Large events are
    compressed, or travel as a claim check, in any request that says so."""

    permissions: ClassVar[tuple[Permission, ...]] = ()
    """What the role of the function has to allow for it. A request of your own says so, too, if it goes to AWS."""

    if not TYPE_CHECKING:  # to a type checker, it is an error already

        def __await__(self):
            """Say what to write: a request is yielded, since the engine, not an event loop, carries it out."""
            name = type(self).__name__
            raise TypeError(
                f"A request is yielded, not awaited: `response = yield {name}(…)` in a function that is `def`, not "
                "`async def`. The engine carries it out, together with those of other records."
            )

    def sample_answer(self, n: int) -> Any:
        """Return what a service answers in which all goes well and nothing is stored, for tests: `FakeConnector` asks.

        Parameters
        ----------
        n
            1 for the first request of its type that is answered, 2 for the second, …, for ids that differ.
        """
        return None


def content_of(request: Request) -> Mapping[str, Any] | None:
    """Return the event that a request carries; None if it carries none."""
    if not request.carries:
        return None
    field, *rest = request.carries
    value = getattr(request, field)
    for name in rest:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else None


def with_content(request: Request, event: Mapping[str, Any]) -> Request:
    """Return the same request with another event."""
    field, *rest = request.carries
    value: Any = {**getattr(request, field), rest[0]: event} if rest else event
    return replace(request, **{field: value})  # type: ignore[type-var]


Asks = tuple[type[Request], ...]
"""The requests that a flavor makes, in the order in which it makes them; empty: it does not say."""
