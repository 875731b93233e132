from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import SqsModel

from powertools_stream.local import EmbeddedAWS, LambdaFunction, SQSPoller, drain

Answer = Callable[[list[dict[str, Any]]], Any]


class Queue:
    """A queue, a function that it triggers, and the events that the function got."""

    def __init__(self, aws: EmbeddedAWS, answer: Answer, *, attributes: dict[str, str] | None = None) -> None:
        self.client = aws.client("sqs")
        name = "orders.fifo" if attributes and attributes.get("FifoQueue") else "orders"
        self.url = self.client.create_queue(QueueName=name, Attributes=attributes or {})["QueueUrl"]
        self.batches: list[list[dict[str, Any]]] = []
        self.answer = answer
        self.function = LambdaFunction(self._handler, name="listener", log=io.StringIO())

    def _handler(self, event: dict[str, Any], context: Any) -> Any:
        self.batches.append(event["Records"])
        return self.answer(event["Records"])

    def send(self, *bodies: str, **fields: Any) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body, **fields)

    def left(self) -> int:
        attributes = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])

    def bodies(self) -> list[list[str]]:
        return [[record["body"] for record in batch] for batch in self.batches]


def report(records: list[dict[str, Any]], *bodies: str) -> dict[str, Any]:
    failed = [record["messageId"] for record in records if record["body"] in bodies]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def test_an_empty_queue_calls_nothing(embedded: EmbeddedAWS) -> None:
    queue = Queue(embedded, lambda records: None)

    assert SQSPoller(queue.function, queue.url, retry_delay=0).poll() is None
    assert queue.batches == []


def test_the_event_is_what_lambda_sends(embedded: EmbeddedAWS) -> None:
    queue = Queue(embedded, lambda records: None)
    queue.send(
        "hello",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "order"},
            "digest": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )

    SQSPoller(queue.function, queue.url, retry_delay=0).poll()

    (record,) = queue.batches[0]
    SqsModel.model_validate({"Records": [record]})
    assert record["body"] == "hello"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:orders"
    assert record["awsRegion"] == "us-east-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"] == {
        "kind": {"stringValue": "order", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
        "digest": {
            "binaryValue": base64.b64encode(b"\x00\xff").decode(),
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": "Binary",
        },
    }


def test_what_is_not_reported_is_deleted_and_the_rest_comes_back_at_once(embedded: EmbeddedAWS) -> None:
    queue = Queue(embedded, lambda records: report(records, "b"))
    queue.send("a", "b", "c")
    poller = SQSPoller(queue.function, queue.url, retry_delay=0)

    poller.poll()
    queue.answer = lambda records: None
    poller.poll()

    assert [sorted(batch) for batch in queue.bodies()] == [["a", "b", "c"], ["b"]]
    assert queue.batches[1][0]["attributes"]["ApproximateReceiveCount"] == "2"
    assert queue.left() == 0


@pytest.mark.parametrize(
    "response",
    [{"batchItemFailures": [{"itemIdentifier": "unknown"}]}, {"batchItemFailures": [{"itemIdentifier": ""}]}, "ok"],
)
def test_a_bad_response_sends_the_whole_batch_again(embedded: EmbeddedAWS, response: Any) -> None:
    queue = Queue(embedded, lambda records: response)
    queue.send("a", "b")
    poller = SQSPoller(queue.function, queue.url, retry_delay=0)

    poller.poll()
    poller.poll()

    assert [sorted(batch) for batch in queue.bodies()] == [["a", "b"], ["a", "b"]]


def test_an_exception_sends_the_whole_batch_again(embedded: EmbeddedAWS) -> None:
    def fail(records: list[dict[str, Any]]) -> None:
        raise RuntimeError("no")

    queue = Queue(embedded, fail)
    queue.send("a", "b")

    invocation = SQSPoller(queue.function, queue.url, retry_delay=0).poll()

    assert invocation is not None
    assert isinstance(invocation.error, RuntimeError)
    assert queue.left() == 2


def test_without_partial_reports_a_function_that_returns_has_done_the_batch(embedded: EmbeddedAWS) -> None:
    queue = Queue(embedded, lambda records: report(records, "a"))
    queue.send("a", "b")

    SQSPoller(queue.function, queue.url, reports_partially=False, retry_delay=0).poll()

    assert queue.left() == 0


def test_a_batch_may_be_larger_than_one_receive(embedded: EmbeddedAWS) -> None:
    queue = Queue(embedded, lambda records: None)
    queue.send(*(str(number) for number in range(30)))

    list(drain(SQSPoller(queue.function, queue.url, batch_size=25, retry_delay=0)))

    assert [len(batch) for batch in queue.batches] == [25, 5]
    assert queue.left() == 0


def test_the_redrive_policy_moves_away_what_fails_every_time(embedded: EmbeddedAWS) -> None:
    sqs = embedded.client("sqs")
    letters = sqs.create_queue(QueueName="letters")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    queue = Queue(embedded, lambda records: report(records, "poison"), attributes={"RedrivePolicy": redrive})
    queue.send("poison", "fine")

    list(drain(SQSPoller(queue.function, queue.url, retry_delay=0)))

    assert sorted(body for batch in queue.bodies() for body in batch) == ["fine", "poison", "poison", "poison"]
    assert [message["Body"] for message in sqs.receive_message(QueueUrl=letters)["Messages"]] == ["poison"]


def test_a_fifo_queue_sends_a_failed_group_again_in_order(embedded: EmbeddedAWS) -> None:
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    queue = Queue(embedded, lambda records: report(records, "b", "c"), attributes=attributes)
    queue.send("a", "b", "c", MessageGroupId="g")
    poller = SQSPoller(queue.function, queue.url, retry_delay=0)

    poller.poll()
    queue.answer = lambda records: None
    poller.poll()

    assert queue.bodies() == [["a", "b", "c"], ["b", "c"]]
    assert queue.batches[0][0]["attributes"]["MessageGroupId"] == "g"


def test_batch_sizes_are_lambdas(embedded: EmbeddedAWS) -> None:
    fifo = Queue(embedded, lambda records: None, attributes={"FifoQueue": "true"})

    with pytest.raises(ValueError, match="between 1 and 10 for arn"):
        SQSPoller(fifo.function, fifo.url, batch_size=11)


def test_polling_may_be_limited_to_some_rounds(embedded: EmbeddedAWS) -> None:
    queue = Queue(embedded, lambda records: report(records, "poison"))
    queue.send("poison")

    invocations = list(drain(SQSPoller(queue.function, queue.url, retry_delay=0), rounds=2))

    assert len(invocations) == 2
    assert queue.left() == 1
