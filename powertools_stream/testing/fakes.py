"""A connector that answers every request by itself, and remembers it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from powertools_stream.connectors.base import Entry, Operation
from powertools_stream.payloads.json_text import from_json, to_json
from powertools_stream.requests import Call, HttpResponse, PutEvent, Request

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
        # As it is with the real ones: nobody but its author knows whether a function may run twice.
        max_attempts = 1 if kind is Call else None
        return (Entry(Operation("fake", kind.__name__, reads=kind.reads, max_attempts=max_attempts), payload, key=key),)

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
        for kind in type(request).__mro__:
            if (answer := _DEFAULTS.get(kind.__name__)) is not None:
                self._numbers[kind.__name__] += 1
                return answer(request, self._numbers[kind.__name__])
        return None


# By name: a test pays for the requests that it makes only.
_DEFAULTS: Mapping[str, Callable[[Any, int], Any]] = {
    "Call": lambda call, n: call.function(*call.args, **call.kwargs),
    "PutEvent": lambda request, n: {"EventId": f"event-{n}"},
    # DynamoDB
    "DeleteItem": lambda request, n: {},
    "GetItems": lambda request, n: {"Responses": {request.table_name or "table": []}},
    "PutItem": lambda request, n: {},
    "Query": lambda request, n: {"Items": []} if request.page else [],
    "Scan": lambda request, n: {"Items": []} if request.page else [],
    "UpdateItem": lambda request, n: {"Attributes": {}},
    # S3
    "CopyObject": lambda request, n: {"CopyObjectResult": {"ETag": f'"{n}"'}},
    "DeleteObject": lambda request, n: {"Key": request.params["Key"]},
    "GetObject": lambda request, n: {"Body": b""},
    "GetObjectLines": lambda request, n: iter(()),
    "ListObjects": lambda request, n: {"Contents": []} if request.page else [],
    "PutObject": lambda request, n: {"ETag": f'"{n}"'},
    # Messages and streams
    "PublishMessage": lambda request, n: {"MessageId": f"message-{n}"},
    "PutDeliveryRecord": lambda request, n: {"RecordId": f"record-{n}"},
    "PutRecord": lambda request, n: {"SequenceNumber": str(n), "ShardId": "shardId-000000000000"},
    "SendMessage": lambda request, n: {"MessageId": f"message-{n}"},
    # Functions, schedules, metrics
    "CreateEventSourceMapping": lambda request, n: {"UUID": f"mapping-{n}", **request.params},
    "CreateSchedule": lambda request, n: {"ScheduleArn": f"schedule-{n}"},
    "DeleteEventSourceMapping": lambda request, n: dict(request.params),
    "DeleteSchedule": lambda request, n: {},
    "InvokeFunction": lambda request, n: {"StatusCode": 200, "Payload": None},
    "ListEventSourceMappings": lambda request, n: [],
    "PutMetricData": lambda request, n: {},
    "UpdateEventSourceMapping": lambda request, n: dict(request.params),
    "UpdateSchedule": lambda request, n: {"ScheduleArn": f"schedule-{n}"},
    # OpenSearch and HTTP
    "DeleteDocument": lambda request, n: {"result": "deleted"},
    "HttpRequest": lambda request, n: HttpResponse(200, {}, None),
    "IndexDocument": lambda request, n: {"result": "created"},
    "UpdateDocument": lambda request, n: {"result": "updated"},
}
