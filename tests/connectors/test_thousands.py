"""A thousand requests to the two oldest sinks; the tests of the other sinks are in their own modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.errors import EntryTooLargeError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, RecordDetails
from powertools_stream.requests import GetItems, PutItem
from powertools_stream.testing import to_sqs_records
from tests.conftest import Aws


class Calls:
    """Counts the calls by operation."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()

    def on_call(self, details: CallDetails) -> None:
        self.made[details.operation] += 1

    def on_record_failed(self, details: RecordDetails) -> None: ...


def _events(**of_one: Any) -> dict[str, Any]:
    return to_sqs_records(
        [{"id": f"e-{n}", "type": "thing-made", **(of_one if n == 500 else {})} for n in range(1_000)]
    )


@pytest.mark.slow
def test_a_thousand_events_arrive_in_a_hundred_calls_and_one_too_large_fails_alone(aws: Aws) -> None:
    # An archive counts what arrives. A queue behind the bus takes moto half a minute.
    arn = aws.client("events").create_event_bus(Name="bus")["EventBusArn"]
    aws.client("events").create_archive(ArchiveName="all", EventSourceArn=arn, EventPattern='{"version": ["0"]}')
    calls = Calls()
    rule = {"id": "tell", "flavor": task, "execute": lambda uow: {"text": uow.event.get("text")}, "emit": "thing-told"}
    processor = StreamProcessor(rules=[rule], bus_name="bus", observers=[calls])

    response = processor.process_event(_events(text="x" * 1_000_000))

    assert len(response["batchItemFailures"]) == 1
    assert isinstance(processor.faults[0].error, EntryTooLargeError)
    assert aws.client("events").describe_archive(ArchiveName="all")["EventCount"] == 1_000, "the fault event's too"
    assert calls.made["PutEvents"] == 101


@pytest.mark.slow
def test_a_thousand_items_are_put_and_read_in_as_few_calls_as_can_be(aws: Aws) -> None:
    aws.create_table()
    calls = Calls()

    def keep(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        item = {"pk": uow.event["id"], "sk": "thing"}
        yield PutItem({"Item": item}, table_name="table")
        answer = yield GetItems({"Keys": [item]}, table_name="table")
        return answer["Responses"]["table"][0]["pk"]

    processor = StreamProcessor(rules=[{"id": "keep", "flavor": task, "execute": keep}], observers=[calls])

    response = processor.process_event(_events())

    assert response == {"batchItemFailures": []}
    assert [result.uow["result"] for result in processor.results] == [f"e-{n}" for n in range(1_000)]
    assert calls.made["BatchWriteItem"] == 40
    assert calls.made["BatchGetItem"] <= 40


def test_an_item_that_dynamodb_does_not_take_fails_alone(aws: Aws) -> None:
    aws.create_table()

    def keep(uow: UnitOfWork) -> PutItem:
        return PutItem(
            {"Item": {"pk": uow.event["id"], "sk": "thing", "text": uow.event.get("text")}}, table_name="table"
        )

    processor = StreamProcessor(rules=[{"id": "keep", "flavor": task, "execute": keep}])

    response = processor.process_event(_events(text="x" * 410_000))

    assert len(response["batchItemFailures"]) == 1
    assert "size has exceeded" in str(processor.faults[0].error)
    assert aws.client("dynamodb").scan(TableName="table", Select="COUNT")["Count"] == 999
