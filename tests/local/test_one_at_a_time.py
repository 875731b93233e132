"""What moto's server does on several threads at once, with its own steps drawn out so that they meet."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest

from powertools_stream.local import DynamoDBPoller, EmbeddedAWS, KinesisPoller, LambdaFunction, drain

WRITERS = 8


def together(write: Callable[[int], Any]) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))


def drawn_out(step: Callable[..., Any]) -> Callable[..., Any]:
    def take(*arguments: Any, **options: Any) -> Any:
        time.sleep(0.005)
        return step(*arguments, **options)

    return take


def sequence_numbers(poller: Any) -> list[int]:
    invocations = list(drain(poller, rounds=3))
    return [int(poller._sequence_number(record)) for each in invocations for record in each.event["Records"]]


@pytest.fixture
def function() -> LambdaFunction:
    return LambdaFunction(lambda event, context: None, name="function")


def test_changes_that_are_made_together_have_sequence_numbers_of_their_own(
    embedded: EmbeddedAWS, function: LambdaFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    table: Any = import_module("moto.dynamodb.models.table")
    monkeypatch.setattr(table, "StreamRecord", drawn_out(table.StreamRecord))
    dynamodb = embedded.client("dynamodb")
    arn = dynamodb.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]["LatestStreamArn"]

    together(lambda number: dynamodb.put_item(TableName="orders", Item={"pk": {"S": str(number)}}))

    numbers = sequence_numbers(DynamoDBPoller(function, arn, batch_size=WRITERS))
    assert len(numbers) == len(set(numbers)) == WRITERS


def test_records_that_are_put_together_are_all_kept(
    embedded: EmbeddedAWS, function: LambdaFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    models: Any = import_module("moto.kinesis.models")
    monkeypatch.setattr(models, "Record", drawn_out(models.Record))
    kinesis = embedded.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]

    together(lambda number: kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey=str(number)))

    assert sorted(sequence_numbers(KinesisPoller(function, arn))) == list(range(1, WRITERS + 1))


def test_a_message_that_comes_while_others_are_deleted_is_kept(
    embedded: EmbeddedAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    message: Any = import_module("moto.sqs.models").Message
    monkeypatch.setattr(message, "had_receipt_handle", drawn_out(message.had_receipt_handle))
    sqs = embedded.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    for _ in range(WRITERS):
        sqs.send_message(QueueUrl=url, MessageBody="old")
    handles = [each["ReceiptHandle"] for each in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]

    def replace(number: int) -> None:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=handles[number])
        sqs.send_message(QueueUrl=url, MessageBody="new")

    together(replace)

    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert counts == {"ApproximateNumberOfMessages": str(WRITERS), "ApproximateNumberOfMessagesNotVisible": "0"}
