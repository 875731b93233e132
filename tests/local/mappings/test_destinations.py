"""What on-failure destinations get, from moto's server."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    DynamoDBStreamLambdaOnFailureDestinationModel,
    KinesisDataStreamModel,
)

from powertools_stream.flavors import task
from powertools_stream.local import (
    Destination,
    DynamoDBPoller,
    EmbeddedAWS,
    KinesisPoller,
    LambdaFunction,
    MappingError,
    drain,
)
from powertools_stream.testing import run
from tests.local.mappings.fakes import Clock, FakeDynamoDBStream, FakeKinesis


def fails(event: Any, context: Any) -> None:
    raise RuntimeError("no")


def reports(event: Any, context: Any) -> Any:
    record = event["Records"][0]
    number = record["kinesis"]["sequenceNumber"] if "kinesis" in record else record["dynamodb"]["SequenceNumber"]
    return {"batchItemFailures": [{"itemIdentifier": number}]}


def a_function(handler: Any = fails) -> LambdaFunction:
    return LambdaFunction(handler, name="trigger", log=io.StringIO())


def a_queue(aws: EmbeddedAWS) -> tuple[str, str]:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="letters")["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def letters(aws: EmbeddedAWS, url: str) -> list[Any]:
    messages = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def test_a_queue_gets_positions_and_the_reason(embedded: EmbeddedAWS) -> None:
    url, arn = a_queue(embedded)
    stream = FakeKinesis(Clock())
    stream.put("a", "b")
    destination = Destination(arn, embedded.client)
    poller = KinesisPoller(
        a_function(), stream.arn, max_retries=2, on_failure=destination, client=stream, clock=stream.clock
    )

    invocations = list(drain(poller))

    assert letters(embedded, url) == [
        {
            "requestContext": {
                "requestId": invocations[-1].request_id,
                "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:trigger",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 3,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": "2027-01-15T08:00:00.000Z",
            "KinesisBatchInfo": {
                "shardId": "shard-0",
                "startSequenceNumber": "5",
                "endSequenceNumber": "6",
                "approximateArrivalOfFirstRecord": "2027-01-15T08:00:00.000Z",
                "approximateArrivalOfLastRecord": "2027-01-15T08:00:00.000Z",
                "batchSize": 2,
                "streamArn": stream.arn,
            },
        }
    ]


def test_a_topic_gets_the_same(embedded: EmbeddedAWS) -> None:
    url, queue_arn = a_queue(embedded)
    sns = embedded.client("sns")
    topic_arn = sns.create_topic(Name="letters")["TopicArn"]
    attributes = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn, Attributes=attributes)
    stream = FakeDynamoDBStream(Clock())
    stream.put("a")
    destination = Destination(topic_arn, embedded.client)

    list(drain(DynamoDBPoller(a_function(), stream.arn, max_retries=0, on_failure=destination, client=stream)))

    (letter,) = letters(embedded, url)
    parsed = DynamoDBStreamLambdaOnFailureDestinationModel.model_validate(letter)
    assert parsed.ddb_stream_batch_info.batch_size == 1


def test_a_bucket_gets_the_records_too(embedded: EmbeddedAWS) -> None:
    s3 = embedded.client("s3")
    s3.create_bucket(Bucket="letters")
    stream = FakeKinesis(Clock())
    stream.put('{"type": "order-created"}')
    destination = Destination("arn:aws:s3:::letters", embedded.client, mapping_id="mapping")
    options: dict[str, Any] = {"max_retries": 0, "on_failure": destination, "client": stream, "clock": stream.clock}

    list(drain(KinesisPoller(a_function(), stream.arn, **options)))

    (found,) = s3.list_objects_v2(Bucket="letters")["Contents"]
    assert re.fullmatch(r"aws/lambda/mapping/shard-0/2027/01/15/2027-01-15T08\.00\.00-[0-9a-f-]{36}", found["Key"])
    content = json.loads(s3.get_object(Bucket="letters", Key=found["Key"])["Body"].read())
    KinesisDataStreamModel.model_validate(json.loads(content["payload"]))
    outcome = run([{"id": "r", "flavor": task, "event_type": "order-created", "execute": str}], content)
    assert [result.rule_id for result in outcome.results] == ["r"]


def test_a_batch_that_was_reported_has_no_function_error(embedded: EmbeddedAWS) -> None:
    url, arn = a_queue(embedded)
    stream = FakeKinesis(Clock())
    stream.put("a")
    destination = Destination(arn, embedded.client)

    list(drain(KinesisPoller(a_function(reports), stream.arn, max_retries=0, on_failure=destination, client=stream)))

    (letter,) = letters(embedded, url)
    assert letter["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}


def test_records_that_were_too_old_were_in_no_invocation(embedded: EmbeddedAWS) -> None:
    url, arn = a_queue(embedded)
    stream = FakeKinesis(Clock())
    stream.put("a")
    stream.clock.tick(61)
    options: dict[str, Any] = {"max_record_age": 60, "client": stream, "clock": stream.clock}

    list(drain(KinesisPoller(a_function(), stream.arn, on_failure=Destination(arn, embedded.client), **options)))

    (letter,) = letters(embedded, url)
    assert letter["requestContext"]["condition"] == "RecordAgeExceeded"
    assert letter["requestContext"]["approximateInvokeCount"] == 0
    assert "responseContext" not in letter


@pytest.mark.parametrize("arn", ["kafka://topic", "arn:aws:lambda:eu-west-1:123456789012:function:f", "letters"])
def test_there_are_no_other_destinations(arn: str) -> None:
    with pytest.raises(MappingError, match="Expected the ARN of an SQS queue, an SNS topic or an S3 bucket"):
        Destination(arn, lambda service: None)
