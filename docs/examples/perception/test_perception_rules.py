"""The rules of the trigger and of the aggregating functions, without AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from powertools_stream.requests import PutItem, Query, UpdateItem
from powertools_stream.sources import DynamoDBSource
from powertools_stream.testing import run, to_dynamodb_records, to_sqs_records

from .aggregator import rules as aggregator_rules
from .pipeline import MODULES, UNKNOWN, Work, next_module
from .time_to_live import SignedFunction
from .trigger import rules as trigger_rules

KEY = ("site", "date#event_type")
COMPLETED = {
    "site": "plant-a",
    "date#event_type": "2025-07-15#pose#sync001#cam3",
    "status": "COMPLETED",
}
REQUEST = {
    "site": "plant-a",
    "date#event_type": "2025-07-15#pose#sync001#request",
    "status": "REQUESTED",
}


def changes(
    *images: tuple[dict[str, Any] | None, dict[str, Any] | None],
) -> dict[str, Any]:
    named = [{"new_image": new, "old_image": old} for new, old in images]
    present = [
        {name: image for name, image in change.items() if image is not None}
        for change in named
    ]
    return to_dynamodb_records(present, table="site-events", key=KEY)


def test_the_key_of_a_row_says_what_it_is_about() -> None:
    assert Work.of_row(COMPLETED) == Work(
        "plant-a", "2025-07-15", "pose", "sync001", "cam3"
    )
    assert (
        Work.of_row({**COMPLETED, "date#event_type": "2025-07-15#recon#sync001"}).part
        == ""
    )
    assert (
        Work.of_row(
            {**COMPLETED, "date#event_type": "2025-07-15#coffee#sync001"}
        ).module
        == UNKNOWN
    )
    assert (
        Work.of_row({**COMPLETED, "date#event_type": "2025-07-15#pose"}).module
        == UNKNOWN
    )
    assert Work.of_row({**COMPLETED, "date#event_type": "odd"}).module == UNKNOWN
    assert Work.of_row(COMPLETED).key == {name: COMPLETED[name] for name in KEY}


def test_ten_modules_follow_each_other() -> None:
    assert len(MODULES) == 10
    assert next_module("pose") == "recon"
    assert next_module("archive") is None


def test_only_rows_that_are_inserted_as_completed_are_told_of() -> None:
    started = {**COMPLETED, "status": "STARTED"}

    outcome = run(
        trigger_rules,
        changes(
            (COMPLETED, None), (started, None), (COMPLETED, started), (None, COMPLETED)
        ),
        source=DynamoDBSource(pk="site"),
    )

    (event,) = outcome.events
    assert (event["type"], event["module"], event["sync"], event["part"]) == (
        "module-completed",
        "pose",
        "sync001",
        "cam3",
    )
    assert event["partition_key"] == "plant-a"
    assert "raw" not in event


def test_a_request_expires_only_if_time_to_live_removed_it_unanswered() -> None:
    done = {**REQUEST, "status": "DONE"}
    event = changes(
        ({**REQUEST, "parts": ["cam1"]}, None), (None, REQUEST), (None, done)
    )
    removed_by_somebody = changes((None, REQUEST))
    signed = (
        SignedFunction(lambda event, context: event, name="signed")
        .invoke(event)
        .response
    )

    outcome = run(trigger_rules, signed, source=DynamoDBSource(pk="site"))

    assert [published["type"] for published in outcome.events] == [
        "module-requested",
        "module-expired",
    ]
    assert outcome.events[0]["parts"] == ["cam1"]
    assert (
        run(trigger_rules, removed_by_somebody, source=DynamoDBSource(pk="site")).events
        == []
    )


def told(*parts: str, module: str = "pose") -> dict[str, Any]:
    event = {
        "type": "module-completed",
        "site": "plant-a",
        "date": "2025-07-15",
        "module": module,
        "sync": "sync001",
    }
    return to_sqs_records(
        [{**event, "id": f"e-{part}", "part": part} for part in parts]
    )


def rows(
    *parts: str, module: str = "pose", status: str = "REQUESTED"
) -> list[dict[str, Any]]:
    key = f"2025-07-15#{module}#sync001"
    request = {
        "site": "plant-a",
        "date#event_type": f"{key}#request",
        "status": status,
        "parts": ["cam1", "cam2"],
    }
    done = [
        {"site": "plant-a", "date#event_type": f"{key}#{part}", "status": "COMPLETED"}
        for part in parts
    ]
    return [request, *done]


def found(rows: list[dict[str, Any]]) -> Callable[[Any], Any]:
    return lambda request: rows if isinstance(request, Query) else {}


def test_nothing_is_asked_for_while_a_camera_is_missing() -> None:
    outcome = run(aggregator_rules, told("cam1"), responses=found(rows("cam1")))

    assert [type(request) for request in outcome.requests] == [Query]
    assert outcome.results[0].uow["result"] is False


def test_the_next_module_is_asked_for_once_all_cameras_are_there() -> None:
    outcome = run(
        aggregator_rules, told("cam1", "cam2"), responses=found(rows("cam1", "cam2"))
    )

    query, put, update = outcome.requests
    assert isinstance(query, Query)
    assert query.params["ConsistentRead"] is True
    assert isinstance(put, PutItem)
    assert put.params["Item"]["date#event_type"] == "2025-07-15#recon#sync001#request"
    assert put.params["ConditionExpression"] == "attribute_not_exists(#site)"
    # The request is marked as done after the next module was requested, never before.
    assert isinstance(update, UpdateItem)
    assert update.params["Key"]["date#event_type"] == "2025-07-15#pose#sync001#request"
    assert update.params["ExpressionAttributeValues"][":status"] == "DONE"
    assert outcome.events == []


def test_nothing_is_asked_for_a_second_time() -> None:
    outcome = run(
        aggregator_rules,
        told("cam1"),
        responses=found(rows("cam1", "cam2", status="DONE")),
    )

    assert [type(request) for request in outcome.requests] == [Query]


def test_a_sync_whose_name_begins_with_that_of_another_is_another() -> None:
    other = {
        "site": "plant-a",
        "date#event_type": "2025-07-15#pose#sync0010#cam2",
        "status": "COMPLETED",
    }

    outcome = run(
        aggregator_rules, told("cam1"), responses=found([*rows("cam1"), other])
    )

    assert [type(request) for request in outcome.requests] == [Query]


def test_a_row_that_comes_after_its_request_has_expired_changes_nothing() -> None:
    _, *without_request = rows("cam1", "cam2")

    outcome = run(aggregator_rules, told("cam2"), responses=found(without_request))

    assert [type(request) for request in outcome.requests] == [Query]
    assert outcome.faults == []


def test_the_last_module_tells_of_the_sync_under_one_id() -> None:
    # Even if it was answered before: the invocation may have ended before publishing.
    for status in ("REQUESTED", "DONE"):
        answered = rows("cam1", "cam2", module="archive", status=status)

        outcome = run(
            aggregator_rules, told("", module="archive"), responses=found(answered)
        )

        (event,) = outcome.events
        assert (event["type"], event["id"]) == (
            "sync-completed",
            "plant-a#2025-07-15#sync001.completed",
        )
