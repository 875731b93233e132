from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.flavors import MaterializeRule, materialize
from powertools_stream.requests import PutObject, UpdateItem
from powertools_stream.testing.driving import DriveOutcome, drive
from powertools_stream.uow import UnitOfWork

EVENT = {"id": "1", "type": "order-created", "lines": [{"n": 1}, {"n": 2}]}
CONDITION = {"ConditionExpression": "attribute_not_exists(pk)"}
FALLBACK = {"Key": {"pk": "fallback"}}


def drive_materialize(responses: Any, /, **fields: Any) -> DriveOutcome:
    return drive(
        materialize, {"event": EVENT}, {"id": "r", "to_update_request": to_update_request, **fields}, responses
    )


def to_update_request(uow: UnitOfWork) -> dict[str, Any]:
    return {"Key": {"pk": uow.get("split", uow.event)["n" if "split" in uow else "id"]}, **CONDITION}


def test_the_view_is_updated() -> None:
    outcome = drive_materialize([{"Attributes": {}}], table_name="view", on_condition_failed="fault")

    (request,) = outcome.requests
    assert request == UpdateItem({"Key": {"pk": "1"}, **CONDITION}, table_name="view", on_condition_failed="fault")
    assert outcome.result["update_request"] == request.params
    assert outcome.result["update_response"] == {"Attributes": {}}


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_request_is_no_update(nothing: Any) -> None:
    outcome = drive_materialize([], to_update_request=lambda uow: nothing)

    assert outcome.result["update_request"] is None
    assert "update_response" not in outcome.result


def test_an_async_function_is_awaited() -> None:
    async def later(uow: UnitOfWork) -> dict[str, Any]:
        return FALLBACK

    assert drive_materialize([{}], to_update_request=later).requests[0].params == FALLBACK


def test_a_failed_condition_without_a_fallback_is_left_as_it_is() -> None:
    assert drive_materialize([{}]).result["update_response"] == {}


def test_a_failed_condition_tries_the_fallback() -> None:
    def fall_back(uow: UnitOfWork, rule: Any) -> dict[str, Any]:
        assert uow["update_request"]["Key"] == {"pk": "1"}
        return FALLBACK

    outcome = drive_materialize(
        [{}, {"Attributes": {"a": 1}}], to_fallback_update_request=fall_back, on_condition_failed="fault"
    )

    first, second = outcome.requests
    assert (first.on_condition_failed, second.on_condition_failed) == ("ignore", "fault")
    assert outcome.result["fallback_update_request"] == second.params == FALLBACK
    assert outcome.result["update_response"] == {"Attributes": {"a": 1}}


def test_a_fallback_may_decline() -> None:
    outcome = drive_materialize([{}], to_fallback_update_request=lambda uow: None)

    assert outcome.result["update_response"] == {}
    assert "fallback_update_request" not in outcome.result


def test_an_empty_answer_without_a_condition_is_a_success() -> None:
    outcome = drive_materialize(
        [{}], to_update_request=lambda uow: {"Key": {"pk": "1"}}, to_fallback_update_request=lambda uow: FALLBACK
    )

    assert len(outcome.requests) == 1


def test_a_success_needs_no_fallback() -> None:
    assert len(drive_materialize([{"Attributes": {}}], to_fallback_update_request=lambda uow: FALLBACK).requests) == 1


@pytest.mark.parametrize(
    "split_on",
    [
        "event.lines",
        "event.lines[?n > `0`]",
        lambda uow: uow.event["lines"],
        lambda uow, rule: [{**uow, rule["split_target_field"]: line} for line in uow["event"]["lines"]],
        lambda uow: [uow.extend(split=line) for line in uow.event["lines"]],
    ],
)
def test_each_value_of_a_split_is_a_unit_of_work(split_on: Any) -> None:
    outcome = drive_materialize([{"a": 1}, {"a": 2}], split_on=split_on)

    assert [request.params["Key"] for request in outcome.requests] == [{"pk": 1}, {"pk": 2}]
    assert [result["split"] for result in outcome.results] == EVENT["lines"]
    assert [result["update_response"] for result in outcome.results] == [{"a": 1}, {"a": 2}]


def test_the_updates_of_a_split_are_asked_for_side_by_side() -> None:
    rule = MaterializeRule(id="r", to_update_request=to_update_request, split_on="event.lines")
    generator = materialize(UnitOfWork(event=EVENT), rule)

    updates = next(generator)

    assert [type(next(update)) for update in updates] == [UpdateItem, UpdateItem]


def test_the_field_of_the_value_may_be_named() -> None:
    outcome = drive_materialize(
        [{}, {}], split_on="event.lines", split_target_field="line", to_update_request=lambda uow: {"Key": uow["line"]}
    )

    assert [request.params["Key"] for request in outcome.requests] == EVENT["lines"]


@pytest.mark.parametrize("split_on", ["event.nothing", "event.id.nothing", lambda uow: []])
def test_nothing_to_split_on_leaves_nothing(split_on: Any) -> None:
    assert drive_materialize([], split_on=split_on).results == ()


def test_one_failed_update_of_a_split_fails_the_record_once_all_are_through() -> None:
    asked = []

    def respond(request: Any) -> Any:
        asked.append(request)
        return ConnectionError("first") if len(asked) == 1 else {}

    with pytest.raises(ConnectionError, match="first"):
        drive_materialize(respond, split_on="event.lines")

    assert len(asked) == 2


def test_what_cannot_be_split_and_what_is_no_request_are_errors_that_say_so() -> None:
    with pytest.raises(TypeError, match="Expected a list to split"):
        drive_materialize([], split_on="event.id")
    with pytest.raises(TypeError, match="use split_on"):
        drive_materialize([], to_update_request=lambda uow: [FALLBACK])


def test_a_view_may_be_anything_that_a_request_writes() -> None:
    request = PutObject({"Key": "1", "Body": {}}, bucket_name="views")

    outcome = drive_materialize([{"ETag": '"1"'}], to_update_request=lambda uow: request)

    assert outcome.requests == (request,)
    assert (outcome.result["update_request"], outcome.result["update_response"]) == (request, {"ETag": '"1"'})


def test_a_failed_condition_of_any_request_tries_the_fallback() -> None:
    def fall_back(uow: UnitOfWork) -> PutObject:
        return PutObject({"Key": "late", "Body": {}})

    conditional = PutObject({"Key": "1", "Body": {}, "IfNoneMatch": "*"})
    outcome = drive_materialize(
        [{}, {"ETag": '"2"'}], to_update_request=lambda uow: conditional, to_fallback_update_request=fall_back
    )

    assert [request.params["Key"] for request in outcome.requests] == ["1", "late"]
