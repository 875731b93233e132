from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from powertools_stream import requests
from powertools_stream.connectors import Clients, Connector, Entry, Operation
from powertools_stream.connectors.call import CallConnector
from powertools_stream.connectors.dynamodb.connector import DynamoDBConnector
from powertools_stream.connectors.eventbridge import EventBridgeConnector
from powertools_stream.connectors.registry import ConnectorRegistry
from powertools_stream.errors import StreamError
from powertools_stream.requests import Call, PutEvent, PutItem, Query, RemainingTime, Request
from powertools_stream.testing.connector_suite import ConnectorSuite

# The root and aliases; parts of answers; requests that the engine answers itself.
NOT_FOR_CONNECTORS = {"Asks", "Request", "OnConditionFailed", "HttpResponse", "Permission", "Place", "RemainingTime"}


@dataclass(frozen=True)
class Square(Request):
    number: int


class OwnConnector:
    """A user-written connector, for a service of their own and in place of a built-in one."""

    def __init__(self, requests: tuple[type[Request], ...] = (Square,)) -> None:
        self.requests = requests
        self.closed = 0

    def entries(self, request: Any) -> Sequence[Entry]:
        return [Entry(Operation("maths", "Square", max_entries=2), request.number)]

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        return [entry.payload**2 for entry in entries]

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        return responses[0]

    def close(self) -> None:
        self.closed += 1


class TestContract(ConnectorSuite):
    def connector(self) -> Connector:
        return OwnConnector()

    def sample_requests(self) -> Sequence[Request]:
        return [Square(1), Square(2), Square(3)]


@dataclass(frozen=True)
class _AuditEvent(PutEvent):
    pass


class _Unknown(Request):
    pass


def test_built_in_requests_have_their_connectors() -> None:
    connectors = ConnectorRegistry(Clients(), options={"eventbridge": {"bus_name": "bus"}})

    assert isinstance(connectors.connector_for(Call), CallConnector)
    assert isinstance(connectors.connector_for(PutEvent), EventBridgeConnector)
    assert isinstance(connectors.connector_for(PutItem), DynamoDBConnector)
    assert connectors.connector_for(Query) is connectors.connector_for(PutItem)
    assert connectors.connector_for(PutEvent).entries(PutEvent({"type": "x"}))[0].operation.target == "bus"


@pytest.mark.parametrize("name", [name for name in requests.__all__ if name not in NOT_FOR_CONNECTORS])
def test_each_built_in_request_has_a_connector_that_names_it(name: str) -> None:
    request_type = getattr(requests, name)

    connector = ConnectorRegistry(Clients()).connector_for(request_type)

    assert isinstance(connector, Connector)
    assert request_type in connector.requests


@pytest.mark.parametrize("request_type", [Request, RemainingTime])
def test_what_the_engine_answers_itself_has_no_connector(request_type: type[Request]) -> None:
    with pytest.raises(StreamError, match=f"found {request_type.__name__}; known are Call"):
        ConnectorRegistry(Clients()).connector_for(request_type)


def test_a_request_that_derives_from_another_goes_the_same_way() -> None:
    connectors = ConnectorRegistry(Clients())

    assert connectors.connector_for(_AuditEvent) is connectors.connector_for(PutEvent)


def test_the_users_own_connectors_come_first() -> None:
    own, later = OwnConnector((Square, PutItem)), OwnConnector((Square,))
    connectors = ConnectorRegistry(Clients(), own=[own, later])

    assert isinstance(connectors.connector_for(Query), DynamoDBConnector)
    assert connectors.connector_for(PutItem) is own
    assert connectors.connector_for(Square) is own


def test_a_request_that_nobody_carries_out_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(StreamError, match=r"found _Unknown; known are Call, .*connectors="):
        ConnectorRegistry(Clients()).connector_for(_Unknown)


def test_closing_closes_all() -> None:
    own = OwnConnector()
    connectors = ConnectorRegistry(Clients(), own=[own])

    connectors.close()

    assert own.closed == 1
