"""The contract of event sources, as tests: derive a class from `SourceSuite` in a test module of your own."""

# The names of the tests are their descriptions.
# ruff: noqa: D102

from __future__ import annotations

import copy
import json
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from powertools_stream.errors import MalformedRecordError
from powertools_stream.sources.detection import source_of
from powertools_stream.sources.recognition import source_of_records
from powertools_stream.sources.source import Source
from powertools_stream.testing.firehose import to_firehose_records
from powertools_stream.testing.notifications import (
    to_alarm_event,
    to_cognito_event,
    to_destination_event,
    to_eventbridge_event,
    to_s3_records,
    to_schedule_event,
    to_sns_records,
)
from powertools_stream.testing.records import (
    to_dynamodb_records,
    to_kafka_records,
    to_kinesis_records,
    to_sqs_records,
)
from powertools_stream.uow import Event, Record

__all__ = ["SourceSuite"]


class SourceSuite:
    """The contract of a `Source`. Derive a class ``Test…`` from it, and pytest collects its tests.

    Override `source`, `event` and `malformed_record`; `events`, if an event of the source is one record; `read`, if the
    source reads with requests.
    """

    def source(self) -> Source:
        """Return a new instance of the source under test."""
        raise NotImplementedError

    def event(self) -> Any:
        """Return a new event as Lambda sends it, with at least two readable records."""
        raise NotImplementedError

    def events(self) -> list[Any]:
        """Return events as Lambda sends them, with at least two records in total; by default, only `event`'s."""
        return [self.event()]

    def malformed_record(self) -> Record:
        """Return a new record of this source that cannot be read."""
        raise NotImplementedError

    def foreign_records(self) -> list[Record]:
        """Return records that the source must not recognise; by default, those of all other built-in sources."""
        own = _trait(self._records()[0])
        built = [
            to_sqs_records([{}]),
            to_kinesis_records([{}]),
            to_dynamodb_records([{"new_image": {"pk": "1", "sk": "order"}}]),
            to_kafka_records([{}]),
            to_s3_records(["orders/1.json"]),
            to_sns_records([{}]),
            to_eventbridge_event({}, detail_type="order-created"),
            to_schedule_event(),
            to_alarm_event(),
            to_cognito_event(),
            to_destination_event({}),
            {"Records": [{"Item": {}}]},
            to_firehose_records([{}]),
        ]
        return [{}, *(record for event in built for record in _flat(event) if _trait(record) != own)]

    def read(self, record: Record) -> Event | list[Event] | None:
        """Read a record. Override it to answer the requests of a source that yields some."""
        read = self.source().read(record)
        if not isinstance(read, Generator):
            return read
        try:
            request = next(read)
        except StopIteration as stop:
            result: Event | list[Event] | None = stop.value
            return result
        raise AssertionError(f"{type(self).__name__}.read does not answer {request!r}: override it.")

    # -- Recognising ---------------------------------------------------------------------------------------------------

    def test_it_has_a_short_name(self) -> None:
        assert self.source().name

    def test_it_splits_its_event_into_records(self) -> None:
        assert len(self._records()) >= 2, "event() should have two records or more; else override events()."

    def test_it_finds_no_records_in_an_event_without_a_place_for_them(self) -> None:
        assert self.source().records({}) is None

    def test_it_recognises_its_own_records_readable_or_not(self) -> None:
        source = self.source()
        for record in [*self._records(), self.malformed_record()]:
            assert source.recognises(record) is True

    def test_it_does_not_recognise_the_records_of_other_sources(self) -> None:
        source = self.source()
        for record in self.foreign_records():
            assert not source.recognises(record), f"recognised a record with the keys {sorted(record)}"

    def test_it_is_told_from_its_event_and_from_its_records(self) -> None:
        source = self.source()
        for event in self.events():
            assert source_of(event, [source]) is source
        assert source_of_records(self._records(), [source]) is source

    # -- Reading -------------------------------------------------------------------------------------------------------

    def test_an_event_has_an_id_a_type_a_timestamp_and_tags(self) -> None:
        for event in self._all_events():
            assert isinstance(event["id"], str), "the id is a string"
            assert event["id"], "the id is not empty"
            assert isinstance(event["type"], str), "the type is a string, empty if there is none"
            assert isinstance(event["timestamp"], int), "the timestamp is an integer, in ms"
            assert isinstance(event["tags"], dict), "the tags are an object, empty if there are none"
            assert isinstance(event.get("partition_key", ""), str), "the partition key, if any, is a string"

    def test_the_timestamp_is_in_milliseconds(self) -> None:
        for event in self._all_events():
            # The year 2001, in ms; in seconds that is 33,658.
            assert event["timestamp"] > 10**12

    def test_reading_does_not_change_the_record(self) -> None:
        for record in self._records():
            before = copy.deepcopy(record)
            self._read(record)
            assert record == before

    def test_reading_twice_gives_equal_events_that_share_nothing(self) -> None:
        for record in self._records():
            first, second = self._read(record), self._read(record)
            assert first == second
            for event in first:
                event["tags"]["changed"] = True
            assert first != second

    def test_a_malformed_record_raises_an_error_that_names_it(self) -> None:
        raised: MalformedRecordError | None = None
        try:
            self.read(self.malformed_record())
        except MalformedRecordError as error:
            raised = error
        assert raised is not None, "malformed_record() was read without a MalformedRecordError."
        assert raised.record_id == self.source().record_id(self.malformed_record())

    # -- Naming --------------------------------------------------------------------------------------------------------

    def test_identifiers_are_stable_not_empty_and_unique(self) -> None:
        first = [self._identifier(record) for record in self._records()]
        assert first == [self._identifier(record) for record in self._records()]
        assert len(set(first)) == len(first)

    def test_record_ids_are_texts_not_empty_and_unique(self) -> None:
        source = self.source()
        ids: list[Any] = [source.record_id(record) for record in self._records()]
        assert all(isinstance(record_id, str) and record_id for record_id in ids)
        assert len(set(ids)) == len(ids)

    def test_a_malformed_record_can_still_be_named_and_ordered(self) -> None:
        source, record = self.source(), self.malformed_record()
        assert self._identifier(record)
        assert source.record_id(record)
        assert hash(source.order_key(record)) == hash(source.order_key(self.malformed_record()))

    # -- Ordering, attempts and origins --------------------------------------------------------------------------------

    def test_order_keys_are_hashable_and_stable(self) -> None:
        source = self.source()
        keys = [hash(source.order_key(record)) for record in self._records()]
        assert keys == [hash(source.order_key(record)) for record in self._records()]

    def test_a_grouped_record_has_an_order_key(self) -> None:
        source = self.source()
        for record in self._records():
            if source.is_grouped(record):
                assert source.order_key(record) is not None

    def test_attempts_are_counted_from_one_where_they_are_counted(self) -> None:
        source = self.source()
        for record in self._records():
            attempt = source.attempt(record)
            assert attempt is None or attempt >= 1
            assert isinstance(source.is_last_attempt(record), bool)

    # -- Whatever a record holds ---------------------------------------------------------------------------------------

    def test_a_record_that_holds_something_else_is_read_or_malformed(self) -> None:
        for record, change in self._changed_records():
            try:
                read = self.read(record)
            except MalformedRecordError:
                continue
            except Exception as error:
                raise AssertionError(
                    f"read() of a record with {change} should raise a MalformedRecordError."
                ) from error
            for event in read if isinstance(read, list) else [read] if read is not None else []:
                assert isinstance(event["type"], str), f"the type is a string, though the record has {change}"
                assert isinstance(event["tags"], dict), f"the tags are an object, though the record has {change}"

    def test_nothing_it_says_of_a_record_raises_whatever_the_record_holds(self) -> None:
        source = self.source()
        for record, change in self._changed_records():
            try:
                source.recognises(record)
                hash(source.order_key(record))
                source.is_grouped(record)
                record_id, attempt = source.record_id(record), source.attempt(record)
                source.is_last_attempt(record)
                origin, alone = source.origin(record), source.comes_again_alone(record)
            except Exception as error:
                raise AssertionError(f"A method raises if a record has {change}: that ends the batch.") from error
            assert isinstance(record_id, str), f"the id is a text, though the record has {change}"
            assert record_id, f"the id is not empty, though the record has {change}"
            assert attempt is None or attempt >= 1, f"attempts are counted from one, though the record has {change}"
            assert origin is None or isinstance(origin, str), f"origin() should be a text, of a record with {change}"
            assert isinstance(alone, bool), f"comes_again_alone() should be True or False, of a record with {change}"

    def test_a_record_is_named_or_malformed_whatever_it_holds(self) -> None:
        for record, change in self._changed_records():
            try:
                self._identifier(record)
            except MalformedRecordError:
                continue
            except Exception as error:
                raise AssertionError(f"identifier() of a record with {change} should say it is malformed.") from error

    # -- Steps ---------------------------------------------------------------------------------------------------------

    def _records(self) -> list[Record]:
        records: list[Record] = []
        for event in self.events():
            found = self.source().records(event)
            assert found is not None, "source().records(event()) found no place for records."
            records += found
        return records

    def _changed_records(self) -> Iterator[tuple[Record, str]]:
        """Yield each record with one of its fields changed, at any depth, and what was changed."""
        for record in self._records():
            for path in _paths(record):
                name = ".".join(map(str, path))
                for value in _ANYTHING:
                    yield _changed(record, path, value), f"{value!r:.40} for {name!r}"
                yield _changed(record, path, _NOTHING), f"no {name!r}"

    def _all_events(self) -> list[Event]:
        return [event for record in self._records() for event in self._read(record)]

    def _read(self, record: Record) -> list[Event]:
        read = self.read(record)
        assert read, "event() should have only records that are not skipped."
        return read if isinstance(read, list) else [read]

    def _identifier(self, record: Record) -> str:
        identifier = self.source().identifier(record)
        assert identifier, "Lambda takes an empty identifier as the failure of the whole batch."
        return json.dumps(identifier, sort_keys=True)


def _trait(record: Mapping[str, Any]) -> Any:
    """Return what identifies a built-in source's record: its ``eventSource``, or a field that no other has."""
    named = record.get("eventSource") or record.get("EventSource")
    if named:
        return named
    if record.get("detail-type") == "Scheduled Event":
        return "Scheduled Event"
    return next((field for field in _FIELDS if field in record), None)


_NOTHING = object()

# What JSON may hold, and Lambda's runtime makes of it.
_ANYTHING: tuple[Any, ...] = (
    None, True, False, 0, -1, 5, 10**400, 1.5, 1e999, "", "x", "\ud800", "9" * 5_000, [], [1], [[]], {}, {"a": 1},
)  # fmt: skip


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where a record has a value: the names, and the positions in lists."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield (*path, step)
        yield from _paths(inner, (*path, step))


def _changed(record: Record, path: tuple[Any, ...], value: Any) -> Record:
    changed = copy.deepcopy(record)
    *outer, last = path
    place: Any = changed
    for step in outer:
        place = place[step]
    if value is _NOTHING:
        del place[last]
    else:
        place[last] = copy.deepcopy(value)
    return changed


_FIELDS = ("topic", "detail-type", "alarmData", "triggerSource", "recordId", "requestContext", "Item")


def _flat(event: Mapping[str, Any]) -> Iterator[Record]:
    records = event.get("Records", event.get("records", [event]))
    # Kafka's are grouped by partition.
    for part in records.values() if isinstance(records, dict) else [records]:
        yield from part
