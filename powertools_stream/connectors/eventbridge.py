"""EventBridge: `PutEvent`, batched into ``PutEvents``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from powertools_stream.connectors.base import Entry
from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.params import byte_length, operation_of
from powertools_stream.connectors.proofs import outcomes
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.environment.settings import setting, whole_number
from powertools_stream.environment.variables import once_per_batch, variable
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError
from powertools_stream.payloads.json_text import to_json
from powertools_stream.requests import PutEvent

__all__ = ["CONNECTOR", "MAX_ENTRIES", "MAX_REQUEST_BYTES", "EventBridgeConnector", "max_request_bytes"]

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
MAX_ENTRIES = 10
# "Under 1 MB" over all entries. The page does not say whether that is 10⁶ or 2²⁰.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
MAX_REQUEST_BYTES = 1_000_000
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
_MAX_DETAIL_TYPE = 128


class EventBridgeConnector(ServiceConnector):
    """Publishes events.

    Parameters
    ----------
    clients
        Where the boto3 client comes from.
    bus_name
        Name or ARN of the bus for requests that name none; default: ``BUS_NAME``.
    """

    requests = (PutEvent,)

    def __init__(self, clients: Clients, *, bus_name: str | None = None) -> None:
        super().__init__(clients)
        self._bus_name = bus_name

    def entries(self, request: PutEvent) -> Sequence[Entry]:
        """Return one entry: the event as JSON, and its size as EventBridge counts it.

        Raises
        ------
        InvalidRequestError
            The event is no mapping, has no type, or a type beyond 128 characters, or holds what JSON cannot. Its source
            or a resource is no text.
        EntryTooLargeError
            The event is, on its own, larger than one call may be.
        SettingError
            No bus is named anywhere.
        """
        bus = setting(request.bus_name or self._bus_name, "BUS_NAME", what="the event bus", option="bus_name")
        source = request.source or variable("BUS_SRC") or "custom"
        detail_type = _detail_type(request.event)
        detail = to_json(request.event)
        _check_texts(source, *(request.resources or ()))
        payload: dict[str, Any] = {
            "EventBusName": bus,
            "Source": source,
            "DetailType": detail_type,
            "Detail": detail,
        }
        size = byte_length(source) + byte_length(detail_type) + byte_length(detail)
        if request.resources:
            payload["Resources"] = list(request.resources)
            size += sum(map(byte_length, request.resources))
        max_bytes = max_request_bytes()
        if size > max_bytes:
            raise EntryTooLargeError(
                f"Expected an event of at most {max_bytes} bytes, but the {detail_type!r} event "
                f"{request.event.get('id')!r} has {size}. Publish less of it, or a reference to the rest."
            )
        return (Entry(operation_of("events", "PutEvents", bus, MAX_ENTRIES, max_bytes), payload, size),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make one ``PutEvents`` call; an entry that EventBridge did not take is a `RequestFailedError`."""
        client = self.clients.client_for(entries[0].operation)
        response = client.put_events(Entries=[entry.payload for entry in entries])
        return outcomes(response, "Entries", "EventId", count=len(entries), service="EventBridge")


@once_per_batch
def max_request_bytes() -> int:
    """Return how many bytes the entries of one ``PutEvents`` call may have together: ``MAX_REQ_SIZE``, or the limit."""
    return whole_number(None, "MAX_REQ_SIZE", default=MAX_REQUEST_BYTES, what="a number of bytes")


def _check_texts(*values: Any) -> None:
    for value in values:
        if not isinstance(value, str):
            raise InvalidRequestError(f"Expected an event's source and resources to be texts, but found {value!r}.")


def _detail_type(event: Any) -> str:
    if not isinstance(event, (dict, Mapping)):  # `dict` first: it takes a fifth of the time
        raise InvalidRequestError(f"Expected an event to be a mapping, but found {type(event).__qualname__}.")
    detail_type = event.get("type")
    if not isinstance(detail_type, str) or not detail_type:
        raise InvalidRequestError(
            f"Expected an event with a type, such as 'order-created', but event {event.get('id')!r} has "
            f"{detail_type!r}. Set its 'type'."
        )
    if len(detail_type) > _MAX_DETAIL_TYPE:
        raise InvalidRequestError(
            f"Expected an event type of at most {_MAX_DETAIL_TYPE} characters, but event {event.get('id')!r} has one "
            f"of {len(detail_type)}: {detail_type!r}."
        )
    return detail_type


CONNECTOR = EventBridgeConnector
