"""DynamoDB: writes batched into ``BatchWriteItem``, gets into ``BatchGetItem``, all else one call each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from powertools_stream.connectors.base import Entry
from powertools_stream.connectors.dynamodb.reads import BatchGets, Pages
from powertools_stream.connectors.dynamodb.writes import BatchWrites, SingleWrites, is_batched
from powertools_stream.connectors.params import checked
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.requests import DeleteItem, GetItems, PutItem, Query, Scan, UpdateItem

__all__ = ["DynamoDBConnector"]


class _Operations(Protocol):
    """One way of calling DynamoDB, for the requests that go this way."""

    def entries(self, request: Any) -> Sequence[Entry]: ...

    def send(self, client: Any, entries: Sequence[Entry]) -> Sequence[Any]: ...

    def answer(self, request: Any, responses: Sequence[Any]) -> Any: ...


# None of them has a state of its own.
_BATCH_WRITES = BatchWrites()
_SINGLE_WRITES = SingleWrites()
_BATCH_GETS = BatchGets()
_PAGES = Pages()
_BY_OPERATION: Mapping[str, _Operations] = {
    "BatchWriteItem": _BATCH_WRITES,
    "BatchGetItem": _BATCH_GETS,
    "Query": _PAGES,
    "Scan": _PAGES,
}


class DynamoDBConnector(ServiceConnector):
    """Reads and writes items, with plain Python values in and out."""

    requests = (PutItem, DeleteItem, UpdateItem, GetItems, Query, Scan)

    def entries(self, request: Any) -> Sequence[Entry]:
        """Return what the request becomes: one entry, and of `GetItems` one for each key.

        Raises
        ------
        InvalidRequestError
            What DynamoDB's API asks for is missing.
        SettingError
            No table is named anywhere.
        ValueError, TypeError
            A value that DynamoDB cannot hold.
        """
        checked(request)
        return _operations_for(request).entries(request)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make one call; of a `Query` or `Scan` that asks for all items, one call for each page."""
        client = self.clients.client_for(entries[0].operation)
        return _BY_OPERATION.get(entries[0].operation.name, _SINGLE_WRITES).send(client, entries)

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        """Return the answer that the request's documentation promises."""
        return _operations_for(request).answer(request, responses)


def _operations_for(request: Any) -> _Operations:
    if isinstance(request, GetItems):
        return _BATCH_GETS
    if isinstance(request, Query | Scan):
        return _PAGES
    return _BATCH_WRITES if is_batched(request) else _SINGLE_WRITES
