"""The flavor `s3` from the record to the bucket and back, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powertools_stream import StreamProcessor
from powertools_stream.flavors import S3Rule
from powertools_stream.outcomes import Reason
from powertools_stream.testing import to_sqs_records
from tests.conftest import REGION, Aws


@pytest.fixture
def bucket(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Any:
    s3 = aws.client("s3")
    for name in ("lake", "inbox"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    monkeypatch.setenv("BUCKET_NAME", "lake")
    return s3


def keys(bucket: Any, name: str = "lake") -> list[str]:
    return [found["Key"] for found in bucket.list_objects_v2(Bucket=name).get("Contents", ())]


def received(count: int) -> dict[str, Any]:
    return to_sqs_records(
        [{"id": f"e-{n}", "type": "file-received", "timestamp": n, "key": f"{n}.csv"} for n in range(count)]
    )


def test_events_are_written_as_objects(bucket: Any) -> None:
    rule = S3Rule(id="keep", to_s3=lambda uow: {"Key": f"events/{uow.event['id']}", "Body": uow.event})
    processor = StreamProcessor(rules=[rule])

    for _ in ("cold start", "warm start"):
        assert processor.process_event(received(20)) == {"batchItemFailures": []}

    assert len(keys(bucket)) == 20
    body = bucket.get_object(Bucket="lake", Key="events/e-7")["Body"].read()
    assert json.loads(body)["key"] == "7.csv"
    assert all(result.uow["put_response"]["ETag"] for result in processor.results)


def test_objects_are_moved_from_one_bucket_to_another(bucket: Any) -> None:
    for n in range(5):
        bucket.put_object(Bucket="inbox", Key=f"{n}.csv", Body=str(n).encode())

    def source(uow: Any) -> dict[str, Any]:
        return {"Bucket": "inbox", "Key": uow.event["key"]}

    rule = S3Rule(
        id="move",
        to_copy_request=lambda uow: {"Key": f"raw/{uow.event['key']}", "CopySource": source(uow)},
        to_delete_request=source,
    )
    response = StreamProcessor(rules=[rule]).process_event(received(5))

    assert response == {"batchItemFailures": []}
    assert keys(bucket, "inbox") == []
    assert keys(bucket) == [f"raw/{n}.csv" for n in range(5)]


def test_an_object_that_cannot_be_copied_is_not_deleted(bucket: Any) -> None:
    bucket.put_object(Bucket="inbox", Key="0.csv", Body=b"x")
    rule = S3Rule(
        id="move",
        to_copy_request=lambda uow: {"Key": "a", "CopySource": {"Bucket": "inbox", "Key": "nothing"}},
        to_delete_request=lambda uow: {"Bucket": "inbox", "Key": uow.event["key"]},
    )
    processor = StreamProcessor(rules=[rule], raise_on_entire_batch_failure=False)

    response = processor.process_event(received(1))

    (fault,) = processor.faults
    assert len(response["batchItemFailures"]) == 1
    assert fault.reason is Reason.FAULT
    assert "NoSuchKey" in str(fault.error)
    assert keys(bucket, "inbox") == ["0.csv"]


def test_what_is_in_an_object_is_split_into_several(bucket: Any) -> None:
    bucket.put_object(Bucket="inbox", Key="0.csv", Body=b"one\ntwo\nthree")

    def to_s3(uow: Any) -> list[dict[str, Any]]:
        lines = uow["get_response"]["Body"].decode().splitlines()
        return [{"Key": f"lines/{n}", "Body": line} for n, line in enumerate(lines)]

    rule = S3Rule(id="lines", to_get_request=lambda uow: {"Bucket": "inbox", "Key": uow.event["key"]}, to_s3=to_s3)
    processor = StreamProcessor(rules=[rule])

    assert processor.process_event(received(1)) == {"batchItemFailures": []}
    assert keys(bucket) == ["lines/0", "lines/1", "lines/2"]
    assert bucket.get_object(Bucket="lake", Key="lines/2")["Body"].read() == b"three"
    assert len(processor.results[0].uow["put_response"]) == 3


def test_a_later_event_of_the_same_key_is_written_last(bucket: Any) -> None:
    rule = S3Rule(id="latest", to_s3=lambda uow: {"Key": uow.event["order"], "Body": str(uow.event["n"])})
    event = to_sqs_records(
        [{"type": "order-updated", "partition_key": "o-1", "order": "o-1", "n": n} for n in range(8)]
    )

    assert StreamProcessor(rules=[rule]).process_event(event) == {"batchItemFailures": []}

    assert bucket.get_object(Bucket="lake", Key="o-1")["Body"].read() == b"7"
