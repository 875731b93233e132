from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.errors import RuleError
from powertools_stream.flavors import S3Rule, s3
from powertools_stream.requests import CopyObject, DeleteObject, GetObject, PutObject
from powertools_stream.testing import drive, run, to_sqs_records
from powertools_stream.testing.driving import DriveOutcome

EVENT = {"id": "e-1", "type": "file-received", "timestamp": 1, "key": "in/a.csv", "parts": [{"n": 1}, {"n": 2}]}


def driven(responses: Any = (), **fields: Any) -> DriveOutcome:
    return drive(s3, {"event": EVENT}, fields, responses)


def put_event(uow: Any) -> dict[str, Any]:
    return {"Key": f"events/{uow.event['id']}", "Body": uow.event}


def test_it_puts_an_object() -> None:
    outcome = driven([{"ETag": "1"}], to_s3=put_event, bucket_name="lake")

    assert outcome.requests == (PutObject({"Key": "events/e-1", "Body": EVENT}, bucket_name="lake"),)
    assert outcome.result["put_request"] == {"Key": "events/e-1", "Body": EVENT}
    assert outcome.result["put_response"] == {"ETag": "1"}


def test_it_puts_several_objects_where_the_function_returns_a_list() -> None:
    objects = [{"Key": "a", "Body": "1"}, {"Key": "b", "Body": "2"}]

    outcome = driven([{"ETag": "1"}, {"ETag": "2"}], to_s3=lambda uow: objects)

    assert [request.params for request in outcome.requests] == objects
    assert outcome.result["put_request"] == objects
    assert outcome.result["put_response"] == [{"ETag": "1"}, {"ETag": "2"}]


@pytest.mark.parametrize("nothing", [None, [], {}])
def test_it_puts_nothing_where_the_function_returns_nothing(nothing: Any) -> None:
    outcome = driven(to_s3=lambda uow: nothing)

    assert outcome.requests == ()
    assert "put_request" not in outcome.result


def test_it_gets_puts_copies_and_deletes_one_after_the_other() -> None:
    seen: dict[str, set[str]] = {}

    def step(name: str, params: dict[str, Any]) -> Any:
        def function(uow: Any) -> dict[str, Any]:
            seen[name] = {field for field in uow if field.endswith("_response")}
            return params

        return function

    outcome = driven(
        [{"Body": b"x"}, {"ETag": "1"}, {"CopyObjectResult": {}}, {"Key": "in/a.csv"}],
        to_get_request=step("get", {"Key": "in/a.csv"}),
        to_s3=step("put", {"Key": "out/a.json", "Body": "{}"}),
        to_copy_request=step("copy", {"Key": "done/a.csv", "CopySource": {"Key": "in/a.csv"}}),
        to_delete_request=step("delete", {"Key": "in/a.csv"}),
    )

    assert [type(request) for request in outcome.requests] == [GetObject, PutObject, CopyObject, DeleteObject]
    assert seen == {
        "get": set(),
        "put": {"get_response"},
        "copy": {"get_response", "put_response"},
        "delete": {"get_response", "put_response", "copy_response"},
    }
    assert outcome.result["get_response"] == {"Body": b"x"}
    assert outcome.result["copy_response"] == {"CopyObjectResult": {}}
    assert outcome.result["delete_request"] == {"Key": "in/a.csv"}
    assert outcome.result["delete_response"] == {"Key": "in/a.csv"}


def test_nothing_is_deleted_where_a_copy_failed() -> None:
    asked: list[Any] = []

    def answer(request: Any) -> Any:
        asked.append(type(request))
        return RuntimeError("no") if isinstance(request, CopyObject) else {}

    with pytest.raises(RuntimeError, match="no"):
        driven(
            answer,
            to_copy_request=lambda uow: [{"Key": str(n), "CopySource": {"Key": "in/a.csv"}} for n in range(2)],
            to_delete_request=lambda uow: {"Key": "in/a.csv"},
        )

    assert asked == [CopyObject, CopyObject]


def test_a_bucket_in_the_parameters_comes_before_that_of_the_rule() -> None:
    outcome = driven(
        [{}, {}],
        to_s3=lambda uow: [{"Key": "a", "Bucket": "other"}, {"Key": "b"}],
        bucket_name="lake",
    )

    assert [request.bucket_name for request in outcome.requests] == ["other", "lake"]


def test_it_splits_on_a_path() -> None:
    def to_s3(uow: Any) -> dict[str, Any]:
        return {"Key": f"parts/{uow['split']['n']}"}

    outcome = driven([{"ETag": "1"}, {"ETag": "2"}], to_s3=to_s3, split_on="event.parts")

    assert [request.params["Key"] for request in outcome.requests] == ["parts/1", "parts/2"]
    assert [result["put_response"]["ETag"] for result in outcome.results] == ["1", "2"]


def test_it_splits_with_a_function_into_a_field_of_its_own_name() -> None:
    outcome = driven(
        [{}, {}],
        to_delete_request=lambda uow: {"Key": uow["name"]},
        split_on=lambda uow: ["a", "b"],
        split_target_field="name",
    )

    assert [request.params["Key"] for request in outcome.requests] == ["a", "b"]
    assert [result["name"] for result in outcome.results] == ["a", "b"]


def test_what_a_failed_condition_is_goes_into_the_requests() -> None:
    outcome = driven([{}], to_s3=lambda uow: {"Key": "a", "IfNoneMatch": "*"}, on_condition_failed="fault")

    (request,) = outcome.requests
    assert request.on_condition_failed == "fault"


def test_a_function_that_returns_something_else_says_so() -> None:
    with pytest.raises(TypeError, match=r"Rule 'rule': to_s3 returns what S3's API takes .* got a str"):
        driven(to_s3=lambda uow: "a")


def test_a_rule_that_does_nothing_is_refused() -> None:
    with pytest.raises(RuleError, match="it needs 'to_s3', 'to_copy_request' or 'to_delete_request'"):
        S3Rule(id="idle", to_get_request=lambda uow: {"Key": "a"})


def test_a_path_is_checked_when_the_rule_is_made() -> None:
    with pytest.raises(RuleError, match="'split_on' is not a valid path"):
        S3Rule(id="bad", to_s3=put_event, split_on="event.[")


def test_the_function_may_be_async() -> None:
    async def to_s3(uow: Any) -> dict[str, Any]:
        return {"Key": "a"}

    outcome = run([S3Rule(id="async", to_s3=to_s3)], to_sqs_records([EVENT]), responses=lambda request: {"ETag": "1"})

    assert outcome.response == {"batchItemFailures": []}
    assert [request.params for request in outcome.requests] == [{"Key": "a"}]
    assert outcome.results[0].uow["put_response"] == {"ETag": "1"}
