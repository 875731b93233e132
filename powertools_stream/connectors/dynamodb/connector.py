"""DynamoDB: writes batched into ``BatchWriteItem``, gets into ``BatchGetItem``, all else one call each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from powertools_stream.connectors.base import Entry
from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.dynamodb.reads import BatchGets, Pages
from powertools_stream.connectors.dynamodb.writes import BatchWrites, SingleWrites, is_batched
from powertools_stream.connectors.params import checked
from powertools_stream.requests import DeleteItem, GetItems, PutItem, Query, Request, Scan, UpdateItem

__all__ = ["DynamoDBConnector"]


class _Operations(Protocol):
    """One way of calling DynamoDB, for the requests that go this way."""

    def entries(self, request: Any) -> Sequence[Entry]: ...

    def send(self, client: Any, entries: Sequence[Entry]) -> Sequence[Any]: ...

    def answer(self, request: Any, responses: Sequence[Any]) -> Any: ...


class DynamoDBConnector:
    """Reads and writes items, with plain Python values in and out.

    Parameters
    ----------
    clients
        Where the boto3 client comes from.
    """

    requests: tuple[type[Request], ...] = (PutItem, DeleteItem, UpdateItem, GetItems, Query, Scan)

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._batch_writes = BatchWrites()
        self._single_writes = SingleWrites()
        self._batch_gets = BatchGets()
        self._pages = Pages()
        self._senders: dict[str, _Operations] = {
            "BatchWriteItem": self._batch_writes,
            "BatchGetItem": self._batch_gets,
            "Query": self._pages,
            "Scan": self._pages,
        }

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
        return self._way(request).entries(request)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make one call; of a `Query` or `Scan` that asks for all items, one call for each page."""
        client = self._clients.client_for(entries[0].operation)
        return self._senders.get(entries[0].operation.name, self._single_writes).send(client, entries)

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        """Return the answer that the request's documentation promises."""
        return self._way(request).answer(request, responses)

    def close(self) -> None:
        """Cut the connections."""
        self._clients.close()

    def _way(self, request: Any) -> _Operations:
        if isinstance(request, GetItems):
            return self._batch_gets
        if isinstance(request, Query | Scan):
            return self._pages
        return self._batch_writes if is_batched(request) else self._single_writes
