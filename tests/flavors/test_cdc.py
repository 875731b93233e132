from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.environment.tags import standard_tags
from powertools_stream.flavors import CdcRule, cdc
from powertools_stream.requests import GetItems, GetObject, GetParameter, PutEvent, Query
from powertools_stream.testing import run, to_dynamodb_records
from powertools_stream.testing.driving import DriveOutcome, drive
from powertools_stream.uow import UnitOfWork

RAW = {"new": {"pk": "o-1", "sk": "order", "name": "x"}, "old": None}
EVENT = {"id": "1", "type": "order-created", "timestamp": 5, "partition_key": "o-1", "tags": {"a": 1}, "raw": RAW}


def drive_cdc(responses: list[Any], /, event: dict[str, Any] = EVENT, **fields: Any) -> DriveOutcome:
    return drive(cdc, {"event": event}, {"id": "r", **fields}, responses)


def test_the_change_is_published_as_it_is() -> None:
    outcome = drive_cdc([{}], bus_name="b", source="s")

    (request,) = outcome.requests
    assert request == PutEvent({**EVENT, "tags": {**standard_tags("r"), "a": 1}}, bus_name="b", source="s")
    assert outcome.result.event == request.event


def test_the_fields_of_to_event_go_over_those_of_the_change() -> None:
    def to_event(uow: UnitOfWork, rule: Any) -> dict[str, Any]:
        return {"order": uow.event["raw"]["new"]["name"], "type": "order-submitted", "tags": {"b": rule.id}}

    (request,) = drive_cdc([{}], to_event=to_event, include_raw=False).requests

    assert request.event == {
        **{name: EVENT[name] for name in ("id", "timestamp", "partition_key")},
        "type": "order-submitted",
        "order": "x",
        "tags": {**standard_tags("r"), "b": "r"},
    }


def test_no_fields_are_none() -> None:
    assert drive_cdc([{}], to_event=lambda uow: None).result.event["raw"] == RAW


def test_what_was_queried_and_got_is_there_for_to_event() -> None:
    def to_event(uow: UnitOfWork) -> dict[str, Any]:
        return {"lines": uow["query_response"], "customer": uow["batch_get_response"]["Responses"]["t"][0]}

    async def to_get_request(uow: UnitOfWork) -> dict[str, Any]:
        return {"Keys": [{"pk": uow["query_response"][0]["customer"]}]}

    outcome = drive_cdc(
        [[{"customer": "c"}], {"Responses": {"t": [{"pk": "c"}]}}, {}],
        to_query_request=lambda uow: {"KeyConditionExpression": "x"},
        to_get_request=to_get_request,
        to_event=to_event,
        table_name="t",
    )

    query, get, put = outcome.requests
    assert query == Query({"KeyConditionExpression": "x"}, table_name="t")
    assert get == GetItems({"Keys": [{"pk": "c"}]}, table_name="t")
    assert put.event["customer"] == {"pk": "c"}
    assert outcome.result["query_request"] == query.params
    assert outcome.result["batch_get_request"] == get.params


def test_requests_that_are_none_are_not_made() -> None:
    outcome = drive_cdc([{}], to_query_request=lambda uow: None, to_get_request=lambda uow: None)

    assert len(outcome.requests) == 1
    assert "query_response" not in outcome.result


@pytest.mark.parametrize(
    ("pk", "raw", "value"),
    [
        ("pk", RAW, "o-1"),
        ("site", {"new": None, "old": {"site": 7}}, 7),
        ("site", {"new": {"site": b"x"}, "old": {"site": 7}}, b"x"),
        ("pk", None, "o-1"),
    ],
)
def test_related_items_are_queried_by_the_key_as_it_is(pk: str, raw: Any, value: Any) -> None:
    query, _ = drive_cdc([[], {}], {**EVENT, "raw": raw}, query_related=True, pk=pk).requests

    assert query.params == {
        "KeyConditionExpression": "#pk = :pk",
        "ExpressionAttributeNames": {"#pk": pk},
        "ExpressionAttributeValues": {":pk": value},
        "ConsistentRead": True,
    }


CHANGED = {"pk": 7, "sk": b"order", "status": "PAID"}


@pytest.mark.parametrize(
    ("view_type", "images"),
    [
        ("KEYS_ONLY", {"new_image": CHANGED}),
        ("KEYS_ONLY", {"old_image": CHANGED}),
        ("NEW_IMAGE", {"old_image": CHANGED}),
        ("OLD_IMAGE", {"new_image": CHANGED}),
        ("NEW_AND_OLD_IMAGES", {"new_image": CHANGED, "old_image": CHANGED}),
    ],
)
def test_related_items_are_queried_by_the_key_in_its_own_type_without_images_too(
    view_type: str, images: dict[str, Any]
) -> None:
    outcome = run(
        [CdcRule(id="r", query_related=True, table_name="t")],
        to_dynamodb_records([images], table="t", view_type=view_type),
        responses=lambda request: [] if isinstance(request, Query) else {},
    )

    (value,) = outcome.requests[0].params["ExpressionAttributeValues"].values()
    assert (value, type(value)) == (7, int)


def test_items_of_several_tables_are_got_side_by_side() -> None:
    request = {"RequestItems": {"a": {"Keys": [{"pk": "1"}]}, "b": {"Keys": [{"pk": "2"}]}}}
    answers = [{"Responses": {"a": [1]}}, {"Responses": {"b": [2]}}, {}]

    outcome = drive_cdc(answers, to_get_request=lambda uow: request)

    assert [get.table_name for get in outcome.requests[:2]] == ["a", "b"]
    assert outcome.result["batch_get_response"] == {"Responses": {"a": [1], "b": [2]}}


@pytest.mark.parametrize("given", ["text", 5, False, ["text"]])
def test_fields_that_are_no_mapping_are_an_error_that_says_so(given: Any) -> None:
    with pytest.raises(TypeError, match=r"Rule 'r': to_event returns an event \(a mapping\), a list of events or None"):
        drive_cdc([], to_event=lambda uow: given)


def test_a_change_may_make_several_events() -> None:
    def to_event(uow: UnitOfWork) -> list[dict[str, Any]]:
        return [{"type": "order-submitted"}, {"type": "stock-reserved", "id": "mine"}, {"type": "mail-due"}]

    outcome = drive_cdc([{}, {}, {}], to_event=to_event, include_raw=False, bus_name=lambda uow: uow.event["type"])

    assert [(put.event["id"], put.event["type"]) for put in outcome.requests] == [
        ("1.0", "order-submitted"),
        ("mine", "stock-reserved"),
        ("1.2", "mail-due"),
    ]
    assert [put.bus_name for put in outcome.requests] == ["order-submitted", "stock-reserved", "mail-due"]
    assert [result.event for result in outcome.results] == [put.event for put in outcome.requests]
    assert all((put.event["partition_key"], put.event["tags"]["a"]) == ("o-1", 1) for put in outcome.requests)


def test_a_list_of_one_event_keeps_the_id_of_the_change() -> None:
    assert drive_cdc([{}], to_event=lambda uow: [{"type": "a"}]).result.event["id"] == "1"


def test_a_change_may_make_no_event() -> None:
    outcome = drive_cdc([], to_event=lambda uow: [])

    assert outcome.requests == ()
    assert outcome.result.event == EVENT


def test_what_the_event_is_made_of_may_come_from_any_service() -> None:
    get = GetObject({"Key": "1"}, bucket_name="photos")
    parameter = GetParameter("/currency")

    outcome = drive(
        cdc,
        {"event": {"id": "1", "type": "thing-updated"}},
        {
            "to_query_request": lambda uow: parameter,
            "to_get_request": lambda uow: get,
            "to_event": lambda uow: {
                "currency": uow["query_response"],
                "photo": uow["batch_get_response"]["Body"],
            },
        },
        ["EUR", {"Body": b"1"}, {}],
    )

    assert outcome.requests[:2] == (parameter, get)
    assert outcome.requests[2].event["currency"] == "EUR"
