from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from powertools_stream.local import MappingError
from powertools_stream.local.mappings.filters import Source, compile_filters


def passes(source: Source, record: dict[str, Any], *patterns: Any) -> bool:
    return compile_filters({"Filters": [{"Pattern": json.dumps(each)} for each in patterns]}, source)(record)


def a_message(body: str) -> dict[str, Any]:
    return {"messageId": "m-1", "body": body}


def a_kinesis_record(data: bytes) -> dict[str, Any]:
    return {"kinesis": {"partitionKey": "k", "data": base64.b64encode(data).decode()}}


# Whether the message is JSON, whether the pattern takes it for JSON, and whether it passes.
# https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
SQS = [
    ("plain text", {"body": ["plain text"]}, True),
    ("plain text", {"body": ["other text"]}, False),
    ("plain text", {"body": [{"prefix": "plain"}]}, True),
    ("plain text", {"body": {"kind": ["order"]}}, False),
    ("plain text", {"body": {"kind": [{"exists": False}]}}, False),
    ('{"kind": "order"}', {"body": {"kind": ["order"]}}, True),
    ('{"kind": "note"}', {"body": {"kind": ["order"]}}, False),
    ('{"kind": "order"}', {"body": [{"prefix": "{"}]}, False),
    ('{"kind": "order"}', {"body": [{"anything-but": "x"}]}, False),
    ('{"kind": "order"}', {"$or": [{"body": {"kind": ["order"]}}, {"body": {"n": [1]}}]}, True),
    ('["order"]', {"body": ["order"]}, False),
    ("5", {"body": ["5"]}, True),
]


@pytest.mark.parametrize(("body", "pattern", "expected"), SQS)
def test_a_message_passes_if_its_body_has_the_format_that_the_pattern_expects(
    body: str, pattern: Any, expected: bool
) -> None:
    assert passes("sqs", a_message(body), pattern) is expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b'{"kind": "order"}', True), (b'{"kind": "note"}', False), (b"text", False), (b"\xff", False)],
)
def test_a_kinesis_record_passes_if_its_data_is_json_that_matches(data: bytes, expected: bool) -> None:
    assert passes("kinesis", a_kinesis_record(data), {"data": {"kind": ["order"]}}) is expected


@pytest.mark.parametrize(
    ("value", "pattern", "expected"),
    [
        (b'{"kind": "order"}', {"value": {"kind": ["order"]}}, True),
        (b'{"kind": "note"}', {"value": {"kind": ["order"]}}, False),
        (b"text", {"value": [{"anything-but": ["error"]}]}, True),
        (b"text", {"value": {"kind": ["order"]}}, False),
        (None, {"value": {"kind": [{"exists": False}]}}, False),
    ],
)
def test_a_kafka_record_passes_by_its_value(value: bytes | None, pattern: Any, expected: bool) -> None:
    record = {"topic": "t", "value": None if value is None else base64.b64encode(value).decode()}
    assert passes("kafka", record, pattern) is expected


def test_a_change_passes_by_its_images_and_by_its_kind() -> None:
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": {"status": {"S": "COMPLETED"}}}}
    pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"status": {"S": ["COMPLETED"]}}}}

    assert passes("dynamodb", record, pattern)
    assert not passes("dynamodb", {**record, "eventName": "REMOVE"}, pattern)


def test_one_of_several_filters_is_enough() -> None:
    assert passes("sqs", a_message('{"n": 2}'), {"body": {"n": [1]}}, {"body": {"n": [2]}})
    assert passes("sqs", a_message("text"), {"body": {"n": [1]}}, {"body": ["text"]})


@pytest.mark.parametrize("criteria", [None, {}, {"Filters": []}, {"Filters": None}])
def test_without_filters_everything_passes(criteria: Any) -> None:
    assert compile_filters(criteria, "sqs")(a_message("text"))


@pytest.mark.parametrize(
    ("source", "pattern", "message"),
    [
        ("sqs", {"messageAttributes": {"kind": ["order"]}}, "to have 'body' on top, found 'messageAttributes'"),
        ("sqs", {"$or": [{"body": {"a": [1]}}, {"attributes": {"b": [1]}}]}, "to have 'body' on top"),
        ("sqs", {"$or": [{"body": {"a": [1]}}, {"body": ["a"]}]}, "for JSON or for text, found both"),
        ("kinesis", {"partitionKey": ["1"]}, "to have 'data' on top"),
        ("kinesis", {"data": ["text"]}, "Expected 'data' in the filter's pattern to be an object"),
        ("dynamodb", {"dynamodb": ["text"]}, "Expected 'dynamodb' in the filter's pattern to be an object"),
        ("sqs", {"body": {"a": [{"wildcard": "a*"}]}}, "which only EventBridge has"),
        ("sqs", {"body": {"ip": [{"cidr": "10.0.0.0/8"}]}}, "which only EventBridge has"),
        ("sqs", {"body": {"$or": [{"a": [1]}, {"b": [{"cidr": "10.0.0.0/8"}]}]}}, "which only EventBridge has"),
        ("sqs", {"body": {"a": [{"anything-but": {"prefix": "a"}}]}}, "which only EventBridge has"),
        ("sqs", {"body": {"a": "b"}}, "In FilterCriteria: Expected the event pattern at 'body.a'"),
        ("sqs", {"body": {"a": ["x" * 4096]}}, "at most 4096 characters"),
    ],
)
def test_a_pattern_that_lambda_would_not_take_is_an_error(source: Source, pattern: Any, message: str) -> None:
    with pytest.raises(MappingError, match=message):
        passes(source, {}, pattern)


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ({"Pattern": "{}"}, "Expected FilterCriteria to be"),
        ({"Filters": {}}, None),
        ([{"Pattern": "{}"}], "Expected FilterCriteria to be"),
        ({"Filters": "{}"}, "Expected FilterCriteria to be"),
        ({"Filters": [{"Pattern": {"body": {}}}]}, "Expected a filter to be"),
        ({"Filters": [{"Pattern": '{"body": ["a"]}'}] * 11}, "at most 10 filters in FilterCriteria, found 11"),
    ],
)
def test_criteria_have_lambdas_form(criteria: Any, message: str | None) -> None:
    if message is None:
        compile_filters(criteria, "sqs")
        return
    with pytest.raises(MappingError, match=message):
        compile_filters(criteria, "sqs")
