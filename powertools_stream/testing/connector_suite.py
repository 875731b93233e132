"""What every connector has to keep to, as tests: derive from `ConnectorSuite` and pytest runs them on yours."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from typing import Any

from powertools_stream.classification import is_retryable
from powertools_stream.connectors.base import Connector, Entry, Operation
from powertools_stream.requests import Request

__all__ = ["ConnectorSuite"]


class ConnectorSuite:
    """Tests of the connector contract; a subclass says what to test them on.

    `sample_requests` go to a service (an emulator, `ScriptedEndpoint`, …) that carries them out, and
    `failing_requests` to one that fails the last of them. Override `connector` and `sample_requests`; the rest is
    optional, but a connector that writes should be asked for its `unproven_requests`.

    Examples
    --------
    >>> class TestMyConnector(ConnectorSuite):  # doctest: +SKIP
    ...     def connector(self):
    ...         return MyConnector()
    ...
    ...     def sample_requests(self):
    ...         return [MyRequest(1), MyRequest(2)]
    """

    def connector(self) -> Connector:
        """Make the connector under test."""
        raise NotImplementedError("Expected the suite to say which connector it tests: override connector().")

    def sample_requests(self) -> Sequence[Request]:
        """Return two requests or more that the service carries out, none equal to another."""
        raise NotImplementedError("Expected the suite to have requests to test with: override sample_requests().")

    def failing_requests(self) -> Sequence[Request]:
        """Have the service fail the last of the requests that this returns, and only that one; none: not tested."""
        return ()

    def unproven_requests(self) -> Sequence[Request]:
        """Have the service answer these with success, but without what proves it; none: not tested.

        An answer says neither that a thing was done nor why not if the service is broken, or something in front of it.
        """
        return ()

    def unsendable_requests(self) -> Sequence[Request]:
        """Return requests that the connector is to refuse by itself, before anything is sent."""
        return ()

    # -- What a connector says of itself ---------------------------------------------------------------------------

    def test_it_fulfils_the_protocol(self) -> None:
        """It has the methods, and names request types that derive from `Request`."""
        connector = self.connector()

        assert isinstance(connector, Connector)
        assert connector.requests
        assert all(issubclass(kind, Request) for kind in connector.requests)

    def test_the_sample_requests_are_its_own(self) -> None:
        """Each request in the suite is of a type that the connector names."""
        kinds = self.connector().requests

        given = (self.sample_requests(), self.failing_requests(), self.unproven_requests(), self.unsendable_requests())
        for request in chain.from_iterable(given):
            assert isinstance(request, kinds), f"{request!r} is none of {kinds}"

    # -- Entries ---------------------------------------------------------------------------------------------------

    def test_entries_are_made_without_io(self) -> None:
        """Deciding what a request becomes opens no connection: it happens on the main thread."""
        connector = self.connector()

        with _no_connections():
            entries = [entry for request in self.sample_requests() for entry in connector.entries(request)]

        assert entries
        assert all(isinstance(entry, Entry) for entry in entries)

    def test_equal_requests_become_equal_entries(self) -> None:
        """The operation, the size and the key depend on the request alone, and can be looked up by hash."""
        connector = self.connector()

        for request in self.sample_requests():
            first, second = connector.entries(request), connector.entries(request)
            assert [_identity(entry) for entry in first] == [_identity(entry) for entry in second]
            assert all(isinstance(hash(_identity(entry)), int) for entry in first)

    def test_an_entry_fits_into_a_call_of_its_own(self) -> None:
        """Limits are positive; where bytes are limited, an entry has a size, which keeps to the limit."""
        for _, entry in self._entries(self.connector()):
            operation = entry.operation
            assert operation.max_entries >= 1
            assert operation.max_attempts is None or operation.max_attempts >= 1
            if operation.max_bytes is not None:
                assert 0 < entry.size <= operation.max_bytes

    def test_an_operation_reads_where_its_request_reads(self) -> None:
        """Equal reads are asked once, so a write must never pass for a read."""
        for request, entry in self._entries(self.connector()):
            assert entry.operation.reads <= type(request).reads, f"{request!r} is no read"

    def test_unsendable_requests_are_refused_at_once(self) -> None:
        """What no service could carry out is an error of that request alone, before it shares a call."""
        connector = self.connector()

        for request in self.unsendable_requests():
            refused = _error_of(lambda request=request: connector.entries(request))  # type: ignore[misc]
            assert isinstance(refused, Exception), f"{request!r} was not refused"
            assert str(refused), f"{request!r} was refused without a word"

    # -- Calls -----------------------------------------------------------------------------------------------------

    def test_every_entry_is_answered_in_order(self) -> None:
        """A call answers one response per entry, and sharing a call changes no answer's shape."""
        connector = self.connector()
        requests = self.sample_requests()

        together = _answers(connector, requests)

        assert len(together) == len(requests)
        for request, answer in zip(requests, together, strict=True):
            assert not isinstance(answer, BaseException), f"{request!r} failed: {answer!r}"
            (alone,) = _answers(connector, [request])
            assert type(alone) is type(answer)
        connector.close()

    def test_it_sends_from_worker_threads(self) -> None:
        """Several threads may send at the same time."""
        connector = self.connector()
        requests = [request for request in self.sample_requests() for _ in range(4)]

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda request: _answers(connector, [request])[0], requests))

        assert not [answer for answer in answers if isinstance(answer, BaseException)]
        connector.close()

    def test_an_entry_that_fails_fails_alone(self) -> None:
        """The exception is the response of that entry; the others of the call have theirs."""
        connector = self.connector()
        if not (requests := self.failing_requests()):
            return

        answers = _answers(connector, requests)

        assert isinstance(answers[-1], Exception)
        assert not any(isinstance(answer, BaseException) for answer in answers[:-1])
        connector.close()

    def test_an_answer_that_proves_nothing_is_a_passing_error(self) -> None:
        """What says neither that it was done nor why not is no success, and not the fault of the record that asked."""
        requests = self.unproven_requests()
        connector = self.connector()

        for request, answer in zip(requests, _answers(connector, requests), strict=True):
            assert isinstance(answer, Exception), f"{request!r} passed for done: {answer!r}"
            assert is_retryable(answer), f"{request!r} was blamed: {answer!r}"
        connector.close()

    def test_it_goes_on_after_close(self) -> None:
        """Closing ends what is under way, as often as one likes; the next call makes new connections."""
        connector = self.connector()
        requests = self.sample_requests()
        _answers(connector, requests)

        connector.close()
        connector.close()

        assert not any(isinstance(answer, BaseException) for answer in _answers(connector, requests))
        connector.close()

    def _entries(self, connector: Connector) -> list[tuple[Request, Entry]]:
        return [(request, entry) for request in self.sample_requests() for entry in connector.entries(request)]


@contextmanager
def _no_connections() -> Iterator[None]:
    connect, lookup = socket.socket.connect, socket.getaddrinfo
    socket.socket.connect = socket.getaddrinfo = _refuse  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        socket.socket.connect, socket.getaddrinfo = connect, lookup  # type: ignore[method-assign]


def _refuse(*_: Any, **__: Any) -> None:
    raise AssertionError("Expected entries() to do no I/O, but it opened a connection.")


def _identity(entry: Entry) -> tuple[Any, ...]:
    return entry.operation, entry.size, entry.key


def _error_of(function: Callable[[], Any]) -> Exception | None:
    try:
        function()
    except Exception as error:
        return error
    return None


def _answers(connector: Connector, requests: Sequence[Request]) -> list[Any]:
    """Carry requests out as the library does: as few calls as the operations allow."""
    responses: list[list[Any]] = [[] for _ in requests]
    calls: dict[Operation, list[tuple[int, int, Entry]]] = {}
    for index, request in enumerate(requests):
        for place, entry in enumerate(connector.entries(request)):
            responses[index].append(None)
            calls.setdefault(entry.operation, []).append((index, place, entry))
    for operation, wanted in calls.items():
        for start in range(0, len(wanted), operation.max_entries):
            chunk = wanted[start : start + operation.max_entries]
            for (index, place, _), response in zip(
                chunk, _sent(connector, [entry for *_, entry in chunk]), strict=True
            ):
                responses[index][place] = response
    return [_answer(connector, request, of) for request, of in zip(requests, responses, strict=True)]


def _sent(connector: Connector, entries: Sequence[Entry]) -> Sequence[Any]:
    try:
        responses = connector.send(entries)
    except Exception as error:
        return [error] * len(entries)
    assert len(responses) == len(entries), f"{len(entries)} entries were sent, {len(responses)} answered"
    return responses


def _answer(connector: Connector, request: Request, responses: Sequence[Any]) -> Any:
    for response in responses:
        if isinstance(response, BaseException):
            return response
    return connector.answer(request, responses)
