from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.environment.tags import standard_tags
from powertools_stream.errors import RuleError
from powertools_stream.flavors import ExpiredRule, expired
from powertools_stream.testing import drive, run, to_dynamodb_records

DUE = 1_767_225_600
EVENT = {
    "id": "e-1",
    "type": "order-created",
    "timestamp": 1_764_547_200_123,
    "partition_key": "o-1",
    "tags": {"region": "r", "source": "upstream", "stage": "prd"},
    "order": {"id": "o-1"},
}
ROW = {"pk": "e-1", "sk": "EVENT", "discriminator": "EVENT", "ttl": DUE, "expire": True, "data": "o-1", "event": EVENT}


def published(row: dict[str, Any] = ROW, at: float | None = DUE + 5, **fields: Any) -> list[dict[str, Any]]:
    change = {"old_image": row, **({"timestamp": at} if at is not None else {}), **fields}
    return run([ExpiredRule(id="expiry")], to_dynamodb_records([change], table="events")).events


def test_the_removal_of_a_row_that_was_due_publishes_its_event_as_expired(change_of: Any) -> None:
    (event,) = published(ttl_expired=True)

    assert event == {
        **EVENT,
        "id": change_of(None, ROW).event["id"],
        "type": "order-created-expired",
        "timestamp": DUE * 1000 + 123,
        "tags": {**standard_tags("expiry"), "stage": "prd"},
        "triggers": [{"id": "e-1", "type": "order-created", "timestamp": 1_764_547_200_123}],
    }


@pytest.mark.parametrize("at", ["yesterday", "1767225600000", True, [1], None])
def test_an_event_whose_timestamp_is_none_is_told_of_at_the_second_when_it_was_due(at: Any) -> None:
    (event,) = published({**ROW, "event": {**EVENT, "timestamp": at}})

    assert event["timestamp"] == DUE * 1000


@pytest.mark.parametrize(
    ("event_type", "expire", "expected"),
    [
        ("order.created", True, "order.created.expired"),
        ("order-created", "order-forgotten", "order-forgotten"),
        ("order.created", "order.forgotten", "order.forgotten"),
    ],
)
def test_the_type_follows_the_original_or_is_named(event_type: str, expire: Any, expected: str) -> None:
    (event,) = published({**ROW, "expire": expire, "event": {**EVENT, "type": event_type}})

    assert event["type"] == expected


def test_correlations_expire_as_well() -> None:
    (event,) = published({**ROW, "pk": "o-1.late", "sk": "e-1", "discriminator": "CORREL", "suffix": "late"})

    assert event["triggers"][0]["id"] == "e-1"


@pytest.mark.parametrize(
    "row",
    [
        {name: value for name, value in ROW.items() if name != "expire"},
        {**ROW, "expire": False},
        {name: value for name, value in ROW.items() if name != "ttl"},
    ],
)
def test_a_row_that_does_not_ask_for_it_expires_silently(row: dict[str, Any]) -> None:
    assert published(row) == []


def test_a_removal_before_its_time_is_no_expiry() -> None:
    assert published(at=DUE - 1) == []
    assert len(published(at=DUE)) == 1


def test_inserts_and_updates_are_no_expiry() -> None:
    changes = [{"new_image": ROW, "timestamp": DUE + 9}, {"new_image": ROW, "old_image": ROW, "timestamp": DUE + 9}]

    assert run([ExpiredRule(id="expiry")], to_dynamodb_records(changes)).events == []


def test_a_row_without_an_event_is_a_fault() -> None:
    row = {name: value for name, value in ROW.items() if name != "event"}

    outcome = run([ExpiredRule(id="expiry")], to_dynamodb_records([{"old_image": row, "timestamp": DUE + 5}]))

    (fault,) = outcome.faults
    assert "event table to hold an event" in str(fault.error)


def test_it_leaves_the_event_that_it_published(change_of: Any) -> None:
    outcome = drive(expired, change_of(None, ROW), {"bus_name": "bus", "source": "mine"}, [{}])

    (request,) = outcome.requests
    assert outcome.result["emit"] == request.event
    assert (request.bus_name, request.source) == ("bus", "mine")


def test_it_takes_no_compact() -> None:
    with pytest.raises(RuleError, match="takes no 'compact'"):
        ExpiredRule(id="expiry", compact=True)
