"""The error of a request without its main parameter: it names the given ones, since most often one is misspelt."""

from __future__ import annotations

import re

import pytest

from powertools_stream.connectors import Clients
from powertools_stream.connectors.registry import ConnectorRegistry
from powertools_stream.errors import InvalidRequestError
from powertools_stream.requests import GetItems, HttpRequest, PutItem, PutObject, Query, Request, SendMessage


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (PutObject({"key": "k", "Body": "x"}, bucket_name="b"), "to get {'Key': '…'}, but found only ['Body', 'key']"),
        (PutItem({"pk": "1"}, table_name="t"), "to get {'Item': {…}}, but found only ['pk']"),
        (PutItem({"Item": None}, table_name="t"), "to get {'Item': {…}}, but found None"),
        (HttpRequest({"method": "POST"}), "to get {'url': 'https://…'}, but found only ['method']"),
        (SendMessage({"Body": "x"}, queue_url="q"), "found ['Body']"),
        (GetItems("k", table_name="t"), "GetItems to get a mapping"),  # type: ignore[arg-type]
        (Query("k", table_name="t"), "Query to get a mapping"),  # type: ignore[arg-type]
    ],
)
def test_a_parameter_that_is_missing_is_told_with_those_that_are_there(request_: Request, says: str) -> None:
    connectors = ConnectorRegistry(Clients())

    with pytest.raises(InvalidRequestError, match=re.escape(says)):
        connectors.connector_for(type(request_)).entries(request_)
