from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.errors import MalformedRecordError
from powertools_stream.flavors import task
from powertools_stream.payloads.carried import CarriedEvent
from powertools_stream.sources import (
    DestinationSource,
    DynamoDBSource,
    KinesisSource,
    ScheduleSource,
    Source,
    SQSSource,
    source_of,
)
from powertools_stream.testing import (
    SourceSuite,
    run,
    to_alarm_event,
    to_destination_event,
    to_distributed_map_event,
    to_dynamodb_records,
    to_eventbridge_event,
    to_firehose_records,
    to_kafka_records,
    to_kinesis_records,
    to_pipe_records,
    to_s3_records,
    to_sqs_records,
)
from powertools_stream.uow import Event, Record

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
            to_destination_event(to_distributed_map_event([{"total": 1}, {"total": 2}])),
            to_destination_event(to_pipe_records(to_sqs_records([{"total": 1}]))),
            to_destination_event({"total": 2}, condition="Success", response={"id": "r-1"}),
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
    carried = SQSSource().read(message)
    event = DestinationSource().read(succeeded)

    assert isinstance(source_of(succeeded), DestinationSource), "the function is the destination itself"
    assert event == {
        **succeeded,
        "id": succeeded["requestContext"]["requestId"],
        "type": "",
        "timestamp": 1_767_225_600_000,
        "tags": {},
    }
    assert carried == {**event, "id": message["messageId"]}, "by way of a queue, it is a payload as any other"


def test_a_success_on_a_bus_is_of_the_type_that_lambda_gives_it() -> None:
    succeeded = to_destination_event({"total": 1}, condition="Success")
    kind = "Lambda Function Invocation Result - Success"
    event = to_eventbridge_event(succeeded, detail_type=kind, source="lambda")

    (result,) = run([{"id": "any", "flavor": task, "event_type": kind, "execute": lambda uow: 1}], event).results

    assert result.uow.event["requestPayload"] == {"total": 1}


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (None, "none: Lambda leaves out what is too large for the destination"),
        ("text", "a requestPayload of type str"),
        (5, "a requestPayload of type int"),
        ([1], "an array of what no pipe sends"),
        ([{"total": 1}], "an array of what no pipe sends"),
    ],
    ids=repr,
)
def test_a_payload_that_invokes_no_function_or_was_left_out_is_malformed(payload: Any, found: str) -> None:
    with pytest.raises(MalformedRecordError, match=found):
        DestinationSource().read({**to_destination_event({}), "requestPayload": payload})


@pytest.mark.parametrize("leave_out", [["requestPayload"], ["requestPayload", "responseContext", "responsePayload"]])
def test_a_record_without_its_payload_is_malformed_and_no_event_of_its_own(leave_out: list[str]) -> None:
    failed = {name: value for name, value in to_destination_event({}).items() if name not in leave_out}

    (fault,) = run([{"id": "any", "flavor": task, "emit": "seen"}], to_sqs_records([failed])).faults

    assert "Lambda leaves out" in str(fault.error)
    with pytest.raises(BatchProcessingError):
        run([{"id": "any", "flavor": task, "emit": "seen"}], failed)


# -- Whatever invokes a function ---------------------------------------------------------------------------------------

ORDERS = [{"id": "1", "type": "order-created"}, {"id": "2", "type": "order-paid"}]
CHANGES = to_dynamodb_records([{"new_image": {"pk": "1", "sk": "order"}}, {"old_image": {"pk": "2", "sk": "order"}}])


@pytest.mark.parametrize(
    "payload",
    [
        to_distributed_map_event(ORDERS),
        to_distributed_map_event(ORDERS, batch_input={"run": 1}),
        to_firehose_records(ORDERS),
        to_kafka_records(ORDERS),
        to_pipe_records(to_sqs_records(ORDERS)),
        to_pipe_records(to_kinesis_records(ORDERS)),
        to_pipe_records(CHANGES),
        to_pipe_records(to_kafka_records(ORDERS)),
        CHANGES,
    ],
    ids=lambda payload: ",".join(payload if isinstance(payload, dict) else payload[0]),
)
def test_a_batch_is_an_event_for_each_of_its_records(payload: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # When Lambda gave up, too: an item of Step Functions has the time of the invocation.
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-6955b900-0123456789abcdef01234567")
    source, failed = source_of(payload), to_destination_event(payload)
    assert source is not None
    direct = [source.read(record) for record in source.records(payload) or ()]
    (message,) = to_sqs_records([failed])["Records"]

    assert len(direct) == 2
    assert DestinationSource().read(failed) == direct
    assert SQSSource().read(message) == direct


@pytest.mark.parametrize("payload", [{"Records": []}, {"Items": []}, [], {"records": {}, "eventSource": "aws:kafka"}])
def test_a_batch_without_records_is_done(payload: Any) -> None:
    outcome = run([{"id": "any", "flavor": task, "emit": "seen"}], to_sqs_records([to_destination_event(payload)]))

    assert (outcome.response, outcome.results) == ({"batchItemFailures": []}, [])


def test_a_batch_of_which_one_record_cannot_be_read_is_malformed() -> None:
    items = to_destination_event(to_distributed_map_event([{"id": "1"}, "text"]))

    with pytest.raises(MalformedRecordError, match="an item that is a JSON object") as caught:
        DestinationSource().read(items)

    assert caught.value.record_id == items["requestContext"]["requestId"]


@pytest.mark.parametrize(
    "payload", [{"Records": [{"total": 1}]}, {"records": [{"total": 1}]}, {"Items": [], "id": "1"}]
)
def test_what_only_looks_like_a_batch_is_an_event_as_it_is(payload: dict[str, Any]) -> None:
    event = DestinationSource().read(to_destination_event(payload))

    assert isinstance(event, dict)
    assert event.items() >= payload.items()


class _TicketSource(Source):
    name = "tickets"

    def recognises(self, record: Mapping[str, Any]) -> bool:
        return "ticket" in record

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        return event.get("tickets")

    def read(self, record: Record) -> Event:
        return {"id": self.identifier(record), "type": "ticket-sold"}

    def identifier(self, record: Record) -> Any:
        return record["ticket"]


def test_a_batch_of_a_source_of_your_own_is_read_by_it() -> None:
    rules = [{"id": "sell", "flavor": task, "event_type": "ticket-sold", "execute": lambda uow: uow.event["id"]}]
    failed = to_destination_event({"tickets": [{"ticket": "a"}, {"ticket": "b"}]})

    for event in (failed, to_sqs_records([failed])):
        outcome = run(rules, event, source=_TicketSource())
        assert [result.uow["result"] for result in outcome.results] == ["a", "b"]


def test_what_has_no_id_has_the_same_however_often_the_record_is_received(monkeypatch: pytest.MonkeyPatch) -> None:
    transformed = to_pipe_records(to_kafka_records([{"total": 1}]))[0]
    of_a_pipe = {"eventSource": "aws:amq", "data": "eyJ0b3RhbCI6IDF9"}
    payloads: list[Any] = [[transformed], [of_a_pipe], to_distributed_map_event([{"total": 1}]), {"type": "report-due"}]

    def read(trace: str) -> list[Any]:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root=1-{trace}-0123456789abcdef01234567")
        source = DestinationSource().carrying([ScheduleSource()])
        return [source.read(to_destination_event(payload)) for payload in payloads]

    first = read("6955b900")
    assert first == read("70000000")
    assert [events[0]["timestamp"] for events in first] == [1_767_225_600_000] * len(payloads)


def test_records_within_records_come_to_an_end() -> None:
    failed = to_destination_event(to_distributed_map_event([{"id": "1"}]))
    for _ in range(5):
        failed = to_destination_event(failed)
    assert [event["id"] for event in DestinationSource().read(failed) or ()] == ["1"]  # type: ignore[index]

    context = failed["requestContext"]
    for _ in range(5_000):
        failed = {"requestContext": context, "requestPayload": {"Items": [failed]}}
    with pytest.raises(MalformedRecordError, match="too many of them"):
        DestinationSource().read(failed)


def test_a_change_by_way_of_a_pipe_keeps_its_record() -> None:
    (event, _) = DestinationSource().read(to_destination_event(to_pipe_records(CHANGES)))  # type: ignore[misc]

    assert isinstance(event, CarriedEvent)
    assert event.record["dynamodb"] == CHANGES["Records"][0]["dynamodb"]


@pytest.mark.parametrize("payload", [{"t-0": []}, json.dumps({"t-0": []}), {}, "{}"], ids=repr)
def test_a_mapping_that_sends_no_batch_is_malformed(payload: Any) -> None:
    with pytest.raises(MalformedRecordError, match="Expected the payload beside KafkaBatchInfo to be a batch, found"):
        DestinationSource().read(of_a_mapping("KafkaBatchInfo", payload=payload))


# -- Event source mappings ---------------------------------------------------------------------------------------------


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
