from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest

from docs.examples.sources.tickets import TicketSource
from powertools_stream.requests import Call
from powertools_stream.sources import ReadEvent, Source
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Event, Record


class _Tickets(SourceSuite):
    make: Callable[[], Source] = TicketSource

    def source(self) -> Source:
        return type(self).make()

    def event(self) -> dict[str, Any]:
        at = 1_767_225_600_000
        return {"tickets": [{"no": n, "at": at, "desk": "north", "text": '{"type": "called"}'} for n in (1, 2)]}

    def malformed_record(self) -> Record:
        return {"no": 3, "at": 1_767_225_600_000, "desk": "north", "text": "not JSON"}


class TestTicketSource(_Tickets):
    pass


class _Redeeming(TicketSource):
    """Reads some records with a request, others without."""

    def read(self, record: Record) -> Generator[Any, Any, ReadEvent]:  # type: ignore[override]
        if record.get("no") == 99:
            yield Call(print)
        return super().read(record)


class TestSourceThatReadsAsAGenerator(_Tickets):
    make = _Redeeming


class _Several(TicketSource):
    """Reads two events from each record."""

    def read(self, record: Record) -> ReadEvent:
        return [_one(super().read(record)), _one(super().read({**record, "desk": "south"}))]


class TestSourceThatReadsSeveralEventsFromARecord(_Tickets):
    make = _Several


class TestSourceWhoseEventsAreOneRecordEach(_Tickets):
    def events(self) -> list[dict[str, Any]]:
        return [{"tickets": [ticket]} for ticket in self.event()["tickets"]]


def _one(read: ReadEvent) -> Event:
    assert isinstance(read, dict)
    return read


class _Greedy(TicketSource):
    def recognises(self, record: Any) -> bool:
        return True


class _Nameless(TicketSource):
    def identifier(self, record: Record) -> Any:
        return ""


class _Twin(TicketSource):
    def identifier(self, record: Record) -> Any:
        return "1"


class _Careless(TicketSource):
    def read(self, record: Record) -> ReadEvent:
        record["read"] = True
        return super().read(record)


class _Sharing(TicketSource):
    def read(self, record: Record) -> ReadEvent:
        return {**_one(super().read(record)), "tags": _TAGS}


_TAGS: dict[str, Any] = {}


class _Seconds(TicketSource):
    def read(self, record: Record) -> ReadEvent:
        event = _one(super().read(record))
        return {**event, "timestamp": event["timestamp"] // 1000}


class _Forgiving(TicketSource):
    def read(self, record: Record) -> ReadEvent:
        return super().read({**record, "text": "{}"})


class _Skipping(TicketSource):
    def read(self, record: Record) -> ReadEvent:
        return None


class _Blind(TicketSource):
    def records(self, event: Any) -> list[Record] | None:
        return None


class _Asking(TicketSource):
    def read(self, record: Record) -> Generator[Any, Any, Event]:  # type: ignore[override]
        yield Call(print)
        return {}


class _Trusting(TicketSource):
    """Takes for granted what a record holds."""

    def read(self, record: Record) -> ReadEvent:
        return {**_one(super().read(record)), "desk": record["desk"].upper()}

    def identifier(self, record: Record) -> Any:
        return record["no"] or 1

    def order_key(self, record: Record) -> Any:
        return record["desk"]


@pytest.mark.parametrize(
    ("make", "test"),
    [
        (_Greedy, "test_it_does_not_recognise_the_records_of_other_sources"),
        (_Nameless, "test_identifiers_are_stable_not_empty_and_unique"),
        (_Twin, "test_identifiers_are_stable_not_empty_and_unique"),
        (_Twin, "test_record_ids_are_texts_not_empty_and_unique"),
        (_Careless, "test_reading_does_not_change_the_record"),
        (_Sharing, "test_reading_twice_gives_equal_events_that_share_nothing"),
        (_Seconds, "test_the_timestamp_is_in_milliseconds"),
        (_Forgiving, "test_a_malformed_record_raises_an_error_that_names_it"),
        (_Skipping, "test_an_event_has_an_id_a_type_a_timestamp_and_tags"),
        (_Blind, "test_it_splits_its_event_into_records"),
        (_Trusting, "test_a_record_that_holds_something_else_is_read_or_malformed"),
        (_Trusting, "test_nothing_it_says_of_a_record_raises_whatever_the_record_holds"),
        (_Trusting, "test_a_record_is_named_or_malformed_whatever_it_holds"),
        (_Asking, "test_an_event_has_an_id_a_type_a_timestamp_and_tags"),
    ],
)
def test_the_suite_finds_what_a_source_does_wrong(make: Callable[[], Source], test: str) -> None:
    suite = _Tickets()
    suite.source = make  # type: ignore[method-assign]

    with pytest.raises(AssertionError):
        getattr(suite, test)()
