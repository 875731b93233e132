from __future__ import annotations

from typing import Any

from docs.examples.sources.envelopes import event, published
from docs.examples.sources.tickets import TicketSource
from powertools_stream.testing import SourceSuite
from powertools_stream.uow import Record


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
        return {
            "tickets": [
                {"no": n, "at": at, "desk": "north", "text": '{"type": "called"}'}
                for n in (1, 2)
            ]
        }

    def malformed_record(self) -> Record:
        return {"no": 3, "at": 1_767_225_600_000, "desk": "north", "text": "not JSON"}


# --8<-- [end:suite]
