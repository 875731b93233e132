from __future__ import annotations

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.errors import MalformedRecordError, UnknownSourceError
from powertools_stream.flavors import task
from powertools_stream.sources import DestinationSource, DynamoDBSource, KinesisSource, SQSSource, source_of
from powertools_stream.testing import (
    SourceSuite,
    run,
    to_alarm_event,
    to_destination_event,
    to_dynamodb_records,
    to_kafka_records,
    to_kinesis_records,
    to_s3_records,
    to_sqs_records,
)
from powertools_stream.uow import Record

# As on the page "Retain discarded batch records for a Kinesis Data Streams event source in Lambda", without its dots.
# https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
OF_A_STREAM: Record = {
    "requestContext": {
        "requestId": "c9b8fa9f-5a7f-xmpl-af9c-0c604cde93a5",
        "functionArn": "arn:aws:lambda:us-east-2:123456789012:function:myfunction",
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 1,
    },
    "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    "version": "1.0",
    "timestamp": "2019-11-14T00:38:06.021Z",
    "KinesisBatchInfo": {
        "shardId": "shardId-000000000001",
        "startSequenceNumber": "49601189658422359378836298521827638475320189012309704722",
        "endSequenceNumber": "49601189658422359378836298522902373528957594348623495186",
        "approximateArrivalOfFirstRecord": "2019-11-14T00:38:04.835Z",
        "approximateArrivalOfLastRecord": "2019-11-14T00:38:05.580Z",
        "batchSize": 500,
        "streamArn": "arn:aws:kinesis:us-east-2:123456789012:stream/mystream",
    },
}


def of_a_mapping(info: str, **fields: Any) -> Record:
    record = {**OF_A_STREAM, info: OF_A_STREAM["KinesisBatchInfo"], **fields}
    return record if info == "KinesisBatchInfo" else {k: v for k, v in record.items() if k != "KinesisBatchInfo"}


class TestDestinationSource(SourceSuite):
    def source(self) -> DestinationSource:
        return DestinationSource()

    def event(self) -> dict[str, Any]:
        return to_destination_event({"total": 1})

    def events(self) -> list[Any]:
        return [
            self.event(),
            to_destination_event({"type": "order-created", "tags": {"a": "b"}}, condition="EventAgeExceeded"),
            to_destination_event(to_s3_records(["a.json", "b.json"])),
            to_destination_event(to_alarm_event()),
        ]

    def malformed_record(self) -> Record:
        return {**to_destination_event({"total": 1}), "requestPayload": "text"}


def test_what_the_function_was_sent_is_completed_from_the_request() -> None:
    failed = to_destination_event({"total": 1})

    assert DestinationSource().read(failed) == {
        "total": 1,
        "id": failed["requestContext"]["requestId"],
        "type": "",
        "timestamp": 1_767_225_600_000,
        "tags": {},
    }


def test_what_a_function_has_returned_is_an_event_as_it_is() -> None:
    succeeded = to_destination_event({"total": 1}, condition="Success", response={"id": "r-1"})

    (message,) = to_sqs_records([succeeded])["Records"]
    event = SQSSource().read(message)

    assert isinstance(event, dict)
    assert (event["responsePayload"], event["requestPayload"]) == ({"id": "r-1"}, {"total": 1})
    with pytest.raises(UnknownSourceError):
        source_of(succeeded)


@pytest.mark.parametrize("payload", [None, "text", 5, [1], [{"total": 1}]])
def test_a_payload_that_is_no_object_or_was_left_out_is_malformed(payload: Any) -> None:
    with pytest.raises(MalformedRecordError, match="Lambda leaves out what is too large for the destination"):
        DestinationSource().read({**to_destination_event({}), "requestPayload": payload})


@pytest.mark.parametrize(
    ("info", "what_to_do"),
    [
        ("KinesisBatchInfo", "GetRecords from startSequenceNumber to endSequenceNumber"),
        ("DDBStreamBatchInfo", "GetRecords from startSequenceNumber to endSequenceNumber"),
        ("KafkaBatchInfo", "Read each partition from firstRecordOffset to lastRecordOffset"),
    ],
)
def test_an_on_failure_record_with_positions_only_says_where_the_records_are(info: str, what_to_do: str) -> None:
    rules, seen = RuleRegistry(), []

    @rules.register(task, id="see")
    def see(uow: UnitOfWork) -> None:
        seen.append(uow.event["id"])

    event = to_sqs_records([of_a_mapping(info), {"id": "1"}])
    outcome = run(rules, event)

    (fault,) = outcome.faults
    assert outcome.response == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
    assert seen == ["1"]
    for said in (info, "batchSize 500", "shardId shardId-000000000001", what_to_do, "S3 bucket", "'payload'"):
        assert said in str(fault.error)


def test_a_pipe_that_gave_up_on_a_batch_says_where_the_records_are() -> None:
    # In the dead-letter queue of a pipe from a stream.
    pipe = "arn:aws:pipes:eu-west-1:123456789012:pipe/p"
    context = {"partnerResourceArn": pipe, "condition": "RetryAttemptsExhausted"}
    failed = {"context": context, "version": "1.0", "DDBStreamBatchInfo": OF_A_STREAM["KinesisBatchInfo"]}

    (fault,) = run([{"id": "any", "flavor": task, "emit": "seen"}], to_sqs_records([failed])).faults

    assert "the on-failure record of a pipe" in str(fault.error)
    assert "GetRecords" in str(fault.error)
    assert "S3" not in str(fault.error)


@pytest.mark.parametrize("info", ["text", None, {}, {"shardId": ["secret"]}])
def test_positions_that_are_none_are_not_shown(info: Any) -> None:
    with pytest.raises(MalformedRecordError, match="not even that") as caught:
        DestinationSource().read({**OF_A_STREAM, "KinesisBatchInfo": info})

    assert "secret" not in str(caught.value)


def test_an_on_failure_record_with_its_records_is_read_as_these() -> None:
    records, changes = (
        to_kinesis_records([{"total": 1}, {"total": 2}]),
        to_dynamodb_records([{"new_image": {"pk": "1"}}]),
    )
    topic = to_kafka_records([{"id": "1", "type": "order-created"}])

    # Text in S3's objects, an object in Kafka's messages.
    of_kinesis = of_a_mapping("KinesisBatchInfo", payload=json.dumps(records))
    of_dynamodb = of_a_mapping("DDBStreamBatchInfo", payload=json.dumps(changes))
    of_kafka = of_a_mapping("KafkaBatchInfo", payload=topic)

    source = DestinationSource()
    assert source.read(of_kinesis) == [KinesisSource().read(record) for record in records["Records"]]
    assert source.read(of_dynamodb) == [DynamoDBSource().read(record) for record in changes["Records"]]
    assert [event["id"] for event in source.read(of_kafka) or ()] == ["1"]  # type: ignore[index]


def test_a_function_that_is_the_destination_fails_its_invocation() -> None:
    rules = RuleRegistry()

    @rules.register(task, id="fail")
    def fail(uow: UnitOfWork) -> None:
        raise ValueError("no")

    with pytest.raises(BatchProcessingError):
        run(rules, to_destination_event({"total": 1}))
