from __future__ import annotations

import math
import time
from typing import Any

import pytest

from powertools_stream.errors import DeadlineError, RuleError
from powertools_stream.flavors import JobRule, job
from powertools_stream.requests import GetItems, PutEvent, Query, RemainingTime, Scan, UpdateItem
from powertools_stream.testing import drive, run, to_dynamodb_records, to_sqs_records
from powertools_stream.testing.driving import DriveOutcome

ROW = {"pk": "job-1", "sk": "job", "discriminator": "job", "status": "RUNNING"}
ITEMS = [{"pk": f"o-{n}", "sk": "order", "n": n} for n in range(5)]
TRIGGER = {"event": {"id": "t-1", "type": "job-requested", "timestamp": 7, "partition_key": "job-1"}}


class Table:
    """Answers requests: with items in pages of two, and unlimited time."""

    def __init__(self, pages: list[list[Any]] | None = None, row: Any = ROW, remaining: float = math.inf) -> None:
        self.pages = pages if pages is not None else [ITEMS[:2], ITEMS[2:4], ITEMS[4:]]
        self.row = row
        self.remaining = remaining
        self.failing: set[str] = set()

    def __call__(self, request: Any) -> Any:
        if isinstance(request, RemainingTime):
            return self.remaining
        if isinstance(request, GetItems) and request.params.get("ConsistentRead"):
            return {"Responses": {"events": [self.row] if self.row else []}}
        if isinstance(request, Scan | Query) and request.page:
            start = request.params.get("ExclusiveStartKey", {"page": 0})["page"]
            last = {"LastEvaluatedKey": {"page": start + 1}} if start + 1 < len(self.pages) else {}
            return {"Items": self.pages[start], "Count": len(self.pages[start]), **last}
        if isinstance(request, UpdateItem) and request.params["Key"]["pk"] in self.failing:
            raise ValueError("no")
        return [] if isinstance(request, Query) else {}


def scan(uow: Any) -> dict[str, Any]:
    return {"Limit": 2, "ExclusiveStartKey": None}


def touch(uow: Any) -> dict[str, Any]:
    return {"Key": {"pk": uow["scan_response"]["Item"]["pk"]}}


def keep(uow: Any) -> dict[str, Any]:
    return {"Key": {"pk": "job-1"}, "cursor": uow["scan_response"].get("LastEvaluatedKey")}


def drive_job(table: Table, /, uow: Any = None, **fields: Any) -> DriveOutcome:
    rule = {"id": "work", "to_scan_request": scan, "table_name": "orders", **fields}
    return drive(job, uow or TRIGGER, rule, table)


def of(outcome: DriveOutcome, kind: type) -> list[Any]:
    return [request for request in outcome.requests if isinstance(request, kind)]


def published(outcome: DriveOutcome) -> list[Any]:
    return [request.event for request in of(outcome, PutEvent)]


def test_it_scans_page_by_page_and_updates_each_item() -> None:
    outcome = drive_job(Table(), to_update_request=touch)

    assert [request.params for request in of(outcome, Scan)] == [
        {"Limit": 2},
        {"Limit": 2, "ExclusiveStartKey": {"page": 1}},
        {"Limit": 2, "ExclusiveStartKey": {"page": 2}},
    ]
    assert all(request.page and request.table_name == "orders" for request in of(outcome, Scan))
    assert [request.params["Key"]["pk"] for request in of(outcome, UpdateItem)] == ["o-0", "o-1", "o-2", "o-3", "o-4"]


def test_it_leaves_one_unit_of_work_with_the_last_page_and_the_counts() -> None:
    result = drive_job(Table(), to_cursor_update_request=keep).result

    assert (result["pages"], result["items"]) == (3, 5)
    assert result["scan_request"] == {"Limit": 2, "ExclusiveStartKey": {"page": 2}}
    assert result["scan_response"] == {"Count": 1}
    assert result["cursor_update_request"] == {"Key": {"pk": "job-1"}, "cursor": None}
    assert result["cursor_update_response"] == {}


def test_it_queries_where_the_rule_says_so() -> None:
    seen: list[Any] = []

    def to_event(uow: Any) -> None:
        seen.append(uow["query_split_response"])

    outcome = drive_job(
        Table(),
        to_scan_request=None,
        to_query_split_request=lambda uow: {"IndexName": "i"},
        to_event=to_event,
    )

    assert [request.params.get("ExclusiveStartKey") for request in of(outcome, Query)] == [
        None,
        {"page": 1},
        {"page": 2},
    ]
    assert seen[0] == {"Count": 2, "LastEvaluatedKey": {"page": 1}, "Item": ITEMS[0]}
    assert outcome.result["query_split_request"]["IndexName"] == "i"


def test_an_empty_page_is_not_the_end() -> None:
    outcome = drive_job(Table([[], ITEMS[:1], []]), to_update_request=touch)

    assert (outcome.result["pages"], outcome.result["items"]) == (3, 1)


def test_no_request_means_that_there_is_nothing_to_do() -> None:
    outcome = drive_job(Table(), to_scan_request=lambda uow: None)

    assert outcome.requests == ()
    assert (outcome.result["pages"], outcome.result["items"]) == (0, 0)


def test_filters_are_asked_of_each_item() -> None:
    outcome = drive_job(
        Table(), to_update_request=touch, filters=[lambda uow: uow["scan_response"]["Item"]["n"] % 2 == 0]
    )

    assert [request.params["Key"]["pk"] for request in of(outcome, UpdateItem)] == ["o-0", "o-2", "o-4"]


def test_job_filters_are_asked_of_what_triggers_it() -> None:
    rule = JobRule(
        id="work",
        to_scan_request=scan,
        table_name="t",
        job_filters=[lambda uow: uow.event["on"]],
        filters=[lambda uow: uow["scan_response"]["Item"]["n"] > 0],
        to_event=lambda uow: {"type": "seen"},
    )
    events = [{"id": "1", "type": "job", "on": False}, {"id": "2", "type": "job", "on": True}]

    outcome = run([rule], to_sqs_records(events), responses=Table([ITEMS]))

    assert [result.uow.event["id"] for result in outcome.results] == ["2"]
    assert len(outcome.events) == 4


def test_each_item_gets_what_belongs_to_it() -> None:
    seen: list[Any] = []

    def to_event(uow: Any) -> None:
        seen.append((uow["query_request"], uow["query_response"], uow["batch_get_request"], uow["batch_get_response"]))

    drive_job(
        Table([ITEMS[:1]]),
        to_query_request=lambda uow: {"IndexName": uow["scan_response"]["Item"]["pk"]},
        to_get_request=lambda uow: {"Keys": [{"pk": "x"}]},
        to_event=to_event,
    )

    assert seen == [({"IndexName": "o-0"}, [], {"Keys": [{"pk": "x"}]}, {})]


def test_an_item_may_be_split() -> None:
    items = [{"pk": "o-1", "sk": "order", "lines": [{"sku": "a"}, {"sku": "b"}]}]

    outcome = drive_job(
        Table([items]),
        split_on="scan_response.Item.lines",
        split_target_field="line",
        to_event=lambda uow: {"type": "line", "sku": uow["line"]["sku"]},
    )

    assert [event["sku"] for event in published(outcome)] == ["a", "b"]
    assert len({event["id"] for event in published(outcome)}) == 2


def test_a_condition_that_failed_is_tried_again_with_the_fallback() -> None:
    outcome = drive_job(
        Table([ITEMS[:1]]),
        to_update_request=lambda uow: {"Key": {"pk": "a"}, "ConditionExpression": "attribute_exists(pk)"},
        to_fallback_update_request=lambda uow: {"Key": {"pk": "b"}},
    )

    assert [request.params["Key"]["pk"] for request in of(outcome, UpdateItem)] == ["a", "b"]


def test_it_publishes_no_event_one_or_many_for_an_item() -> None:
    def to_event(uow: Any) -> Any:
        number = uow["scan_response"]["Item"]["n"]
        one = {"type": "order-republished", "n": number}
        return [None, one, [one, {**one, "id": "mine"}]][number]

    outcome = drive_job(Table([ITEMS[:3]]), to_event=to_event, bus_name="bus", source="mine")

    one, first, second = published(outcome)
    assert (one["type"], one["timestamp"], one["partition_key"]) == ("order-republished", 7, "o-1")
    assert one["tags"]["pipeline"] == "work"
    assert first["id"].endswith(".0")
    assert second["id"] == "mine"
    assert all((request.bus_name, request.source) == ("bus", "mine") for request in of(outcome, PutEvent))


def test_the_same_item_makes_the_same_event_again(change_of: Any) -> None:
    def to_event(uow: Any) -> dict[str, Any]:
        return {"type": "order-republished"}

    first = published(drive_job(Table(), change_of(ROW), to_event=to_event))
    again = published(drive_job(Table(), change_of({**ROW, "cursor": 1}, ROW, sequence_number="99"), to_event=to_event))
    other = published(drive_job(Table(), change_of({**ROW, "pk": "job-2"}), to_event=to_event))

    assert [event["id"] for event in first] == [event["id"] for event in again]
    assert {event["id"] for event in first}.isdisjoint(event["id"] for event in other)
    assert len({event["id"] for event in first}) == 5


@pytest.mark.parametrize("result", [5, "x", [5]])
def test_an_event_that_is_none_is_told(result: Any) -> None:
    with pytest.raises(TypeError, match="to_event returns an event"):
        drive_job(Table(), to_event=lambda uow: result)


# -- The cursor --------------------------------------------------------------------------------------------------------


def test_the_cursor_is_kept_after_each_page() -> None:
    outcome = drive_job(Table(), to_update_request=touch, to_cursor_update_request=keep)

    cursors = [request.params["cursor"] for request in of(outcome, UpdateItem) if "cursor" in request.params]
    assert cursors == [{"page": 1}, {"page": 2}, None]
    kinds = [type(request) for request in outcome.requests]
    assert kinds[:5] == [Scan, UpdateItem, UpdateItem, UpdateItem, RemainingTime]


def test_an_item_that_fails_leaves_the_cursor_before_its_page() -> None:
    table = Table()
    table.failing = {"o-2"}
    asked: list[Any] = []

    def answer(request: Any) -> Any:
        asked.append(request)
        return table(request)

    with pytest.raises(ValueError, match="no"):
        drive(
            job,
            TRIGGER,
            {"id": "w", "to_scan_request": scan, "to_update_request": touch, "to_cursor_update_request": keep},
            answer,
        )

    updates = [request.params for request in asked if isinstance(request, UpdateItem)]
    assert [params["Key"]["pk"] for params in updates] == ["o-0", "o-1", "job-1", "o-2", "o-3"]


def test_a_record_whose_row_has_changed_since_is_stale(change_of: Any) -> None:
    table = Table(row={**ROW, "cursor": {"page": 1}})

    outcome = drive_job(table, change_of(ROW), to_cursor_update_request=keep)

    (request,) = outcome.requests
    assert request == GetItems({"Keys": [{"pk": "job-1", "sk": "job"}], "ConsistentRead": True}, table_name="events")
    assert outcome.result["is_stale"] is True


def test_a_record_whose_row_is_as_it_says_goes_on(change_of: Any) -> None:
    outcome = drive_job(Table(), change_of(ROW), to_cursor_update_request=keep)

    assert outcome.result["pages"] == 3


def test_a_record_whose_row_is_gone_is_stale(change_of: Any) -> None:
    outcome = drive_job(Table(row=None), change_of(ROW), to_cursor_update_request=keep)

    assert outcome.result["is_stale"] is True


def test_without_a_cursor_nothing_is_read_again(change_of: Any) -> None:
    assert of(drive_job(Table(), change_of(ROW)), GetItems) == []


def test_it_stops_before_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    table = Table(remaining=1.9)

    def to_event(uow: Any) -> None:
        now[0] += 0.5

    with pytest.raises(DeadlineError, match="'work' stops after 1 pages, and goes on from its cursor"):
        drive_job(table, to_event=to_event, to_cursor_update_request=keep)
    with pytest.raises(DeadlineError, match="has no cursor to go on from"):
        drive_job(table, to_event=to_event)


def test_a_last_page_needs_no_time_for_another() -> None:
    assert drive_job(Table([ITEMS], remaining=0.0)).result["pages"] == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "either 'to_scan_request' or 'to_query_split_request'"),
        ({"to_scan_request": scan, "to_query_split_request": scan}, "either 'to_scan_request'"),
        ({"to_scan_request": scan, "split_on": "a["}, "'split_on' is not a valid path"),
        ({"to_scan_request": scan, "compact": True}, "takes no 'compact'"),
        ({"to_scan_request": scan, "job_filters": 5}, "'job_filters' takes a list"),
    ],
)
def test_a_mistake_is_told_when_the_rule_is_made(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        JobRule(id="j", **fields)


def test_an_async_job_filter_is_told() -> None:
    async def passes(uow: Any) -> bool:
        return True

    with pytest.raises(RuleError, match="'job_filters' cannot be async"):
        JobRule(id="j", to_scan_request=scan, job_filters=[passes])


def test_a_job_that_stops_is_reported_and_comes_again_without_a_fault() -> None:
    rule = JobRule(id="work", to_scan_request=scan, table_name="t", to_event=lambda uow: time.sleep(0.2))
    from tests.conftest import LambdaContext

    event = to_dynamodb_records([{"new_image": ROW}], table="jobs")

    outcome = run([rule], event, responses=Table(), context=LambdaContext.started(900), timeout_margin=0.1)

    (fault,) = outcome.faults
    assert isinstance(fault.error, DeadlineError)
    assert fault.event is None
    assert len(outcome.response["batchItemFailures"]) == 1
