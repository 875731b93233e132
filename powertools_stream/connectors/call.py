"""`Call`: blocking code of the user's own, on a worker thread."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from powertools_stream.connectors.base import Entry, Operation
from powertools_stream.connectors.clients import Clients
from powertools_stream.errors import InvalidRequestError
from powertools_stream.requests import Call, Request

__all__ = ["CONNECTOR", "CallConnector"]

# Once only: only its author knows whether a function may run twice.
_CALL = Operation("call", "Call", max_attempts=1)


class CallConnector:
    """Runs functions."""

    requests: tuple[type[Request], ...] = (Call,)

    def __init__(self, clients: Clients | None = None) -> None:
        """Take no clients: every built-in connector is made in the same way."""

    def entries(self, request: Call) -> Sequence[Entry]:
        """Return one entry.

        Raises
        ------
        InvalidRequestError
            The function is not callable, or runs on an event loop rather than on a thread.
        """
        if not callable(request.function):
            raise InvalidRequestError(f"Expected Call to get a function, but found {request.function!r}.")
        if inspect.iscoroutinefunction(request.function):
            raise InvalidRequestError(
                f"Expected Call to get a blocking function, but {request.function!r} is `async def`. "
                "Yield its coroutine itself."
            )
        return (Entry(_CALL, request),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Run the functions; what one raises is its response."""
        return [_run(entry.payload) for entry in entries]

    def answer(self, request: Call, responses: Sequence[Any]) -> Any:
        """Return what the function returned."""
        return responses[0][0]

    def close(self) -> None:
        """Do nothing: a function cannot be stopped from outside."""


def _run(call: Call) -> Any:
    try:
        result = call.function(*call.args, **call.kwargs)
    except Exception as error:
        return error
    if inspect.iscoroutine(result):
        result.close()
        return InvalidRequestError(
            f"Expected {call.function!r} to block until it is done, but it returned a coroutine. Yield that itself."
        )
    # In a tuple, since a function may return an exception, and a response that is one means failure.
    return (result,)


CONNECTOR = CallConnector
