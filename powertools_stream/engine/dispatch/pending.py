"""What the dispatcher knows of one request: who asked for it, and the responses that have come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from powertools_stream.outcomes import Failed

if TYPE_CHECKING:
    from powertools_stream.call_options import Terms
    from powertools_stream.connectors.base import Connector
    from powertools_stream.engine.dispatch.chunks import Pending
    from powertools_stream.requests import Asks, Request

__all__ = ["Asker", "SharedRead", "Ticket", "Waiter"]


class Waiter(Protocol):
    """Gets the answer."""

    def deliver(self, slot: int, answer: Any) -> None:
        """Take the answer to the request that was asked for under this slot; an error comes as `Failed`."""


class Asker(Protocol):
    """The unit of work on whose behalf a request is made."""

    wrote_at: int

    @property
    def position(self) -> tuple[int, int]:
        """Its place in the batch: by record, then by rule."""
        ...

    @property
    def asks(self) -> Asks:
        """The requests that its flavor makes, in order."""
        ...

    @property
    def terms(self) -> Terms | None:
        """On what terms calls are made for it; None: on those of all."""
        ...


class Ticket:
    """One request, and the responses to its entries that have come so far."""

    __slots__ = ("asker", "connector", "missing", "request", "responses", "slot", "waiter")

    def __init__(self, request: Request, connector: Connector, asker: Asker, waiter: Waiter, slot: int) -> None:
        self.request = request
        self.connector = connector
        self.asker = asker
        self.waiter = waiter
        self.slot = slot
        self.responses: list[Any] = []
        self.missing = 0

    def expect(self, entries: int) -> None:
        """Say how many responses there will be."""
        self.responses = [None] * entries
        self.missing = entries

    def take(self, index: int, response: Any) -> bool:
        """Take one response; tell whether it was the last."""
        self.responses[index] = response
        self.missing -= 1
        return self.missing == 0

    def answer(self) -> Any:
        """Return the answer, once all responses are there; an error as `Failed`."""
        for response in self.responses:
            if isinstance(response, BaseException):
                return Failed(response)
        try:
            return self.connector.answer(self.request, self.responses)
        except Exception as error:
            return Failed(error)


class SharedRead:
    """A read that others may join: in flight, or answered just now."""

    __slots__ = ("askers", "pending", "response")

    def __init__(self, pending: Pending) -> None:
        self.pending = pending
        self.response: Any = None
        self.askers: set[tuple[int, int]] = set()

    def may_be_joined_by(self, asker: Asker) -> bool:
        """Tell whether this is what the asker would get if it asked itself.

        A unit of work that has written must see its write, so it never joins a read that was sent before. And whoever
        has the answer and asks again wants to know what is there now.
        """
        if self.pending.sent_at is not None and self.pending.sent_at < asker.wrote_at:
            return False
        return self.response is None or asker.position not in self.askers
