"""S3: objects written, read, copied, listed; deletes batched into ``DeleteObjects``, all else one call each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from powertools_stream.connectors.base import Entry, Refused
from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.s3.params import bucket_of
from powertools_stream.connectors.s3.reads import ObjectLines, read_entry
from powertools_stream.connectors.s3.writes import delete_all, write_entry
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.requests import (
    CopyObject,
    DeleteObject,
    GetObject,
    GetObjectLines,
    HeadObject,
    ListObjects,
    PutObject,
)

__all__ = ["S3Connector"]


class S3Connector(ServiceConnector):
    """Reads and writes objects.

    Parameters
    ----------
    clients
        Where the boto3 client comes from.
    bucket_name
        The bucket of requests that name none; default: ``BUCKET_NAME``.
    """

    requests = (
        CopyObject,
        DeleteObject,
        GetObject,
        GetObjectLines,
        HeadObject,
        ListObjects,
        PutObject,
    )

    def __init__(self, clients: Clients, *, bucket_name: str | None = None) -> None:
        super().__init__(clients)
        self._bucket_name = bucket_name

    def entries(self, request: Any) -> Sequence[Entry]:
        """Return one entry.

        Raises
        ------
        InvalidRequestError
            What S3's API asks for is missing, or the key is none that it takes.
        EntryTooLargeError
            The object is larger than one call can carry.
        SettingError
            No bucket is named anywhere.
        ValueError, TypeError
            A body that JSON has no form for.
        """
        bucket = bucket_of(request, self._bucket_name)
        is_write = isinstance(request, PutObject | CopyObject | DeleteObject)
        return (write_entry(request, bucket) if is_write else read_entry(request, bucket),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make one call; of a `ListObjects` that asks for all objects, one call for each page."""
        operation = entries[0].operation
        client = self.clients.client_for(operation)
        if operation.name == "DeleteObjects":
            return delete_all(client, entries)
        return [entry.payload.carry_out(client) for entry in entries]

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        """Return the answer that the request's documentation promises."""
        (response,) = responses
        if isinstance(response, Refused):
            return {}
        if isinstance(request, GetObjectLines):
            return ObjectLines(response, request.encoding)
        if isinstance(request, ListObjects):
            return dict(response, Contents=list(response["Contents"])) if request.page else list(response)
        # An equal read has the same response: the mapping is copied, what is in it is shared.
        return None if response is None else dict(response)
