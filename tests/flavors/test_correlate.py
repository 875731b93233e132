from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.errors import InvalidEventError, MalformedRecordError, RuleError
from powertools_stream.flavors import CorrelateRule, correlate
from powertools_stream.requests import PutItem
from powertools_stream.testing import drive, run, to_dynamodb_records, to_sqs_records
from powertools_stream.testing.driving import DriveOutcome

NOW = 1_767_225_600_123
EVENT = {"id": "e-1", "type": "order-created", "timestamp": NOW, "partition_key": "o-1", "order": {"id": "o-1"}}
ROW = {
    "pk": "e-1",
    "sk": "EVENT",
    "discriminator": "EVENT",
    "timestamp": NOW,
    "sequence_number": "18",
    "ttl": 99,
    "data": "o-1",
    "event": EVENT,
}


@pytest.fixture
def correlated(change_of: Any) -> Any:
    def drive_it(row: dict[str, Any] = ROW, **fields: Any) -> DriveOutcome:
        return drive(correlate, change_of(row), {"id": "c", "correlation_key": "order.id", **fields}, [{}])

    return drive_it


def test_an_event_is_stored_again_under_its_key(correlated: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    outcome = correlated(correlation_key_suffix="late", expire="order-late", table_name="events")

    item = {
        "pk": "o-1.late",
        "sk": "e-1",
        "discriminator": "CORREL",
        "timestamp": NOW,
        "awsregion": "eu-west-1",
        "sequence_number": "18",
        "ttl": 99,
        "expire": "order-late",
        "suffix": "late",
        "rule_id": "c",
        "event": {**EVENT, "tags": {}},
    }
    assert outcome.requests == (PutItem({"Item": item}, table_name="events"),)


def test_it_leaves_the_key_what_the_row_says_and_what_it_put(correlated: Any) -> None:
    result = correlated().result

    assert result["key"] == "o-1"
    assert result["meta"] == {"sequence_number": "18", "ttl": 99, "data": "o-1"}
    assert result["put_request"]["Item"]["pk"] == "o-1"
    assert result["put_response"] == {}
    assert result.event["type"] == "order-created"
    assert "suffix" not in result["put_request"]["Item"]


def test_a_rule_may_have_a_time_to_live_of_its_own(correlated: Any) -> None:
    (request,) = correlated(ttl=1).requests

    assert request.params["Item"]["ttl"] == 1_767_225_600 + 24 * 60 * 60


def test_rows_of_services_written_in_javascript_are_read(correlated: Any) -> None:
    row = {name: value for name, value in ROW.items() if name != "sequence_number"}
    event = {"id": "e-1", "type": "order-created", "timestamp": NOW, "partitionKey": "o-1", "order": {"id": "o-1"}}

    result = correlated({**row, "sequenceNumber": "19", "event": event}).result

    assert result["put_request"]["Item"]["sequence_number"] == "19"
    assert result.event["partition_key"] == "o-1"


def test_a_row_is_spelled_for_services_written_in_javascript_if_the_setting_says_so(
    correlated: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_SPELLING", "javascript")

    item = correlated().result["put_request"]["Item"]

    assert (item["ruleId"], item["sequenceNumber"], item["event"]["partitionKey"]) == ("c", "18", "o-1")
    assert {"rule_id", "sequence_number"}.isdisjoint(item)
    assert "partition_key" not in item["event"]


def test_only_inserted_event_rows_are_for_it() -> None:
    rules = [CorrelateRule(id="c", event_type="order-created", correlation_key="order.id", table_name="events")]
    changes: list[dict[str, Any]] = [
        {"new_image": ROW},
        {"new_image": ROW, "old_image": {**ROW, "ttl": 1}},
        {"old_image": ROW},
        {"new_image": {**ROW, "pk": "o-1", "sk": "e-1", "discriminator": "CORREL"}},
        {"new_image": {"pk": "o-1", "sk": "order"}},
        {"new_image": {**ROW, "pk": "e-2", "event": {**EVENT, "id": "e-2", "type": "order-shipped"}}},
    ]

    outcome = run(rules, to_dynamodb_records(changes, table="events"))

    assert [request.params["Item"]["sk"] for request in outcome.requests] == ["e-1"]
    assert outcome.faults == []


def test_records_of_other_sources_are_not_for_it() -> None:
    rules = [CorrelateRule(id="c", correlation_key="order.id", table_name="events")]

    assert run(rules, to_sqs_records([EVENT])).requests == []


def test_the_event_table_comes_before_the_table_of_entities(correlated: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_TABLE_NAME", "events")
    monkeypatch.setenv("ENTITY_TABLE_NAME", "entities")

    assert [request.table_name for request in correlated().requests] == ["events"]
    assert [request.table_name for request in correlated(table_name="mine").requests] == ["mine"]


def test_a_missing_key_is_told(correlated: Any) -> None:
    with pytest.raises(InvalidEventError, match=r"'order\.number' holds nothing"):
        correlated(correlation_key="order.number")


@pytest.mark.parametrize(("event", "found"), [(None, "nothing"), ("{}", "str")])
def test_a_row_without_an_event_is_told(correlated: Any, event: Any, found: str) -> None:
    with pytest.raises(MalformedRecordError, match=rf"row {{'pk': 'e-1', 'sk': 'EVENT'}}.*found {found}"):
        correlated({name: value for name, value in {**ROW, "event": event}.items() if value is not None})


def test_a_stream_without_images_is_told() -> None:
    rules = [CorrelateRule(id="c", correlation_key="order.id", table_name="events")]

    outcome = run(rules, to_dynamodb_records([{"new_image": ROW}], table="events", view_type="KEYS_ONLY"))

    (fault,) = outcome.faults
    assert "Set the table's StreamViewType to NEW_AND_OLD_IMAGES" in str(fault.error)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "'correlation_key' is missing"),
        ({"correlation_key": "order.id", "correlation_key_suffix": ""}, "'correlation_key_suffix' takes"),
        ({"correlation_key": "order.id", "compact": True}, "takes no 'compact'"),
    ],
)
def test_a_mistake_is_told_when_the_rule_is_made(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        CorrelateRule(id="c", **fields)
