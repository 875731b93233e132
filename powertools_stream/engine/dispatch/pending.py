"""What is asked for and not answered yet: requests, the entries that they become, and reads that several share."""

from __future__ import annotations

from collections.abc import Hashable
from contextvars import Context
from typing import TYPE_CHECKING, Any, Protocol

from powertools_stream.engine.failed import Failed

if TYPE_CHECKING:
    from powertools_stream.connectors.base import Connector, Entry
    from powertools_stream.engine.interrupter import Attempt
    from powertools_stream.requests import Request
    from powertools_stream.rules.compiled import CompiledRule

__all__ = ["PendingEntry", "PendingRequest", "Reply", "Requester", "SharedRead"]


class Requester(Protocol):
    """On whose behalf requests are made: most often the run of a rule."""

    wrote_at: int
    """How many writes of the batch had ended when its own last one did."""

    @property
    def position(self) -> tuple[int, int]:
        """Its place in the batch: by record, then by rule."""
        ...

    @property
    def rule(self) -> CompiledRule:
        """Which requests its flavor makes, and how its calls are made."""
        ...


class Reply(Protocol):
    """Where the answer to what was asked for goes."""

    @property
    def requester(self) -> Requester:
        """Who asked."""
        ...

    def deliver(self, answer: Any) -> None:
        """Take the answer, once; an error comes as `Failed`."""


class PendingRequest:
    """One request, and the responses to its entries that have come so far.

    Parameters
    ----------
    request
        The request.
    connector
        Carries it out.
    reply
        Gets the answer.
    entries
        How many responses there will be.

    Attributes
    ----------
    context
        The context variables of who asked, for whoever observes its calls; None: nobody does.
    """

    __slots__ = ("connector", "context", "missing", "reply", "request", "requester", "responses")

    def __init__(self, request: Request, connector: Connector, reply: Reply, entries: int) -> None:
        self.request = request
        self.connector = connector
        self.reply = reply
        self.requester = reply.requester
        self.responses: list[Any] = [None] * entries
        self.missing = entries
        self.context: Context | None = None

    def take(self, index: int, response: Any) -> bool:
        """Take one response; tell whether it was the last."""
        self.responses[index] = response
        self.missing -= 1
        return self.missing == 0

    def deliver(self, attempt: Attempt) -> None:
        """Hand the answer over, once all responses are there; an error as `Failed`."""
        failed = next((response for response in self.responses if isinstance(response, BaseException)), None)
        if failed is not None:
            self.reply.deliver(Failed(failed))
        else:
            self.reply.deliver(attempt(self.connector.answer, self.request, self.responses))


class PendingEntry:
    """One entry on its way, with every request that waits for its response.

    One that is not ready has its place among the others with its key, but goes into no chunk.

    Parameters
    ----------
    entry
        The entry.
    request
        The request that asked for it.
    index
        Which of the request's entries it is.
    """

    __slots__ = ("connector", "entry", "is_ready", "lane", "position", "sent_at", "waiting")

    def __init__(self, entry: Entry, request: PendingRequest, index: int) -> None:
        self.entry = entry
        self.connector = request.connector
        self.position = request.requester.position
        self.waiting = [(request, index)]
        self.sent_at: int | None = None
        self.is_ready = True
        # What orders it among other writes, whichever operation carries them; None: nothing does.
        self.lane: Hashable | None = None
        if entry.key is not None and not entry.operation.reads:
            self.lane = (entry.operation.service, entry.key)


class SharedRead:
    """A read that others may join: in flight, or answered just now."""

    __slots__ = ("entry", "readers", "response")

    def __init__(self, entry: PendingEntry) -> None:
        self.entry = entry
        self.response: Any = None
        self.readers = {entry.position}

    def may_be_joined_by(self, requester: Requester) -> bool:
        """Tell whether this is what the requester would get if it asked itself.

        Who has written must see the write, so it never joins a read that was sent before. And who has the answer and
        asks again wants to know what is there now.
        """
        if self.entry.sent_at is not None and self.entry.sent_at < requester.wrote_at:
            return False
        return self.response is None or requester.position not in self.readers
