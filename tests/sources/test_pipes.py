from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.errors import MalformedRecordError
from powertools_stream.flavors import task
from powertools_stream.sources import DynamoDBSource, PipeSource, Source, SQSSource, WholePipeSource
from powertools_stream.testing import FakeConnector, run
from powertools_stream.testing.notifications import to_eventbridge_event, to_pipe_records, to_s3_records
from powertools_stream.testing.records import to_dynamodb_records, to_kafka_records, to_kinesis_records, to_sqs_records
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Event, Record

# As on the page "Amazon Kinesis stream as a source".
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-kinesis.html
KINESIS: list[Record] = [
    {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "1",
        "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
        "data": "eyJ0eXBlIjogIm9yZGVyLWNyZWF0ZWQifQ==",
        "approximateArrivalTimestamp": 1545084650.987,
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda-role",
        "awsRegion": "us-east-2",
        "eventSourceARN": "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream",
    }
]


# As on the page "Amazon MQ message broker as a source", for ActiveMQ and for RabbitMQ.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-mq.html
BROKERS: list[Record] = [
    {
        "eventSource": "aws:amq",
        "eventSourceArn": "arn:aws:mq:us-west-2:112556298976:broker:test:b-9bcfa592-423a-4942-879d-eb284b418fc8",
        "messageID": "ID:b-9bcfa592-423a-4942-879d-eb284b418fc8-1.mq.us-west-2.amazonaws.com-37557-1234520418293-4:1:1",
        "messageType": "jms/text-message",
        "data": "QUJDOkFBQUE=",
        "connectionId": "myJMSCoID",
        "redelivered": False,
        "destination": {"physicalname": "testQueue"},
        "timestamp": 1598827811958,
        "brokerInTime": 1598827811958,
        "brokerOutTime": 1598827811959,
    },
    {
        "eventSource": "aws:rmq",
        "eventSourceArn": "arn:aws:mq:us-west-2:111122223333:broker:pizzaBroker:b-9bcfa592-423a-4942-879d-eb284b418fc8",
        "eventSourceKey": "pizzaQueue::/",
        "basicProperties": {"contentType": "text/plain", "messageId": None, "timestamp": "Jan 1, 1970, 12:33:41 AM"},
        "redelivered": False,
        "data": "QUJDOkFBQUE=",
    },
]


def read(record: Record, source: Source | None = None) -> Event:
    event = (source or PipeSource()).read(record)
    assert isinstance(event, dict)
    return event


class _Piped(SourceSuite):
    def source(self) -> Source:
        return PipeSource()

    def foreign_records(self) -> list[Record]:
        # The records of a pipe are those of other sources; only the array around them shows that they come from a pipe.
        return [{}]


class TestPipeOfAQueue(_Piped):
    def event(self) -> Any:
        return to_pipe_records(to_sqs_records([{"total": 1}, to_s3_records(["a.json", "b.json"])], fifo=True))

    def malformed_record(self) -> Record:
        return to_pipe_records(to_sqs_records(["not JSON"]))[0]


class TestPipeOfADataStream(_Piped):
    def event(self) -> Any:
        return [*KINESIS, *to_pipe_records(to_kinesis_records([{}]))]

    def malformed_record(self) -> Record:
        return {**KINESIS[0], "data": "%"}


class TestPipeOfATable(_Piped):
    def event(self) -> Any:
        return to_pipe_records(to_dynamodb_records([{"new_image": {"pk": "1"}}, {"old_image": {"pk": "1"}}]))

    def malformed_record(self) -> Record:
        record: Record = self.event()[0]
        record["dynamodb"]["NewImage"]["pk"] = "1"
        return record


class TestPipeOfATopic(_Piped):
    def source(self) -> Source:
        return WholePipeSource()

    def event(self) -> Any:
        return to_pipe_records(to_kafka_records([{"total": 1}, {"value": {}, "key": "c-1"}]))

    def malformed_record(self) -> Record:
        return to_pipe_records(to_kafka_records(["not JSON"]))[0]


class TestPipeOfABroker(_Piped):
    @pytest.fixture(autouse=True)
    def invocation(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # RabbitMQ's message has no time of its own, so it has the invocation's.
        monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")

    def source(self) -> Source:
        return WholePipeSource()

    def event(self) -> Any:
        return [{**message, "data": "e30="} for message in BROKERS]

    def malformed_record(self) -> Record:
        return {**BROKERS[0]}


class TestPipeThatTransforms(_Piped):
    def event(self) -> Any:
        order = {"type": "order-created", "tags": {"stage": "test"}, "time": "2026-01-01T00:00:00Z"}
        return [{"messageId": "1", **order}, {"messageId": "2", **order, "id": "o-2"}]

    def malformed_record(self) -> Record:
        return {"messageId": "3", **to_eventbridge_event("not JSON", detail_type="order-created")}


def test_a_record_of_a_data_stream_is_read_as_lambda_has_it() -> None:
    assert read(KINESIS[0]) == {
        "type": "order-created",
        "id": KINESIS[0]["eventID"],
        "timestamp": 1545084650987,
        "tags": {},
        "partition_key": "1",
    }
    assert PipeSource().order_key(KINESIS[0]) == "1"


@pytest.mark.parametrize(
    ("built", "field"),
    [
        (to_sqs_records([{}]), "messageId"),
        (to_kinesis_records([{}]), "eventID"),
        (to_dynamodb_records([{"new_image": {"pk": "1"}}]), "eventID"),
    ],
)
def test_a_record_is_named_as_a_pipe_wants_it(built: dict[str, Any], field: str) -> None:
    (record,) = to_pipe_records(built)

    assert PipeSource().identifier(record) == record[field]


def test_a_source_with_options_reads_its_records() -> None:
    (change,) = to_pipe_records(to_dynamodb_records([{"new_image": {"site": "berlin", "date": "1"}}], key=("site",)))

    event = read(change, PipeSource(DynamoDBSource(pk="site", event_type_prefix="visit")))

    assert (event["type"], event["partition_key"]) == ("visit-created", "berlin")


def test_a_queue_keeps_what_belongs_to_it() -> None:
    (message,) = to_pipe_records(to_sqs_records([{"body": {}, "group_id": "g", "receive_count": 3}], fifo=True))
    source = PipeSource(SQSSource(max_receive_count=3))

    assert (source.is_grouped(message), source.order_key(message)) == (True, "g")
    assert (source.attempt(message), source.is_last_attempt(message)) == (3, True)


def test_a_transformed_item_is_the_event() -> None:
    item = {"messageId": "m-1", "type": "order-created", "total": 42, "time": "2026-01-01T00:00:00Z"}

    assert read(item) == {**item, "id": "m-1", "timestamp": 1_767_225_600_000, "tags": {}}
    assert PipeSource().order_key(item) is None
    assert PipeSource().attempt(item) is None
    assert PipeSource().is_last_attempt(item) is False


def test_an_item_without_a_name_gets_one() -> None:
    source = WholePipeSource()

    assert read({"total": 42}, source)["id"] not in ("", "undefined")
    assert source.record_id({"total": 42}) == source.identifier({"total": 42}) != source.record_id({"total": 43})
    assert source.record_id({"id": "o-1"}) == "o-1"
    with pytest.raises(MalformedRecordError, match="messageId or an eventID"):
        PipeSource().identifier({"total": 42})


def _rules() -> RuleRegistry:
    rules = RuleRegistry()

    @rules.register(task, event_type="order-created")
    def check(uow: UnitOfWork) -> None:
        if uow.event["total"] > 1:
            raise ValueError("too much")

    return rules


def test_a_pipe_gets_a_partial_response() -> None:
    orders = [{"type": "order-created", "total": total, "partition_key": str(total)} for total in (1, 2)]
    items = to_pipe_records(to_kinesis_records(orders))

    outcome = run(_rules(), items)

    assert outcome.response == {"batchItemFailures": [{"itemIdentifier": items[1]["eventID"]}]}
    assert [fault.record_id for fault in outcome.faults] == [items[1]["eventID"]]


def test_a_pipe_of_a_topic_gets_an_error() -> None:
    orders = [{"type": "order-created", "total": total} for total in (1, 2)]

    with pytest.raises(BatchProcessingError, match="1 of 2 records failed"):
        run(_rules(), to_pipe_records(to_kafka_records(orders)))


@pytest.mark.parametrize("source", [PipeSource(), WholePipeSource()])
def test_each_item_that_fails_is_told_though_it_has_no_name(source: Source) -> None:
    bus = FakeConnector()
    items = [{"messageId": "m-1"}, {"type": "order-created", "total": 2}, {"type": "order-created", "total": 3}]

    with pytest.raises((BatchProcessingError, MalformedRecordError)):
        run(_rules(), items, source=source, connectors=[bus])

    assert [fault["uow"]["record"]["total"] for fault in bus.published] == [2, 3]
    assert len({fault["id"] for fault in bus.published}) == 2


def test_messages_of_brokers_are_read() -> None:
    order = b64encode(b'{"type": "order-created", "total": 1}').decode()
    items = [{**message, "data": order} for message in BROKERS]

    outcome = run([{"id": "look", "flavor": task, "execute": lambda uow: uow.event}], items)

    active, rabbit = (result.uow["result"] for result in outcome.results)
    assert active == {
        "type": "order-created",
        "total": 1,
        "id": BROKERS[0]["messageID"],
        "timestamp": 1598827811958,
        "tags": {},
    }
    assert (rabbit["type"], rabbit["total"]) == ("order-created", 1)
    assert rabbit["timestamp"] > 10**12
    with pytest.raises(BatchProcessingError, match="not JSON"):
        run(_rules(), BROKERS)


def test_a_pipe_that_hands_over_nothing_is_done() -> None:
    assert run(_rules(), []).response == {"batchItemFailures": []}
