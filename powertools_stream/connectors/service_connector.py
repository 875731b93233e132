"""The base of the connectors of AWS services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from powertools_stream.connectors.clients import Clients
from powertools_stream.requests import Request

__all__ = ["ServiceConnector"]


class ServiceConnector:
    """What the connectors of AWS services have in common: where their clients come from, and how they are closed.

    A class that derives from it names its `requests`, and has `entries` and `send`. A request that becomes one entry
    needs no more: its answer is the response to that entry.

    Parameters
    ----------
    clients
        Where the boto3 clients come from.

    Attributes
    ----------
    clients
        The same. ``clients.client_for(operation)`` is the client that makes the calls of an operation.
    """

    requests: tuple[type[Request], ...]

    calls_boto3_only: ClassVar[bool] = True
    """Whether `send` reaches a service only by way of `clients`. Then `testing.run` lets it make its calls, which are
    checked by the service's own model, and not sent."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        """Return the only response."""
        return responses[0]

    def close(self) -> None:
        """Cut the connections."""
        self.clients.close()
