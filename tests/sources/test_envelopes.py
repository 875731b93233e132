from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.errors import MalformedRecordError
from powertools_stream.flavors import task
from powertools_stream.payloads.completion import complete
from powertools_stream.payloads.parsing import parse_base64, parse_object
from powertools_stream.sources import EventBridgeSource, S3Source, SNSSource, SQSSource, read_events, unwrap
from powertools_stream.testing import run
from powertools_stream.testing.envelopes import to_eventbridge_envelope, to_sns_envelope
from powertools_stream.testing.notifications import to_eventbridge_event, to_s3_records, to_sns_records
from powertools_stream.testing.records import to_sqs_records

NOW = 1_767_225_600_000  # from the builders of envelopes


def test_an_event_without_an_envelope_comes_back_as_it_is() -> None:
    event = {"id": "1", "type": "order-created", "detail": {"lines": 2}, "Type": "x", "Message": "y"}

    assert unwrap(event) is event
    assert event == {"id": "1", "type": "order-created", "detail": {"lines": 2}, "Type": "x", "Message": "y"}


def test_the_detail_of_an_eventbridge_event_keeps_what_it_has() -> None:
    event = {"id": "1", "type": "order-created", "timestamp": 5, "total": 42}

    assert unwrap(to_eventbridge_envelope(event, detail_type="other")) == {
        "id": "1",
        "type": "order-created",
        "timestamp": 5,
        "total": 42,
    }


def test_what_the_detail_lacks_comes_from_its_envelope() -> None:
    envelope = to_eventbridge_envelope({"total": 42}, detail_type="order-created")

    assert unwrap(dict(envelope)) == {
        "total": 42,
        "id": envelope["id"],
        "type": "order-created",
        "timestamp": NOW,
    }


def test_null_and_empty_fields_count_as_lacking() -> None:
    envelope = to_eventbridge_envelope({"id": "", "type": None, "timestamp": None}, detail_type="order-created")

    assert unwrap(dict(envelope)) == {"id": envelope["id"], "type": "order-created", "timestamp": NOW}


def test_the_message_of_an_sns_notification_is_the_event() -> None:
    envelope = to_sns_envelope({"type": "order-created"})

    assert unwrap(dict(envelope)) == {"type": "order-created", "id": envelope["MessageId"], "timestamp": NOW}


def test_the_innermost_envelope_fills_in_first() -> None:
    inner = to_eventbridge_envelope({"total": 42}, detail_type="order-created")
    inner["time"] = "2025-12-31T23:59:59Z"

    event = unwrap(to_sns_envelope(inner))

    assert event == {"total": 42, "id": inner["id"], "type": "order-created", "timestamp": NOW - 1000}


@settings(deadline=None)
@given(st.lists(st.sampled_from(["eventbridge", "sns"]), max_size=8))
def test_envelopes_nest_to_any_depth(path: list[str]) -> None:
    body: dict[str, Any] = {"id": "1", "type": "order-created", "timestamp": 5}
    for step in path:
        body = to_eventbridge_envelope(body, detail_type="outer") if step == "eventbridge" else to_sns_envelope(body)

    assert unwrap(body) == {"id": "1", "type": "order-created", "timestamp": 5}


def test_an_s3_notification_is_an_event_for_each_object_however_it_comes() -> None:
    notification = to_s3_records(["a b.json", "c.json"])
    ways: list[dict[str, Any]] = [
        notification,
        to_sns_envelope(notification),
        to_eventbridge_envelope(notification, detail_type="forwarded"),
        to_sns_envelope(to_eventbridge_envelope(notification)),
        to_eventbridge_envelope(to_sns_envelope(to_sns_envelope(notification))),
        # A message in the dead-letter queue of a function that a topic invokes.
        to_sns_records([notification]),
    ]

    for body in ways:
        assert read_events(body, "m-1", NOW, "g") == [S3Source().read(record) for record in notification["Records"]]


def test_s3_by_way_of_eventbridge_and_a_queue_is_the_event_that_a_rule_hands_over() -> None:
    created = to_eventbridge_event({"object": {"key": "a"}}, source="aws.s3", detail_type="Object Created")

    (message,) = to_sqs_records([to_sns_envelope(created)])["Records"]

    assert SQSSource().read(message) == EventBridgeSource().read(created)


def test_a_queue_whose_messages_carry_several_objects_is_matched_object_by_object() -> None:
    rules = RuleRegistry()

    @rules.register(task, event_type="object-created")
    def key(uow: UnitOfWork) -> str:
        if uow.event["partition_key"] == "bad.json":
            raise ValueError("bad")
        return str(uow.event["partition_key"])

    bodies = [to_s3_records(["a b.json", "c.json"]), to_sns_envelope(to_s3_records(["d.json", "bad.json"]))]
    event = to_sqs_records(bodies)

    outcome = run(rules, event)

    assert [result.uow["result"] for result in outcome.results] == ["a b.json", "c.json", "d.json"]
    assert outcome.response == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}


@pytest.mark.parametrize("wrapped", [False, True])
def test_the_message_by_which_s3_tests_a_notification_is_nothing_to_do(wrapped: bool) -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    test = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2014-10-13T15:57:02.089Z",
        "Bucket": "amzn-s3-demo-bucket",
        "RequestId": "5582815E1AEA5ADF",
        "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
    }

    assert read_events(to_sns_envelope(test) if wrapped else test, "m-1", NOW, None) is None
    assert read_events(to_sns_records([test, {"total": 42}]), "m-1", NOW, None) == [
        SNSSource().read(record) for record in to_sns_records([{"total": 42}])["Records"]
    ]


@pytest.mark.parametrize(
    "records", [[], {}, "text", [1], [{}], [{"eventSource": "aws:s3"}, {}], [{"EventSource": "aws:sns"}]]
)
def test_an_event_that_happens_to_have_records_is_an_event(records: Any) -> None:
    event = read_events({"Records": records}, "m-1", NOW, None)

    assert event == {"Records": records, "id": "m-1", "type": "", "timestamp": NOW, "tags": {}}


def test_a_notification_that_names_no_object_is_malformed() -> None:
    with pytest.raises(MalformedRecordError, match="a record of S3") as caught:
        read_events({"Records": [{"eventSource": "aws:s3", "s3": {}}]}, "m-1", NOW, None)

    assert caught.value.record_id == "m-1"


def test_a_notification_without_a_time_has_that_of_its_record() -> None:
    notification = to_s3_records(["a"])
    del notification["Records"][0]["eventTime"]

    events = read_events(notification, "m-1", str(NOW), None)

    assert isinstance(events, list)
    assert [event["timestamp"] for event in events] == [NOW]


def test_the_event_of_a_record_is_never_changed_by_its_envelopes() -> None:
    envelope = to_eventbridge_envelope({"total": 42}, detail_type="order-created")

    unwrap(envelope)

    assert envelope["detail"] == {"total": 42}


def test_a_scheduler_sends_its_empty_detail_as_text() -> None:
    envelope = {**to_eventbridge_envelope({}, detail_type="Scheduled Event"), "detail": "{}"}

    assert unwrap(envelope)["type"] == "Scheduled Event"


@pytest.mark.parametrize("time", [None, 5, "yesterday"])
def test_a_time_that_cannot_be_read_is_left_to_the_record(time: Any) -> None:
    assert "timestamp" not in unwrap({"detail-type": "x", "detail": {}, "time": time})


def test_times_are_read_as_cloudwatch_writes_them() -> None:
    assert unwrap({"detail-type": "x", "detail": {}, "time": "2026-01-01T01:00:00.500+0100"})["timestamp"] == NOW + 500


def test_a_time_without_a_zone_is_utc() -> None:
    assert unwrap({"detail-type": "x", "detail": {}, "time": "2026-01-01T00:00:00"})["timestamp"] == NOW


@pytest.mark.parametrize(
    ("envelope", "message"),
    [
        ({"detail-type": "x", "detail": [1]}, "detail of the EventBridge event .* found a JSON array"),
        ({"detail-type": "x", "detail": "secret"}, "detail of the EventBridge event .* not JSON"),
        ({**to_sns_envelope("hello")}, "Message of the SNS notification .* not JSON"),
        ({"Type": "Notification", "TopicArn": "x"}, "Message of the SNS notification .* found nothing"),
    ],
)
def test_an_envelope_without_an_object_is_malformed(envelope: dict[str, Any], message: str) -> None:
    with pytest.raises(MalformedRecordError, match=message) as caught:
        unwrap(envelope, "m-1")

    assert caught.value.record_id == "m-1"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("secret", "text that is not JSON"),
        ("", "text that is not JSON"),
        ('["secret"]', "a JSON array"),
        ("42", "a number"),
        ("4.2", "a number"),
        ("true", "a boolean"),
        ("null", "nothing"),
        ('"secret"', "a string"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 10_000, "text that is not JSON"),
        (None, "nothing"),
        ({"type": "secret"}, "a value of type dict"),
    ],
)
def test_what_is_not_an_object_is_said_without_its_content(text: Any, found: str) -> None:
    with pytest.raises(MalformedRecordError, match=found) as caught:
        parse_object(text, "the message's body", "m-1")

    assert caught.value.record_id == "m-1"
    assert "secret" not in str(caught.value)
    assert str(caught.value).startswith("Expected the message's body to be")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("%", "not"),
        ("YQ", "not"),
        ("é", "not"),
        ("/w==", "not UTF-8, from byte 0"),
        (None, "nothing"),
        (b"YQ==", "bytes"),
    ],
)
def test_what_is_not_base64_of_utf8_is_malformed(data: Any, found: str) -> None:
    with pytest.raises(MalformedRecordError, match=found):
        parse_base64(data, "the record's data")


def test_an_event_is_completed_from_its_record() -> None:
    assert complete({}, "m-1", "1545082649183", "group") == {
        "id": "m-1",
        "type": "",
        "timestamp": 1545082649183,
        "tags": {},
        "partition_key": "group",
    }


def test_what_an_event_has_stays() -> None:
    event = {"id": "e", "type": "t", "timestamp": 0, "tags": {"a": 1}, "partition_key": "p"}

    assert complete(dict(event), "m-1", 5, "group") == event


def test_both_spellings_of_the_partition_key_are_read() -> None:
    assert complete({"partitionKey": "p"}, "m-1", 5, "group")["partition_key"] == "p"
    assert complete({"partitionKey": "p", "partition_key": "q"}, "m-1", 5, None)["partition_key"] == "q"
    assert "partition_key" not in complete({}, "m-1", 5, None)


def test_a_type_that_is_no_text_and_tags_that_are_no_object_count_as_lacking() -> None:
    event = complete({"type": ["a"], "tags": ["b"]}, "m-1", 5, None)

    assert (event["type"], event["tags"]) == ("", {})


names = st.sampled_from(["id", "type", "tags", "timestamp", "detail", "detail-type", "x"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("ab€ ", max_size=4),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(names, part, max_size=4),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(names, json_values))
def test_any_object_is_read_to_a_complete_event_or_is_malformed(body: dict[str, Any]) -> None:
    try:
        event = complete(unwrap(parse_object(json.dumps(body), "the body")), "m-1", 5, None)
    except MalformedRecordError:
        return

    assert isinstance(event["type"], str)
    assert isinstance(event["tags"], dict)
    assert event["id"] not in (None, "")
    assert event["timestamp"] is not None
