from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from powertools_stream.connectors import Connector
from powertools_stream.connectors.call import CallConnector
from powertools_stream.errors import InvalidRequestError
from powertools_stream.requests import Call, Request
from powertools_stream.testing.connector_suite import ConnectorSuite


async def _coroutine() -> int:
    return 1


def _fails() -> None:
    raise KeyError("x")


class TestContract(ConnectorSuite):
    def connector(self) -> Connector:
        return CallConnector()

    def sample_requests(self) -> Sequence[Request]:
        return [Call(int, "1"), Call(round, 2.5, ndigits=0), Call(threading.get_ident)]

    def failing_requests(self) -> Sequence[Request]:
        return [Call(int, "1"), Call(_fails)]

    def unsendable_requests(self) -> Sequence[Request]:
        return [Call(_coroutine), Call("function")]  # type: ignore[arg-type]


def _run(request: Call) -> Any:
    connector = CallConnector()
    (response,) = connector.send(connector.entries(request))
    return response if isinstance(response, BaseException) else connector.answer(request, [response])


def test_a_function_runs_once_only() -> None:
    (entry,) = CallConnector().entries(Call(int))

    assert entry.operation.max_attempts == 1


def test_an_exception_that_is_returned_is_no_failure() -> None:
    error = ValueError("returned")

    assert (
        CallConnector().answer(Call(int), CallConnector().send(CallConnector().entries(Call(lambda: error)))) is error
    )


def test_what_is_raised_is_the_response() -> None:
    assert isinstance(_run(Call(_fails)), KeyError)


def test_a_coroutine_is_not_for_a_thread() -> None:
    assert isinstance(_run(Call(lambda: _coroutine())), InvalidRequestError)
    with pytest.raises(InvalidRequestError, match="Yield its coroutine itself"):
        CallConnector().entries(Call(_coroutine))
