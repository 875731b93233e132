"""Which connector carries out which request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from powertools_stream.connectors.base import Connector
from powertools_stream.connectors.clients import Clients
from powertools_stream.errors import InvalidRequestError
from powertools_stream.requests import Request

__all__ = ["Connectors"]

# The module and the class of each built-in connector, with the requests that it carries out: by name, so that a
# function that publishes events only does not load what belongs to other services.
_BUILT_IN: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("call", "CallConnector"): ("Call",),
    ("cloudwatch", "CloudWatchConnector"): ("PutMetricData",),
    ("dynamodb", "DynamoDBConnector"): ("DeleteItem", "GetItems", "PutItem", "Query", "Scan", "UpdateItem"),
    ("eventbridge", "EventBridgeConnector"): ("PutEvent",),
    ("firehose", "FirehoseConnector"): ("PutDeliveryRecord",),
    ("aws_lambda", "LambdaConnector"): (
        "CreateEventSourceMapping",
        "DeleteEventSourceMapping",
        "InvokeFunction",
        "ListEventSourceMappings",
        "UpdateEventSourceMapping",
    ),
    ("http", "HttpConnector"): ("HttpRequest",),
    ("kinesis", "KinesisConnector"): ("PutRecord",),
    ("opensearch", "OpenSearchConnector"): ("DeleteDocument", "IndexDocument", "UpdateDocument"),
    ("parameters", "ParametersConnector"): ("GetParameter", "GetSecret"),
    ("s3", "S3Connector"): (
        "CopyObject",
        "DeleteObject",
        "GetObject",
        "GetObjectLines",
        "HeadObject",
        "ListObjects",
        "PutObject",
    ),
    ("scheduler", "SchedulerConnector"): ("CreateSchedule", "DeleteSchedule", "UpdateSchedule"),
    ("sns", "SNSConnector"): ("PublishMessage",),
    ("sqs", "SQSConnector"): ("SendMessage",),
}
_HOMES = {request: home for home, requests in _BUILT_IN.items() for request in requests}
# Where the request types of this library live; a user's own may have the same name.
_VOCABULARY = "powertools_stream.requests."


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
        self._options: dict[str, dict[str, Any]] = {"eventbridge": {"bus_name": bus_name}}
        self._made: list[Connector] = []
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

    def close(self) -> None:
        """Cut the connections of all connectors, so that calls under way end in an error."""
        self._clients.close()
        for connector in (*self._made, *self._own):
            connector.close()

    def _find(self, request_type: type[Request]) -> Connector:
        for base in request_type.__mro__:
            if base in self._owned:
                return self._owned[base]
        for base in request_type.__mro__:
            if base in self._found:
                return self._found[base]
            if base.__name__ in _HOMES and base.__module__.startswith(_VOCABULARY):
                return self._make(*_HOMES[base.__name__])
        known = ", ".join(sorted({*_HOMES, *(kind.__name__ for kind in self._found)}))
        raise InvalidRequestError(
            f"Expected a request that a connector carries out, but found {request_type.__name__}; known are {known}. "
            "Pass its connector in connectors=(…,)."
        )

    def _make(self, module: str, name: str) -> Connector:
        """Make a built-in connector, for all of its requests that the user's own have left."""
        kind = getattr(import_module(f"powertools_stream.connectors.{module}"), name)
        connector: Connector = kind(self._clients, **self._options.get(module, {}))
        for request_type in connector.requests:
            self._found.setdefault(request_type, connector)
        self._made.append(connector)
        return connector
