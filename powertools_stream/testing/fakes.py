"""A connector that answers every request by itself and records it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from powertools_stream import requests
from powertools_stream.connectors.base import Connector, Entry, Operation
from powertools_stream.payloads.json_text import from_json, to_json
from powertools_stream.requests import Call, PutEvent, RemainingTime, Request
from powertools_stream.testing.answers import answer_of, check_responses
from powertools_stream.testing.checks import Check, Checks

__all__ = ["TEST_BUS", "FakeConnector", "Responses"]

TEST_BUS = "test-bus"

Responses = Mapping[type[Request], Any] | Callable[[Any], Any]
"""By request type: an answer, an exception to raise, or a function that takes the request and returns one of these. A
type stands for those that derive from it, too. Or one function for all requests, which returns `NotImplemented` for the
request's `sample_answer`. `RemainingTime` is answered by the engine, unless it is among the types."""


class FakeConnector:
    """Answers requests without AWS. Pass it in ``StreamProcessor(connectors=[…])``.

    Before it answers a request, the connector that would send it checks it, and the service's own model checks the
    call. So a request that fails on its way to AWS fails here too, in the same way.

    Parameters
    ----------
    responses
        The answers; any other request is answered with its `sample_answer`, as by a service that always succeeds and
        stores nothing. A request with an answer of its own may go to a table, a queue, … that is named nowhere.
    bus_name
        The bus of events that name none; None: ``BUS_NAME``.
    connectors
        Your own, which check their requests, but send nothing.

    Attributes
    ----------
    asked
        The requests, in the order in which they were made.
    published
        The events among them, decoded.
    mistakes
        What was wrong with answers of the test: no service answers like that. The request gets it as its error.

    Raises
    ------
    TypeError
        A key of the answers is no request type.
    """

    requests: tuple[type[Request], ...] = (Request,)

    def __init__(
        self,
        responses: Responses | None = None,
        *,
        bus_name: str | None = TEST_BUS,
        connectors: Sequence[Connector] = (),
    ) -> None:
        self._responses = {} if responses is None else responses
        if not callable(self._responses):
            check_responses(self._responses, _request_types())
            if RemainingTime in self._responses:
                self.requests = (Request, RemainingTime)
        self._checks = Checks(connectors, bus_name)
        self._numbers: Counter[Callable[..., Any]] = Counter()
        self.asked: list[Any] = []
        self.published: list[dict[str, Any]] = []
        self.mistakes: list[TypeError] = []

    def entries(self, request: Any) -> Sequence[Entry]:
        """Return one entry that holds the request itself.

        Raises
        ------
        Exception
            What the request's own connector finds wrong with it.
        """
        kind = type(request)
        check = self._checks.of(request)
        key = repr(request) if kind.reads else None
        payload = (request, from_json(to_json(request.event)) if kind is PutEvent else None, check)
        # As in the real connector: only its author knows whether a function may run twice.
        max_attempts = 1 if kind is Call else None
        return (Entry(Operation("fake", kind.__name__, reads=kind.reads, max_attempts=max_attempts), payload, key=key),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Answer each entry; one that its service would refuse, with the error."""
        return [self._respond(*entry.payload) for entry in entries]

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        """Return the answer."""
        return responses[0]

    def close(self) -> None:
        """Do nothing: there are no connections."""

    def _respond(self, request: Any, event: dict[str, Any] | None, check: Check) -> Any:
        self.asked.append(request)
        if (failure := check.failure()) is not None:
            return failure
        answer = self._scripted(request)
        if answer is NotImplemented:
            answer = check.missing or self._sample(request)
        else:
            answer = self._as_given(request, answer)
        if event is not None and not isinstance(answer, BaseException):
            self.published.append(event)
        return answer

    def _scripted(self, request: Any) -> Any:
        if callable(self._responses):
            return self._responses(request)
        answer = next(
            (self._responses[base] for base in type(request).__mro__ if base in self._responses), NotImplemented
        )
        return answer(request) if callable(answer) and not isinstance(answer, type) else answer

    def _as_given(self, request: Any, answer: Any) -> Any:
        try:
            return answer_of(request, answer)
        except TypeError as mistake:
            self.mistakes.append(mistake)
            return mistake

    def _sample(self, request: Any) -> Any:
        # Types that inherit their sample answer are numbered together with the type that defines it.
        answering = type(request).sample_answer
        self._numbers[answering] += 1
        return request.sample_answer(self._numbers[answering])


def _request_types() -> dict[str, type[Request]]:
    named = {name: getattr(requests, name) for name in requests.__all__}
    return {name: kind for name, kind in named.items() if isinstance(kind, type) and issubclass(kind, Request)}
