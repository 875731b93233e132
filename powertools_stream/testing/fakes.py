"""A connector that answers every request by itself, and remembers it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from powertools_stream.connectors.connector import Entry, Operation
from powertools_stream.payloads import from_json, to_json
from powertools_stream.requests import Call, DeleteItem, GetItems, PutEvent, PutItem, Query, Request, Scan, UpdateItem

__all__ = ["FakeConnector", "Responses"]

Responses = Mapping[type[Request], Any] | Callable[[Any], Any]
"""By request type: an answer, an exception to be raised, or a function of the request that gives one of these. Or one
function for all requests, which answers `NotImplemented` where the default answer will do."""


class FakeConnector:
    """Answers requests without AWS. Pass it in ``StreamProcessor(connectors=[…])``.

    Events are encoded as EventBridge gets them, so that one that cannot be sent fails here as well.

    Parameters
    ----------
    responses
        Answers; what they leave out is answered as by a service in which all goes well and nothing is stored.

    Attributes
    ----------
    asked
        The requests, in the order in which they were carried out.
    published
        The events among them, decoded.
    """

    requests: tuple[type[Request], ...] = (Request,)

    def __init__(self, responses: Responses | None = None) -> None:
        self._responses = responses or {}
        self._numbers: Counter[str] = Counter()
        self.asked: list[Any] = []
        self.published: list[dict[str, Any]] = []

    def entries(self, request: Any) -> Sequence[Entry]:
        """Return one entry that holds the request itself."""
        kind = type(request)
        key = repr(request) if kind.reads else None
        payload = (request, from_json(to_json(request.event))) if kind is PutEvent else (request, None)
        return (Entry(Operation("fake", kind.__name__, reads=kind.reads), payload, key=key),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Answer each entry."""
        return [self._respond(*entry.payload) for entry in entries]

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        """Return the answer."""
        return responses[0]

    def close(self) -> None:
        """Do nothing: there are no connections."""

    def _respond(self, request: Any, event: dict[str, Any] | None) -> Any:
        self.asked.append(request)
        answer = self._scripted(request)
        if answer is NotImplemented:
            answer = self._default(request)
        if event is not None and not isinstance(answer, BaseException):
            self.published.append(event)
        return answer

    def _scripted(self, request: Any) -> Any:
        if callable(self._responses):
            return self._responses(request)
        answer = self._responses.get(type(request), NotImplemented)
        return answer(request) if callable(answer) and not isinstance(answer, type) else answer

    def _default(self, request: Any) -> Any:
        if isinstance(request, Call):
            return request.function(*request.args, **request.kwargs)
        if isinstance(request, PutEvent):
            self._numbers["event"] += 1
            return {"EventId": f"event-{self._numbers['event']}"}
        if isinstance(request, GetItems):
            return {"Responses": {request.table_name or "table": []}}
        if isinstance(request, Query | Scan):
            return {"Items": []} if request.page else []
        if isinstance(request, UpdateItem):
            return {"Attributes": {}}
        if isinstance(request, PutItem | DeleteItem):
            return {}
        return None
