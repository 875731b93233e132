from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powertools_stream import RuleRegistry
from powertools_stream.connectors.dynamodb.params import table_of as dynamodb_table
from powertools_stream.errors import InvalidEventError, InvalidRequestError, RuleError, SettingError
from powertools_stream.flavors import CollectRule, collect
from powertools_stream.outcomes import Reason
from powertools_stream.requests import PutItem
from powertools_stream.testing import drive, run, to_kinesis_records, to_sqs_records

DAY = 24 * 60 * 60
EVENT = {
    "id": "e-1",
    "type": "order-created",
    "timestamp": 1_767_225_600_123,
    "partition_key": "o-1",
    "tags": {"region": "us-east-1"},
    "order": {"id": "o-1", "number": 42, "total": 1.5},
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.delenv("TTL", raising=False)


def collected(event: dict[str, Any] = EVENT, record: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    outcome = drive(collect, {"event": event, "record": record or {}}, {"id": "collect-orders", **fields}, [{}])
    (request,) = outcome.requests
    assert isinstance(request, PutItem)
    item: dict[str, Any] = request.params["Item"]
    return item


def test_an_event_is_stored_under_its_id_with_all_that_is_known_of_it() -> None:
    record = {"kinesis": {"sequenceNumber": "49590338271490256608559692538361571095921575989136588898"}}

    item = collected(record=record, correlation_key="order.id", expire=True)

    assert item == {
        "pk": "e-1",
        "sk": "EVENT",
        "discriminator": "EVENT",
        "timestamp": 1_767_225_600_123,
        "awsregion": "eu-west-1",
        "sequence_number": "49590338271490256608559692538361571095921575989136588898",
        "ttl": 1_767_225_600 + 33 * DAY,
        "expire": True,
        "data": "o-1",
        "event": EVENT,
    }


def test_it_leaves_the_key_the_request_and_the_response() -> None:
    outcome = drive(collect, {"event": EVENT}, {"correlation_key": "order.id", "table_name": "events"}, [{"ok": 1}])

    result = outcome.result
    assert (result["key"], result["put_response"]) == ("o-1", {"ok": 1})
    assert result["put_request"]["Item"]["pk"] == "e-1"
    assert outcome.requests == (PutItem(result["put_request"], table_name="events"),)


def test_the_partition_key_correlates_where_the_rule_names_nothing_else() -> None:
    assert collected()["data"] == "o-1"


def test_a_correlation_key_may_be_a_number_or_come_from_a_function() -> None:
    async def from_elsewhere(uow: Any) -> str:
        return f"customer|{uow.event['order']['id']}"

    assert collected(correlation_key="order.number")["data"] == "42"
    assert collected(correlation_key=lambda uow, rule: rule.id)["data"] == "collect-orders"
    assert collected(correlation_key=from_elsewhere)["data"] == "customer|o-1"


@pytest.mark.parametrize("key", ["order.lost", "order", lambda uow: None, lambda uow: "", lambda uow: True])
def test_an_event_without_a_correlation_key_is_a_fault_that_says_where_it_was_sought(key: Any) -> None:
    with pytest.raises(
        InvalidEventError, match=r"'collect-orders'.*'order-created' event 'e-1'.*correlation"
    ) as caught:
        collected(correlation_key=key)

    assert caught.value.rule_id == "collect-orders"
    if isinstance(key, str):
        assert repr(key) in str(caught.value)


def test_a_row_lives_as_long_as_the_rule_the_environment_or_a_function_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert collected(ttl=1)["ttl"] == 1_767_225_600 + DAY
    assert collected(ttl=0.5)["ttl"] == 1_767_225_600 + DAY // 2
    assert collected(ttl=lambda uow: 77)["ttl"] == 77

    monkeypatch.setenv("TTL", "11")
    assert collected()["ttl"] == 1_767_225_600 + 11 * DAY

    monkeypatch.setenv("TTL", "a month")
    with pytest.raises(SettingError, match="TTL to be a number of days, but found 'a month'"):
        collected()


@pytest.mark.parametrize(
    "ttl",
    [
        lambda uow, rule: (uow.event["timestamp"], rule.id),
        # As aws-lambda-stream calls it.
        lambda rule, uow: (uow.event["timestamp"], rule.id),
        lambda rule, unit: (unit.event["timestamp"], rule.id),
        lambda u, rule: (u.event["timestamp"], rule.id),
    ],
)
def test_a_function_for_the_time_to_live_gets_what_its_parameters_are_named_after(ttl: Any) -> None:
    assert collected(ttl=ttl)["ttl"] == (EVENT["timestamp"], "collect-orders")


def test_a_function_whose_parameters_do_not_say_their_order_is_told_when_the_rule_is_made() -> None:
    with pytest.raises(RuleError, match=r"'c': a function of the field 'ttl'.*'uow' and 'rule'.*got \(r, u\)"):
        CollectRule(id="c", ttl=lambda r, u: 5)

    assert CollectRule(id="c", ttl=partial(lambda days, unit: days, 5)).ttl is not None
    assert CollectRule(id="c", ttl=lambda unit, days=5: days).ttl is not None


def test_a_timestamp_that_is_no_number_is_told() -> None:
    with pytest.raises(InvalidEventError, match=r"timestamp in ms, a number.*'2026-01-01'"):
        collected({**EVENT, "timestamp": "2026-01-01"})


def test_raw_images_are_stored_only_on_request() -> None:
    event = {**EVENT, "raw": {"new": {}, "old": None}}

    assert "raw" not in collected(event)["event"]
    assert collected(event, include_raw=True)["event"] == event


def test_what_is_not_known_is_left_out_of_the_row() -> None:
    assert {"expire", "sequence_number"}.isdisjoint(collected(expire=False))
    assert collected(expire="order-forgotten")["expire"] == "order-forgotten"
    assert collected(record={"attributes": {"SequenceNumber": "18"}})["sequence_number"] == "18"


def test_the_row_may_be_the_users_own() -> None:
    def to_put_request(uow: Any, rule: Any) -> dict[str, Any]:
        return {"Item": {"pk": uow["key"], "sk": rule.id}, "ConditionExpression": "attribute_not_exists(pk)"}

    outcome = drive(collect, {"event": EVENT}, {"to_put_request": to_put_request, "on_condition_failed": "fault"}, [{}])

    (request,) = outcome.requests
    assert request.params["Item"] == {"pk": "o-1", "sk": "rule"}
    assert request.on_condition_failed == "fault"


def test_a_row_is_spelled_for_services_written_in_javascript_if_the_setting_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = {"kinesis": {"sequenceNumber": "18"}}
    monkeypatch.setenv("EVENT_SPELLING", "javascript")

    item = collected({**EVENT, "partitionKey": "outdated"}, record)

    assert item["sequenceNumber"] == "18"
    assert item["event"] == {**{name: EVENT[name] for name in EVENT if name != "partition_key"}, "partitionKey": "o-1"}
    assert {"sequence_number", "partition_key"}.isdisjoint(item)

    monkeypatch.setenv("EVENT_SPELLING", "python")
    assert collected(record=record)["sequence_number"] == "18"

    monkeypatch.setenv("EVENT_SPELLING", "camelCase")
    with pytest.raises(SettingError, match="EVENT_SPELLING to be 'python' or 'javascript', but found 'camelCase'"):
        collected()


def test_the_event_table_comes_before_the_table_of_entities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_TABLE_NAME", "events")
    monkeypatch.setenv("ENTITY_TABLE_NAME", "entities")

    def table_of(**fields: Any) -> str:
        (request,) = drive(collect, {"event": EVENT}, fields, [{}]).requests
        return dynamodb_table(request)

    assert table_of() == "events"
    assert table_of(table_name="mine") == "mine"
    assert table_of(to_put_request=lambda uow: {"Item": {"pk": "1"}, "TableName": "theirs"}) == "theirs"

    monkeypatch.delenv("EVENT_TABLE_NAME")
    assert table_of() == "entities"


def test_a_row_of_the_users_own_that_is_no_mapping_is_told() -> None:
    with pytest.raises(InvalidRequestError, match=r"to_put_request to return a mapping.*NoneType"):
        drive(collect, {"event": EVENT}, {"to_put_request": lambda uow: None})


def test_events_that_tests_have_made_are_left_out() -> None:
    rules = [CollectRule(id="c", table_name="events")]
    skipped, kept = {**EVENT, "tags": {"skip": True}}, {**EVENT, "id": "e-2"}

    outcome = run(rules, to_sqs_records([skipped, kept]))

    assert [request.params["Item"]["pk"] for request in outcome.requests] == ["e-2"]


def test_only_the_event_that_lacks_its_key_fails() -> None:
    rules = RuleRegistry()
    rules.add(id="c", flavor=collect, event_type="order-created", correlation_key="order.id", table_name="events")
    event = to_kinesis_records([EVENT, {**EVENT, "id": "e-2", "order": {}}, {**EVENT, "id": "e-3"}])

    outcome = run(rules, event)

    (fault,) = outcome.faults
    assert fault.reason is Reason.FAULT
    assert outcome.response["batchItemFailures"] == [
        {"itemIdentifier": event["Records"][1]["kinesis"]["sequenceNumber"]}
    ]
    assert [request.params["Item"]["pk"] for request in outcome.requests] == ["e-1", "e-3"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"correlation_key": "order."}, "'correlation_key' is not a valid path"),
        ({"correlation_key": 5}, "'correlation_key' takes a path"),
        ({"compact": True}, "takes no 'compact'"),
        ({"correlationKey": "order.id"}, "Did you mean 'correlation_key'"),
        ({"on_condition_failed": "raise"}, "'ignore' or 'fault'"),
    ],
)
def test_a_mistake_is_told_when_the_rule_is_made(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        CollectRule(id="c", **fields)
