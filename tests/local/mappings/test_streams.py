from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import DynamoDBStreamModel, KinesisDataStreamModel

from powertools_stream.local import DynamoDBPoller, EmbeddedAWS, KinesisPoller, LambdaFunction, drain


class Recorder:
    """A function that keeps its batches, and returns scripted responses."""

    def __init__(self, *answers: Callable[[list[dict[str, Any]]], Any]) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self._answers = list(answers) or [report()]
        self.function = LambdaFunction(self._handler, name="trigger", log=io.StringIO())

    def _handler(self, event: dict[str, Any], context: Any) -> Any:
        self.batches.append(event["Records"])
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answer(event["Records"])

    def data(self) -> list[list[str]]:
        return [[base64.b64decode(record["kinesis"]["data"]).decode() for record in batch] for batch in self.batches]


def report(*data: str) -> Callable[[list[dict[str, Any]]], Any]:
    def answer(records: list[dict[str, Any]]) -> Any:
        if not data:
            return None
        numbers = {base64.b64decode(r["kinesis"]["data"]).decode(): r["kinesis"]["sequenceNumber"] for r in records}
        return {"batchItemFailures": [{"itemIdentifier": numbers[each]} for each in data if each in numbers]}

    return answer


def fail(records: list[dict[str, Any]]) -> Any:
    raise RuntimeError("no")


def a_stream(aws: EmbeddedAWS, *data: str, shards: int = 1) -> str:
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=shards)
    for each in data:
        kinesis.put_record(StreamName="orders", Data=each.encode(), PartitionKey=each)
    arn: str = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]
    return arn


def a_table(aws: EmbeddedAWS, *items: dict[str, Any]) -> str:
    dynamodb = aws.client("dynamodb")
    table = dynamodb.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    for item in items:
        dynamodb.put_item(TableName="orders", Item=item)
    arn: str = table["TableDescription"]["LatestStreamArn"]
    return arn


def update(dynamodb: Any, key: str, number: str) -> None:
    dynamodb.update_item(
        TableName="orders",
        Key={"pk": {"S": key}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": number}},
    )


def test_a_kinesis_event_is_what_lambda_sends(embedded: EmbeddedAWS) -> None:
    recorder = Recorder()
    arn = a_stream(embedded, "hello")

    KinesisPoller(recorder.function, arn).poll()

    (record,) = recorder.batches[0]
    KinesisDataStreamModel.model_validate({"Records": [{**record, "kinesis": {**record["kinesis"], "data": "e30="}}]})
    assert record["kinesis"]["partitionKey"] == "hello"
    assert record["eventID"].endswith(":" + record["kinesis"]["sequenceNumber"])
    assert record["eventSourceARN"] == arn
    assert recorder.data() == [["hello"]]


def test_a_dynamodb_event_is_what_lambda_sends(embedded: EmbeddedAWS) -> None:
    recorder = Recorder()
    item = {"pk": {"S": "1"}, "n": {"N": "1.50"}, "blob": {"B": b"\x00"}, "list": {"L": [{"B": b"\x01"}]}}
    arn = a_table(embedded, item)

    DynamoDBPoller(recorder.function, arn).poll()

    (record,) = recorder.batches[0]
    DynamoDBStreamModel.model_validate({"Records": [record]})
    assert record["eventName"] == "INSERT"
    assert record["eventSource"] == "aws:dynamodb"
    assert record["eventSourceARN"] == arn
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], int)
    assert record["dynamodb"]["Keys"] == {"pk": {"S": "1"}}
    assert record["dynamodb"]["NewImage"] == {**item, "blob": {"B": "AA=="}, "list": {"L": [{"B": "AQ=="}]}}


def test_an_update_that_makes_an_item_is_told_once_as_dynamodb_tells_it(embedded: EmbeddedAWS) -> None:
    recorder = Recorder()
    arn = a_table(embedded)
    dynamodb = embedded.client("dynamodb")
    for number in range(3):
        update(dynamodb, str(number), "1")

    # A batch of one ends between the two records that moto makes of such a change.
    list(drain(DynamoDBPoller(recorder.function, arn, batch_size=1), DynamoDBPoller(recorder.function, arn)))

    told = [[(r["eventName"], r["dynamodb"]["NewImage"]) for r in batch] for batch in recorder.batches]
    images = [("INSERT", {"pk": {"S": str(number)}, "n": {"N": "1"}}) for number in range(3)]
    assert told == [[images[0]], images, [images[1]], [images[2]]]


def test_an_item_that_is_nothing_but_its_key_is_told(embedded: EmbeddedAWS) -> None:
    recorder = Recorder()
    arn = a_table(embedded, {"pk": {"S": "1"}}, {"pk": {"S": "2"}})

    list(drain(DynamoDBPoller(recorder.function, arn)))

    assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in recorder.batches[0]] == ["1", "2"]


def test_a_write_that_changes_nothing_is_not_told(embedded: EmbeddedAWS) -> None:
    recorder = Recorder()
    item = {"pk": {"S": "1"}, "n": {"N": "1"}}
    arn = a_table(embedded, item, item, {**item, "n": {"N": "2"}})

    list(drain(DynamoDBPoller(recorder.function, arn, batch_size=1)))

    assert [record["eventName"] for batch in recorder.batches for record in batch] == ["INSERT", "MODIFY"]


def test_a_table_without_changes_calls_nothing(embedded: EmbeddedAWS) -> None:
    recorder = Recorder()

    assert DynamoDBPoller(recorder.function, a_table(embedded)).poll() is None
    assert recorder.batches == []


def test_changes_come_in_batches_and_in_order(embedded: EmbeddedAWS) -> None:
    recorder = Recorder()
    arn = a_table(embedded, *({"pk": {"S": str(number)}} for number in range(5)))

    list(drain(DynamoDBPoller(recorder.function, arn, batch_size=2)))

    keys = [[record["dynamodb"]["Keys"]["pk"]["S"] for record in batch] for batch in recorder.batches]
    assert keys == [["0", "1"], ["2", "3"], ["4"]]


def test_from_the_lowest_reported_record_on_everything_comes_again(embedded: EmbeddedAWS) -> None:
    recorder = Recorder(report("d", "b"), report())
    arn = a_stream(embedded, "a", "b", "c", "d", "e")

    list(drain(KinesisPoller(recorder.function, arn, batch_size=4)))

    assert recorder.data() == [["a", "b", "c", "d"], ["b", "c", "d"], ["e"]]


@pytest.mark.parametrize("answer", [fail, lambda records: {"batchItemFailures": [{"itemIdentifier": ""}]}])
def test_a_failed_batch_comes_again_whole(embedded: EmbeddedAWS, answer: Callable[[Any], Any]) -> None:
    recorder = Recorder(answer, report())
    arn = a_stream(embedded, "a", "b")

    list(drain(KinesisPoller(recorder.function, arn)))

    assert recorder.data() == [["a", "b"], ["a", "b"]]


def test_a_record_that_always_fails_holds_the_shard_up_until_it_is_discarded(embedded: EmbeddedAWS) -> None:
    recorder = Recorder(report("b"))
    arn = a_stream(embedded, "a", "b", "c")
    poller = KinesisPoller(recorder.function, arn, batch_size=2, max_retries=1)

    list(drain(poller))

    assert recorder.data() == [["a", "b"], ["b"], ["b"], ["c"]]
    assert [base64.b64decode(record["kinesis"]["data"]) for record in poller.discarded] == [b"b"]


def test_without_partial_reports_a_function_that_returns_has_done_the_batch(embedded: EmbeddedAWS) -> None:
    recorder = Recorder(report("a"))
    arn = a_stream(embedded, "a", "b")

    list(drain(KinesisPoller(recorder.function, arn, reports_partially=False)))

    assert recorder.data() == [["a", "b"]]


def test_a_failing_shard_does_not_hold_the_others_up(embedded: EmbeddedAWS) -> None:
    recorder = Recorder(report("0"))
    data = [str(number) for number in range(20)]
    poller = KinesisPoller(recorder.function, a_stream(embedded, *data, shards=2), max_retries=2)

    list(drain(poller))

    assert {each for batch in recorder.data() for each in batch} == set(data)


def test_reading_from_the_latest_position_skips_what_is_there(embedded: EmbeddedAWS) -> None:
    recorder = Recorder()
    arn = a_stream(embedded, "old")
    poller = KinesisPoller(recorder.function, arn, starting_position="LATEST")
    embedded.client("kinesis").put_record(StreamName="orders", Data=b"new", PartitionKey="new")

    list(drain(poller))

    assert recorder.data() == [["new"]]
