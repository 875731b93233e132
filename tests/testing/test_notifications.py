from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import (
    CloudWatchAlarmEvent,
    EventBridgeEvent,
    S3Event,
    SNSEvent,
)
from aws_lambda_powertools.utilities.parser.models import EventBridgeModel, S3Model, SnsModel
from aws_lambda_powertools.utilities.parser.models.cognito import (
    CognitoPostConfirmationTriggerModel,
    CognitoPreSignupTriggerModel,
)
from pydantic import BaseModel

from powertools_stream.testing import (
    to_alarm_event,
    to_cognito_event,
    to_dynamodb_records,
    to_eventbridge_event,
    to_kafka_records,
    to_kinesis_records,
    to_pipe_records,
    to_s3_records,
    to_schedule_event,
    to_sns_records,
    to_sqs_records,
)

ORDER = {"id": "1", "type": "order-created", "total": 42}


def test_powertools_accepts_notifications_of_a_bucket() -> None:
    removed = {"key": "a b.json", "event_name": "ObjectRemoved:Delete", "version_id": "v1", "bucket": "sales"}
    event = to_s3_records(
        ["2026/a b.json", removed, {"key": "c", "size": 5, "etag": "e", "extra": {"eventVersion": "2.3"}}]
    )

    S3Model.model_validate(copy.deepcopy(event))
    first, second, third = S3Event(event).records

    assert (first.s3.get_object.key, first.s3.get_object.size, first.event_name) == (
        "2026/a+b.json",
        1024,
        "ObjectCreated:Put",
    )
    assert (second.s3.bucket.name, second.s3.get_object.version_id) == ("sales", "v1")
    assert "size" not in event["Records"][1]["s3"]["object"]
    assert (third.s3.get_object.size, third.s3.get_object.etag, third.event_version) == (5, "e", "2.3")
    assert first.s3.get_object.sequencer < second.s3.get_object.sequencer
    # Powertools decodes the key of the first record only.
    assert S3Event(event).object_key == "2026/a b.json"


def test_powertools_accepts_notifications_of_a_topic() -> None:
    attributes = {"Test": {"Type": "String", "Value": "TestString"}}
    event = to_sns_records(
        [ORDER, {"message": "Hello", "subject": "Hi", "message_id": "m-1", "attributes": attributes}]
    )

    SnsModel.model_validate(copy.deepcopy(event))
    first, second = SNSEvent(event).records

    assert json.loads(first.sns.message) == ORDER
    assert (second.sns.message, second.sns.subject, second.sns.message_id) == ("Hello", "Hi", "m-1")
    assert second.sns.message_attributes["Test"].value == "TestString"


def test_a_domain_event_with_a_message_stays_an_event() -> None:
    (record,) = to_sns_records([{"type": "mail-sent", "message": "hello"}])["Records"]

    assert json.loads(record["Sns"]["Message"]) == {"type": "mail-sent", "message": "hello"}


def test_powertools_accepts_events_of_a_bus() -> None:
    event = to_eventbridge_event(ORDER, event_id="e-1", timestamp=1545084650987, resources=["arn:aws:s3:::bucket"])

    model = EventBridgeModel.model_validate(event)

    assert (model.id, model.detail_type, model.detail) == ("e-1", "order-created", ORDER)
    assert EventBridgeEvent(event).time == "2018-12-17T22:10:50Z"


@pytest.mark.parametrize(
    ("group", "source", "arn", "detail"),
    [
        ("default", "aws.scheduler", "arn:aws:scheduler:us-west-2:123456789012:schedule/default/nightly", "{}"),
        (None, "aws.events", "arn:aws:events:us-west-2:123456789012:rule/nightly", {}),
    ],
)
def test_powertools_accepts_what_a_schedule_sends(group: str | None, source: str, arn: str, detail: Any) -> None:
    event = to_schedule_event("nightly", group=group)

    EventBridgeModel.model_validate({**event, "detail": {}})
    assert (event["detail-type"], event["source"], event["resources"]) == ("Scheduled Event", source, [arn])
    assert event["detail"] == detail
    assert event == to_schedule_event("nightly", group=group)
    assert event["id"] != to_schedule_event("hourly", group=group)["id"]


def test_powertools_accepts_an_alarm() -> None:
    event = CloudWatchAlarmEvent(to_alarm_event("too-many-errors", state="OK", previous_state="ALARM"))

    assert (event.source, event.timestamp) == ("aws.cloudwatch", "2026-01-01T00:00:00.000+0000")
    assert (event.alarm_data.alarm_name, event.alarm_data.state.value) == ("too-many-errors", "OK")
    assert event.alarm_data.previous_state.timestamp == "2025-12-31T23:59:00.000+0000"
    assert event.alarm_data.configuration.metrics[0].metric_stat.stat == "Sum"
    assert to_alarm_event(configuration={"alarmRule": "x"})["alarmData"]["configuration"] == {"alarmRule": "x"}


def test_powertools_accepts_a_contributor_of_an_alarm() -> None:
    orders, users = (to_alarm_event(contributor={"TableName": name}) for name in ("orders", "users"))

    assert CloudWatchAlarmEvent(orders).alarm_data.state.value == "ALARM"
    assert orders["alarmData"]["alarmContributor"]["attributes"] == {"TableName": "orders"}
    assert orders["alarmData"]["alarmContributor"]["id"] != users["alarmData"]["alarmContributor"]["id"]
    assert "previousState" not in orders["alarmData"]


@pytest.mark.parametrize(
    ("trigger", "model"),
    [
        ("PreSignUp_SignUp", CognitoPreSignupTriggerModel),
        ("PostConfirmation_ConfirmSignUp", CognitoPostConfirmationTriggerModel),
    ],
)
def test_powertools_accepts_a_trigger_of_a_user_pool(trigger: str, model: type[BaseModel]) -> None:
    model.model_validate(to_cognito_event(trigger, response={"autoConfirmUser": False}))


def test_a_trigger_asks_what_it_is_told_to_ask() -> None:
    event = to_cognito_event("CustomMessage_SignUp", request={"codeParameter": "####"}, user_name="joe")

    assert (event["request"], event["userName"], event["response"]) == ({"codeParameter": "####"}, "joe", {})


def test_a_pipe_hands_over_records_without_anything_around_them() -> None:
    sqs, dynamodb = to_sqs_records([ORDER]), to_dynamodb_records([{"new_image": {"pk": "1"}}])
    (kinesis,) = to_pipe_records(to_kinesis_records([ORDER]))
    (kafka,) = to_pipe_records(to_kafka_records([{"value": ORDER, "partition": 2}]))

    assert to_pipe_records(sqs) == sqs["Records"]
    assert to_pipe_records(dynamodb) == dynamodb["Records"]
    # As on the pages about the sources of EventBridge Pipes.
    assert kinesis.keys() == {
        "kinesisSchemaVersion", "partitionKey", "sequenceNumber", "data", "approximateArrivalTimestamp", "eventSource",
        "eventVersion", "eventID", "eventName", "invokeIdentityArn", "awsRegion", "eventSourceARN",
    }  # fmt: skip
    assert (kafka["eventSource"], kafka["eventSourceKey"], kafka["partition"]) == ("aws:kafka", "orders-2", 2)
