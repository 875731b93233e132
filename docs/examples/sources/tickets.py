from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from powertools_stream.errors import MalformedRecordError
from powertools_stream.sources import ReadEvent, Source, parse_object, read_events
from powertools_stream.uow import Record


class TicketSource(Source):
    """``{"tickets": [{"no": …, "at": …, "desk": …, "text": …}]}``, from a partner."""

    name = "tickets"

    def recognises(self, record: Mapping[str, Any]) -> bool:
        return "no" in record and "desk" in record

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        return event.get("tickets")

    def read(self, record: Record) -> ReadEvent:
        record_id = self.record_id(record)
        body = parse_object(record.get("text"), "the ticket's text", record_id)
        return read_events(body, record_id, record.get("at"), self.order_key(record))

    def identifier(self, record: Record) -> Any:
        number = record.get("no")
        if isinstance(number, int) and number > 0:
            return number
        raise MalformedRecordError(
            f"Expected a ticket with a number, found {number!r}."
        )

    def order_key(self, record: Record) -> Hashable | None:
        desk = record.get("desk")
        return desk if isinstance(desk, str) else None
