from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import (
    DynamoDBStreamEvent,
    KafkaEvent,
    KinesisStreamEvent,
    SQSEvent,
)
from aws_lambda_powertools.utilities.parser.models import (
    DynamoDBStreamModel,
    EventBridgeModel,
    KafkaMskEventModel,
    KafkaSelfManagedEventModel,
    KinesisDataStreamModel,
    SnsNotificationModel,
    SqsModel,
)
from pydantic import BaseModel

from powertools_stream.sources import DynamoDBSource
from powertools_stream.testing import (
    to_distributed_map_event,
    to_firehose_records,
    to_s3_records,
    to_sns_records,
)
from powertools_stream.testing.envelopes import to_eventbridge_envelope, to_json, to_sns_envelope
from powertools_stream.testing.records import to_dynamodb_records, to_kafka_records, to_kinesis_records, to_sqs_records

ORDER = {"id": "1", "type": "order-created", "partition_key": "c-1", "total": 42}


@pytest.mark.parametrize("fifo", [False, True])
def test_powertools_accepts_messages_of_a_queue(fifo: bool) -> None:
    event = to_sqs_records([ORDER, {"body": "plain", "group_id": "g", "receive_count": 3}], fifo=fifo)

    model = SqsModel.model_validate(event)
    first, second = SQSEvent(event).records

    assert model.Records[0].eventSourceARN.endswith(".fifo") is fifo
    assert first.json_body == ORDER
    assert first.md5_of_body == hashlib.md5(first.body.encode()).hexdigest()
    assert first.attributes.message_group_id == ("c-1" if fifo else None)
    assert (second.body, second.attributes.message_group_id) == ("plain", "g")
    assert second.attributes.approximate_receive_count == "3"


def test_a_fifo_message_has_what_only_fifo_queues_have() -> None:
    (record,) = to_sqs_records([{}], fifo=True, queue="sales.fifo")["Records"]

    assert record["eventSourceARN"] == "arn:aws:sqs:us-west-2:123456789012:sales.fifo"
    assert record["attributes"].keys() >= {"MessageGroupId", "SequenceNumber", "MessageDeduplicationId"}
    assert record["attributes"]["MessageGroupId"] == "0"


def test_a_domain_event_with_a_field_named_as_the_payload_stays_an_event() -> None:
    event = {"type": "mail-sent", "body": "hello"}

    (record,) = to_sqs_records([event])["Records"]

    assert json.loads(record["body"]) == event


def test_attributes_of_a_message_may_be_given_as_they_are() -> None:
    message = {
        "body": {},
        "attributes": {"AWSTraceHeader": "Root=1"},
        "message_attributes": {"a": {"stringValue": "1", "dataType": "String"}},
        "region": "eu-central-1",
    }

    (record,) = to_sqs_records([message])["Records"]

    assert record["attributes"]["AWSTraceHeader"] == "Root=1"
    assert record["messageAttributes"]["a"]["stringValue"] == "1"
    assert (record["awsRegion"], record["eventSourceARN"].split(":")[3]) == ("eu-central-1", "eu-central-1")


def test_powertools_accepts_records_of_a_data_stream() -> None:
    event = to_kinesis_records([ORDER, "text", {"data": {}, "partition_key": "p", "timestamp": 1545084650987}])

    KinesisDataStreamModel.model_validate(copy.deepcopy(event))
    first, second, third = KinesisStreamEvent(event).records

    assert first.kinesis.data_as_json() == ORDER
    assert (first.kinesis.partition_key, third.kinesis.partition_key) == ("c-1", "p")
    assert second.kinesis.data_as_text() == "text"
    assert int(first.kinesis.sequence_number) < int(second.kinesis.sequence_number)
    assert third.kinesis.approximate_arrival_timestamp == 1545084650.987


def test_powertools_accepts_changes_of_a_table() -> None:
    item = {"pk": "1", "sk": "order", "total": Decimal("0.1"), "blob": b"x", "names": {"a"}}
    event = to_dynamodb_records([{"new_image": item}, {"new_image": item, "old_image": item}, {"old_image": item}])

    DynamoDBStreamModel.model_validate(copy.deepcopy(event))
    records = list(DynamoDBStreamEvent(event).records)

    assert [record.event_name.name for record in records if record.event_name] == ["INSERT", "MODIFY", "REMOVE"]
    assert event["Records"][0]["dynamodb"]["NewImage"]["blob"] == {"B": "eA=="}
    assert event["Records"][0]["dynamodb"]["Keys"] == {"pk": {"S": "1"}, "sk": {"S": "order"}}
    json.dumps(event)


def test_floats_in_an_image_go_by_their_shortest_form() -> None:
    (record,) = to_dynamodb_records([{"new_image": {"pk": "1", "rate": 0.1, "sum": 1e22}}])["Records"]

    assert record["dynamodb"]["NewImage"]["rate"] == {"N": "0.1"}
    assert Decimal(record["dynamodb"]["NewImage"]["sum"]["N"]) == 10**22


def test_a_removal_by_time_to_live_is_signed_by_the_service() -> None:
    event = to_dynamodb_records([{"old_image": {"pk": "1"}, "ttl_expired": True}])

    model = DynamoDBStreamModel.model_validate(event)

    assert model.Records[0].userIdentity is not None


@pytest.mark.parametrize(("self_managed", "model"), [(False, KafkaMskEventModel), (True, KafkaSelfManagedEventModel)])
def test_powertools_accepts_records_of_a_topic(self_managed: bool, model: type[BaseModel]) -> None:
    events = [
        ORDER,
        {"value": "text", "partition": 1, "headers": {"a": "b"}},
        {"value": b"x", "key": b"k", "topic": "t"},
    ]
    event = to_kafka_records(events, self_managed=self_managed)

    model.model_validate(copy.deepcopy(event))
    first, second, third = KafkaEvent(event).records

    assert (first.json_value, first.decoded_key) == (ORDER, b"c-1")
    assert (second.decoded_value, second.key, second.decoded_headers["a"]) == (b"text", None, b"b")
    assert (third.topic, third.decoded_key) == ("t", b"k")
    assert list(event["records"]) == ["orders-0", "orders-1", "t-0"]


def test_powertools_accepts_the_envelopes() -> None:
    envelope = to_eventbridge_envelope(ORDER, resources=["arn:aws:s3:::bucket"])
    notification = to_sns_envelope(envelope, subject="Order")

    assert EventBridgeModel.model_validate(envelope).detail_type == "order-created"
    assert SnsNotificationModel.model_validate(dict(notification)).Subject == "Order"
    assert json.loads(notification["Message"]) == envelope


def test_the_same_input_builds_the_same_records() -> None:
    assert to_sqs_records([ORDER]) == to_sqs_records([ORDER])
    assert to_kinesis_records([ORDER]) == to_kinesis_records([ORDER])
    assert to_sns_envelope(ORDER)["MessageId"] == to_sns_envelope(dict(ORDER))["MessageId"]


def test_values_that_json_does_not_know_are_written_plainly() -> None:
    class Line(BaseModel):
        price: float

    event = {"int": Decimal("1.0"), "float": Decimal("0.5"), "set": {"b", "a"}, "bytes": b"x", "model": Line(price=1.5)}

    assert json.loads(to_json(event)) == {
        "int": 1,
        "float": 0.5,
        "set": ["a", "b"],
        "bytes": "eA==",
        "model": {"price": 1.5},
    }
    with pytest.raises(TypeError, match="of type object"):
        to_json(object())


def test_what_the_helpers_of_aws_lambda_stream_take_is_taken() -> None:
    message = {"timestamp": "1545082649183", "region": "us-east-1", "body": json.dumps(ORDER)}
    change: dict[str, Any] = {
        "timestamp": 1572832690,
        "keys": {"pk": "1", "sk": "EVENT"},
        "newImage": {"pk": "1", "sk": "EVENT", "discriminator": "EVENT", "awsregion": "us-west-2", "rate": 1.5},
    }

    (sqs,), (dynamodb,) = to_sqs_records([message])["Records"], to_dynamodb_records([change])["Records"]

    assert (sqs["body"], sqs["attributes"]["SentTimestamp"]) == (message["body"], "1545082649183")
    assert DynamoDBSource().read(dynamodb) == {
        "id": dynamodb["eventID"],
        "type": "EVENT-created",
        "timestamp": 1572832690000,
        "partition_key": "1",
        "tags": {"region": "us-west-2"},
        "raw": {"new": {**change["newImage"], "rate": Decimal("1.5")}, "old": None},
    }


def test_a_change_without_a_timestamp_still_has_one() -> None:
    (record,) = to_dynamodb_records([{"timestamp": None, "newImage": {"pk": "1"}}])["Records"]

    assert record["dynamodb"]["ApproximateCreationDateTime"] == 1767225600.0


@pytest.mark.parametrize(
    "builder",
    [
        to_sqs_records, to_kinesis_records, to_dynamodb_records, to_kafka_records, to_s3_records, to_sns_records,
        to_firehose_records, to_distributed_map_event,
    ],
)  # fmt: skip
@pytest.mark.parametrize("given", [{"type": "a"}, "text", b"bytes", 5, None])
def test_one_item_in_place_of_a_list_is_an_error(builder: Callable[[Any], Any], given: Any) -> None:
    name = builder.__name__

    with pytest.raises(TypeError, match=rf"Expected {name} to get a list.*; got a {type(given).__name__}.*{name}\(\["):
        builder(given)
    assert builder(iter([])) == builder([])
