"""Events that are too large for a sink: stored in S3, and read by the receiver of the reference to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from powertools_stream import StreamProcessor
from powertools_stream.flavors import task
from powertools_stream.payloads.claim_checks import ClaimChecks, is_claim_check
from powertools_stream.requests import PublishMessage, PutRecord, Request, SendMessage
from powertools_stream.testing import to_kinesis_records, to_sqs_records
from powertools_stream.uow import UnitOfWork
from tests.conftest import REGION, Aws

CHECKS = ClaimChecks({"checks": "123456789012"}, "checks")
NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z
KIB = 1024


@pytest.fixture(autouse=True)
def _bucket(aws: Aws) -> None:
    aws.client("s3").create_bucket(Bucket="checks", CreateBucketConfiguration={"LocationConstraint": REGION})


def sending(request_of: Callable[[dict[str, Any]], Request]) -> StreamProcessor:
    def execute(uow: UnitOfWork) -> Iterator[Any]:
        return (yield request_of({**uow.event, "text": "x" * uow.event["size"]}))

    rule = {"id": "send", "flavor": task, "execute": execute, "ordered": False}
    return StreamProcessor(rules=[rule], claim_checks=CHECKS)


def things(size: int) -> dict[str, Any]:
    """Return records of one order key: the second makes an event of this size, the others make small ones."""
    return to_kinesis_records(
        [
            {"id": f"t-{n}", "type": "thing", "timestamp": NOON, "partition_key": "p", "size": size if n == 1 else 1}
            for n in range(3)
        ]
    )


def read(records: dict[str, Any]) -> dict[str, int]:
    """Return the events of records, and the length of their text."""
    reader = StreamProcessor(
        rules=[{"id": "read", "flavor": task, "execute": lambda uow: uow.event}], claim_checks=CHECKS
    )
    assert reader.process_event(records) == {"batchItemFailures": []}
    return {result.uow["result"]["id"]: len(result.uow["result"]["text"]) for result in reader.results}


def test_a_large_event_goes_to_a_queue_as_a_claim_check(aws: Aws) -> None:
    url, size = aws.create_queue("orders"), 1025 * KIB

    response = sending(lambda event: SendMessage({"MessageBody": event}, queue_url=url)).process_event(things(size))

    assert response == {"batchItemFailures": []}
    bodies = [json.loads(message["Body"]) for message in aws.messages("orders")]
    assert [is_claim_check(body) for body in sorted(bodies, key=lambda body: str(body["id"]))] == [False, True, False]
    assert read(to_sqs_records(bodies)) == {"t-0": 1, "t-1": size, "t-2": 1}


def test_a_large_event_goes_to_a_fifo_queue_in_its_turn(aws: Aws) -> None:
    url, size = aws.create_queue("orders.fifo", ContentBasedDeduplication="false"), 1025 * KIB
    processor = sending(lambda event: SendMessage({"MessageBody": event, "MessageGroupId": "g"}, queue_url=url))

    for _ in ("first attempt", "second attempt"):
        assert processor.process_event(things(size)) == {"batchItemFailures": []}

    bodies = [json.loads(message["Body"]) for message in aws.messages("orders.fifo")]
    assert [body["id"] for body in bodies] == ["t-0", "t-1", "t-2"]
    assert read(to_sqs_records(bodies))["t-1"] == size


def test_a_large_event_goes_on_a_topic_as_a_claim_check(aws: Aws) -> None:
    url, size = aws.create_queue("subscriber"), 257 * KIB
    arn = aws.client("sns").create_topic(Name="orders")["TopicArn"]
    queue = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)

    response = sending(lambda event: PublishMessage({"Message": event}, topic_arn=arn)).process_event(things(size))

    assert response == {"batchItemFailures": []}
    # As SNS wraps them.
    assert read(to_sqs_records([json.loads(message["Body"]) for message in aws.messages("subscriber")])) == {
        "t-0": 1,
        "t-1": size,
        "t-2": 1,
    }


def test_a_large_event_goes_on_a_stream_as_a_claim_check(aws: Aws) -> None:
    size = 1025 * KIB
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1)

    response = sending(lambda event: PutRecord({"Data": event}, stream_name="orders")).process_event(things(size))

    assert response == {"batchItemFailures": []}
    shard = kinesis.list_shards(StreamName="orders")["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(StreamName="orders", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]
    assert [record["PartitionKey"] for record in records] == ["p"] * 3
    data = [json.loads(record["Data"]) for record in records]
    assert read(to_kinesis_records(data)) == {"t-0": 1, "t-1": size, "t-2": 1}
