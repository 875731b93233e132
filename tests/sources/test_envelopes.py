from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powertools_stream.errors import MalformedRecordError
from powertools_stream.sources import unwrap
from powertools_stream.sources.envelopes import parse_base64, parse_object
from powertools_stream.testing.envelopes import to_eventbridge_envelope, to_sns_envelope
from powertools_stream.uow import complete

NOW = 1_767_225_600_000  # what the envelopes' builders say


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


def test_an_s3_notification_is_an_event_itself() -> None:
    notification = {"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "a"}}}]}

    assert unwrap(to_sns_envelope(notification))["Records"] == notification["Records"]


def test_a_scheduler_sends_its_empty_detail_as_text() -> None:
    envelope = {**to_eventbridge_envelope({}, detail_type="Scheduled Event"), "detail": "{}"}

    assert unwrap(envelope)["type"] == "Scheduled Event"


@pytest.mark.parametrize("time", [None, 5, "yesterday"])
def test_a_time_that_cannot_be_read_is_left_to_the_record(time: Any) -> None:
    assert "timestamp" not in unwrap({"detail-type": "x", "detail": {}, "time": time})


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
