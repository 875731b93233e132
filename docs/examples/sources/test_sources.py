from __future__ import annotations

from typing import Any

from docs.examples.sources.envelopes import event, published
from docs.examples.sources.options import queue, visits
from docs.examples.sources.tickets import TicketSource
from powertools_stream.testing import SourceSuite, to_dynamodb_records, to_sqs_records
from powertools_stream.uow import Record


def test_options() -> None:
    (message,) = to_sqs_records([{"body": {}, "receive_count": 3}])["Records"]
    item = {"site": "berlin", "date#event_type": "2026-01-01#visit", "count": 5}
    (change,) = to_dynamodb_records([{"new_image": item}], key=("site", "date#event_type"))["Records"]

    visit = visits.read(change)

    assert queue.is_last_attempt(message)
    assert visit is not None
    assert (visit["type"], visit["partition_key"]) == ("visit-created", "berlin")


def test_envelopes() -> None:
    assert isinstance(event, dict)
    assert event["total"] == 42
    assert (event["id"], event["type"]) == (published["id"], "order-created")
    assert event["partition_key"] == "customer-7"


# --8<-- [start:suite]
class TestTicketSource(SourceSuite):
    def source(self) -> TicketSource:
        return TicketSource()

    def event(self) -> dict[str, Any]:
        at = 1_767_225_600_000
        return {"tickets": [{"no": n, "at": at, "desk": "north", "text": '{"type": "called"}'} for n in (1, 2)]}

    def malformed_record(self) -> Record:
        return {"no": 3, "at": 1_767_225_600_000, "desk": "north", "text": "not JSON"}


# --8<-- [end:suite]
