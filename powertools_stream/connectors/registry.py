"""Which connector carries out which request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from powertools_stream import requests
from powertools_stream.connectors.base import Connector
from powertools_stream.connectors.clients import Clients
from powertools_stream.errors import InvalidRequestError
from powertools_stream.requests import Request

__all__ = ["ConnectorRegistry"]

# A request type of `powertools_stream.requests.<service>` is carried out by the `CONNECTOR` of
# `powertools_stream.connectors.<service>`. By name, so that a function that publishes events only does not load what
# belongs to other services.
_REQUESTS = "powertools_stream.requests."
_CONNECTORS = "powertools_stream.connectors."
# The boto3 client of the requests of a module, where there is one for all of them.
_SERVICES = {
    f"{_REQUESTS}{module}": service
    for module, service in {
        "aws_lambda": "lambda",
        "dynamodb": "dynamodb",
        "eventbridge": "events",
        "firehose": "firehose",
        "kinesis": "kinesis",
        "s3": "s3",
        "scheduler": "scheduler",
        "sns": "sns",
        "sqs": "sqs",
    }.items()
}


class ConnectorRegistry:
    """Finds the connector of a request: the user's own first, then the built-in ones, which are made on first use.

    Parameters
    ----------
    clients
        Where the built-in connectors get their boto3 clients.
    own
        The user's connectors. They may take over a built-in request type, or, with `Request`, all of them.
    options
        The options of the built-in connectors, by service: ``{"eventbridge": {"bus_name": "orders"}}``.
    """

    def __init__(
        self,
        clients: Clients,
        own: Sequence[Connector] = (),
        options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._clients = clients
        self._own = tuple(own)
        self._options = options or {}
        self._made: dict[str, Connector] = {}
        # A user's connector comes first, and an earlier one before a later one.
        self._owned: dict[type[Request], Connector] = {
            request_type: connector for connector in reversed(self._own) for request_type in connector.requests
        }
        self._found = dict(self._owned)

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

    def is_owned(self, request_type: type[Request]) -> bool:
        """Tell whether a connector of the user's names this very request type."""
        return request_type in self._owned

    def make_clients_ahead(self, request_types: Iterable[type[Request]]) -> None:
        """Begin to make the clients of the built-in connectors of these types; see `Clients.make_ahead`."""
        self._clients.make_ahead(self._services_of(request_types))

    def close(self) -> None:
        """Cut the connections of all connectors, so that calls under way end in an error."""
        self._clients.close()
        for connector in (*self._made.values(), *self._own):
            connector.close()

    def _services_of(self, request_types: Iterable[type[Request]]) -> Iterator[str]:
        modules = {each.__module__ for each in request_types if each not in self._owned}
        yield from (_SERVICES[module] for module in sorted(modules) if module in _SERVICES)

    def _find(self, request_type: type[Request]) -> Connector:
        for base in request_type.__mro__:
            if base in self._owned:
                return self._owned[base]
        for base in request_type.__mro__:
            if base is Request or not base.__module__.startswith(_REQUESTS):
                continue
            connector = self._built_in(base.__module__.removeprefix(_REQUESTS))
            if base in connector.requests:
                return connector
        raise InvalidRequestError(
            f"Expected a request that a connector carries out, but found {request_type.__name__}; known are "
            f"{', '.join(self._known())}. Pass its connector in connectors=(…,)."
        )

    def _built_in(self, service: str) -> Connector:
        """Return the built-in connector of a service, made on first use."""
        connector = self._made.get(service)
        if connector is None:
            kind = import_module(_CONNECTORS + service).CONNECTOR
            connector = self._made[service] = kind(self._clients, **self._options.get(service, {}))
        return connector

    def _known(self) -> list[str]:
        """Return the names of all request types, for a message."""
        values = (getattr(requests, name) for name in requests.__all__)
        built_in = {value for value in values if isinstance(value, type) and issubclass(value, Request)}
        return sorted(kind.__name__ for kind in {*built_in, *self._owned} - {Request, requests.RemainingTime})
