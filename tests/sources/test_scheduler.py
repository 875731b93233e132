from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.errors import UnknownSourceError
from powertools_stream.flavors import task
from powertools_stream.sources import ScheduleSource, source_of
from powertools_stream.testing import FakeConnector
from powertools_stream.testing.notifications import to_eventbridge_event, to_schedule_event
from powertools_stream.testing.records import to_sqs_records
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Event, Record

NOW = 1_767_225_600_000


def read(record: Record) -> Event:
    event = ScheduleSource().read(record)
    assert isinstance(event, dict)
    return event


class TestScheduleSource(SourceSuite):
    def source(self) -> ScheduleSource:
        return ScheduleSource()

    def events(self) -> list[dict[str, Any]]:
        return [
            to_schedule_event(),
            to_schedule_event("hourly", group=None),
            {"id": "d32c5kddcf5bb8c3", "time": "2022-03-22T18:59:43Z", "type": "report-due", "tags": {"stage": "test"}},
        ]

    def malformed_record(self) -> Record:
        return {**to_schedule_event(), "detail": "not JSON"}


@pytest.mark.parametrize(
    ("given", "name"),
    [(to_schedule_event("nightly"), "default/nightly"), (to_schedule_event("nightly", group=None), "nightly")],
)
def test_the_default_of_a_schedule_is_an_event_with_its_name(given: Record, name: str) -> None:
    assert read(given) == {
        "id": given["id"],
        "type": "Scheduled Event",
        "timestamp": NOW,
        "partition_key": name,
        "tags": {"account": "123456789012", "region": "us-west-2"},
        "schedule": name,
    }


@pytest.mark.parametrize("resources", [None, [], "arn"])
def test_a_schedule_without_a_name_is_read(resources: Any) -> None:
    event = read({**to_schedule_event(), "resources": resources})

    assert event["schedule"] is None
    assert "partition_key" not in event


def test_an_input_of_ones_own_is_the_event() -> None:
    given = {"id": "d32c5kddcf5bb8c3", "time": "2022-03-22T18:59:43Z", "type": "report-due", "days": 7}

    assert read(given) == {**given, "timestamp": 1647975583000, "tags": {}}


def test_what_an_input_lacks_comes_from_the_invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")

    event, same, other = read({"days": 7}), read({"days": 7}), read({"days": 8})

    assert (event["type"], event["timestamp"]) == ("Scheduled Event", 0x5759E988 * 1000)
    assert event == same
    assert event["id"] != other["id"]
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e989-bd862e3fe1be46a994272793;Sampled=0")
    assert read({"days": 7})["id"] != event["id"]


def test_without_a_trace_an_id_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)

    first, second = read({"days": 7}), read({"days": 7})

    assert UUID(first["id"]) != UUID(second["id"])
    assert first["timestamp"] > NOW - 10**11


def test_an_input_of_ones_own_is_taken_only_where_the_source_is_named() -> None:
    source = ScheduleSource()

    assert source_of({"days": 7}, [source]) is source
    with pytest.raises(UnknownSourceError, match=r"source=ScheduleSource\(\)"):
        source_of({"days": 7})


@pytest.mark.parametrize(
    "event",
    [
        to_sqs_records([{}]),
        {"Records": []},
        {"records": {}},
        to_eventbridge_event({"type": "order-created"}),
    ],
)
def test_events_of_other_sources_are_left_to_these(event: dict[str, Any]) -> None:
    source = ScheduleSource()

    assert source.records(event) is None
    assert source_of(event, [source]) is not source


def test_an_input_without_an_id_is_named_by_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)

    name = ScheduleSource().record_id({"days": 7})

    assert name == ScheduleSource().identifier({"days": 7}) != ScheduleSource().record_id({"days": 8})
    assert ScheduleSource().record_id({"id": "d32c5kddcf5bb8c3"}) == "d32c5kddcf5bb8c3"


def test_each_invocation_that_fails_is_told_though_its_input_has_no_id(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = FakeConnector()
    processor = StreamProcessor(
        rules=[{"id": "fails", "flavor": task, "execute": _fail}],
        source=ScheduleSource(),
        fault_bus_name="faults",
        connectors=[bus],
    )

    for root in ("5759e988", "5759e988", "5759e989"):  # the second is Lambda's retry of the first
        monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root=1-{root}-bd862e3fe1be46a994272793;Sampled=0")
        with pytest.raises(BatchProcessingError):
            processor.process_event({"days": 7})

    assert len(bus.published) == 2


def test_a_large_input_without_an_id_is_told_in_short() -> None:
    bus = FakeConnector()
    processor = StreamProcessor(
        rules=[{"id": "fails", "flavor": task, "execute": _fail}],
        source=ScheduleSource(),
        fault_bus_name="faults",
        connectors=[bus],
    )

    with pytest.raises(BatchProcessingError):
        processor.process_event({"days": "7" * 1_000_000})

    assert len(bus.published) == 1


def _fail(uow: UnitOfWork) -> None:
    raise ValueError("no")
