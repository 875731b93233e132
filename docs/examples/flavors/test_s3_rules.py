from __future__ import annotations

from typing import Any

from docs.examples.flavors.s3_rules import rules
from powertools_stream.flavors import s3
from powertools_stream.requests import CopyObject, DeleteObject, PutObject
from powertools_stream.testing import drive, run, to_sqs_records


def test_an_order_is_kept_under_its_id() -> None:
    order = {"id": "e-1", "type": "order-accepted", "partition_key": "o-1", "total": 7}

    outcome = drive(s3, {"event": order}, rules["keep_order"], [{"ETag": "1"}])

    (request,) = outcome.requests
    assert request == PutObject(
        {"Key": "orders/o-1/e-1.json", "Body": order}, bucket_name="lake"
    )
    assert outcome.result["put_response"] == {"ETag": "1"}


# --8<-- [start:move]
def test_a_file_is_copied_and_then_deleted() -> None:
    answers: dict[Any, Any] = {
        CopyObject: {"CopyObjectResult": {"ETag": "1"}},
        DeleteObject: {"Key": "a.csv"},
    }

    outcome = run(
        rules,
        to_sqs_records([{"type": "file-imported", "key": "a.csv"}]),
        responses=answers,
    )

    copy, delete = outcome.requests
    assert copy.params["CopySource"] == {"Bucket": "inbox", "Key": "a.csv"}
    assert delete.params == {"Bucket": "inbox", "Key": "a.csv"}


def test_a_file_that_cannot_be_copied_stays() -> None:
    answers: dict[Any, Any] = {CopyObject: RuntimeError("no")}

    outcome = run(
        rules,
        to_sqs_records([{"type": "file-imported", "key": "a.csv"}]),
        responses=answers,
    )

    assert [type(request) for request in outcome.requests] == [CopyObject]
    assert len(outcome.faults) == 1


# --8<-- [end:move]


def test_each_page_of_a_manual_is_an_object() -> None:
    answers = [{"Body": b"one\x0ctwo"}, {"ETag": "1"}, {"ETag": "2"}]

    outcome = drive(
        s3, {"event": {"key": "manual.txt"}}, rules["publish_pages"], answers
    )

    assert [request.params["Key"] for request in outcome.requests[1:]] == [
        "manual/1.txt",
        "manual/2.txt",
    ]
    assert [response["ETag"] for response in outcome.result["put_response"]] == [
        "1",
        "2",
    ]


def test_each_photo_is_described() -> None:
    album = {"photos": [{"id": "p-1"}, {"id": "p-2"}]}

    outcome = drive(
        s3, {"event": album}, rules["describe_photo"], [{"ETag": "1"}, {"ETag": "2"}]
    )

    assert [request.params["Key"] for request in outcome.requests] == [
        "photos/p-1.json",
        "photos/p-2.json",
    ]
    assert len(outcome.results) == 2
