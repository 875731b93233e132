"""Which connector carries out which request."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from powertools_stream.connectors.calls import CallConnector
from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.connector import Connector
from powertools_stream.errors import InvalidRequestError
from powertools_stream.requests import Call, DeleteItem, GetItems, PutEvent, PutItem, Query, Request, Scan, UpdateItem

__all__ = ["Connectors"]


class Connectors:
    """Finds the connector of a request: the user's own first, then the built-in ones, which are made on first use.

    Parameters
    ----------
    clients
        Where the built-in connectors get their boto3 clients.
    own
        The user's connectors. They may take over a built-in request type, or, with `Request`, all of them.
    bus_name
        The bus of events that name none.
    """

    def __init__(self, clients: Clients, own: Sequence[Connector] = (), bus_name: str | None = None) -> None:
        self._clients = clients
        self._own = tuple(own)
        self._bus_name = bus_name
        # A user's connector comes first, and an earlier one before a later one.
        self._owned: dict[type[Request], Connector] = {
            request_type: connector for connector in reversed(self._own) for request_type in connector.requests
        }
        self._found = dict(self._owned)
        self._built_in: dict[type[Request], Callable[[], Connector]] = {
            Call: CallConnector,
            PutEvent: self._eventbridge,
            **dict.fromkeys((PutItem, DeleteItem, UpdateItem, GetItems, Query, Scan), self._dynamodb),
        }

    def connector_for(self, request_type: type[Request]) -> Connector:
        """Return the connector of a request type, or of the nearest type that it derives from.

        Raises
        ------
        InvalidRequestError
            No connector carries it out.
        """
        connector = self._found.get(request_type)
        if connector is None:
            connector = self._found[request_type] = self._find(request_type)
        return connector

    def close(self) -> None:
        """Cut the connections of all connectors, so that calls under way end in an error."""
        self._clients.close()
        for connector in self._own:
            connector.close()

    def _find(self, request_type: type[Request]) -> Connector:
        for base in request_type.__mro__:
            if base in self._owned:
                return self._owned[base]
        for base in request_type.__mro__:
            if base in self._found:
                return self._found[base]
            if base in self._built_in:
                return self._make(self._built_in[base])
        known = ", ".join(sorted(kind.__name__ for kind in {*self._found, *self._built_in}))
        raise InvalidRequestError(
            f"Expected a request that a connector carries out, but found {request_type.__name__}; known are {known}. "
            "Pass its connector in connectors=(…,)."
        )

    def _make(self, factory: Callable[[], Connector]) -> Connector:
        """Make a built-in connector, for all of its requests that the user's own have left."""
        connector = factory()
        for request_type in connector.requests:
            self._found.setdefault(request_type, connector)
        return connector

    # Imported here, so that a function that publishes events only does not load the connectors of other services.

    def _eventbridge(self) -> Connector:
        from powertools_stream.connectors.eventbridge import EventBridgeConnector

        return EventBridgeConnector(self._clients, bus_name=self._bus_name)

    def _dynamodb(self) -> Connector:
        from powertools_stream.connectors.dynamodb import DynamoDBConnector

        return DynamoDBConnector(self._clients)
