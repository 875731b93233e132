from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.errors import RuleError
from powertools_stream.flavors import UpdateRule, update
from powertools_stream.requests import GetItems, Query, UpdateItem
from powertools_stream.testing import drive, run, to_dynamodb_records, to_sqs_records
from powertools_stream.testing.driving import DriveOutcome

CUSTOMER = {"pk": "c-1", "sk": "customer", "discriminator": "customer", "name": "Ada"}
ORDERS = [{"pk": f"o-{n}", "sk": "order", "customer": "c-1"} for n in range(3)]


def to_update_request(uow: Any) -> dict[str, Any]:
    item = uow.get("query_response") or {"pk": "none"}
    return {"Key": {"pk": item["pk"], "sk": "order"}, "UpdateExpression": "SET #name = :name"}


@pytest.fixture
def updated(change_of: Any) -> Any:
    def drive_it(responses: Any, **fields: Any) -> DriveOutcome:
        rule = {"id": "names", "to_update_request": to_update_request, "table_name": "t", **fields}
        return drive(update, change_of(CUSTOMER, {**CUSTOMER, "name": "Eve"}), rule, responses)

    return drive_it


def test_without_a_query_it_updates_once(updated: Any) -> None:
    outcome = updated([{"Attributes": {"pk": "none"}}])

    assert [type(request) for request in outcome.requests] == [UpdateItem]
    assert outcome.result["update_response"] == {"Attributes": {"pk": "none"}}
    assert outcome.result["update_request"] == to_update_request({})


def test_it_queries_and_updates_each_item_that_was_found(updated: Any) -> None:
    query = {"IndexName": "CustomerIndex"}

    outcome = updated([ORDERS, {"n": 0}, {"n": 1}, {"n": 2}], to_query_request=lambda uow: query)

    assert outcome.requests[0] == Query(query, table_name="t")
    assert [request.params["Key"]["pk"] for request in outcome.requests[1:]] == ["o-0", "o-1", "o-2"]
    assert [result["query_response"] for result in outcome.results] == ORDERS
    assert [result["update_response"]["n"] for result in outcome.results] == [0, 1, 2]
    assert all(result["query_request"] is query for result in outcome.results)


def test_a_query_that_finds_nothing_updates_nothing(updated: Any) -> None:
    outcome = updated([[]], to_query_request=lambda uow: {"IndexName": "i"})

    assert outcome.results == ()


def test_no_query_request_means_no_query(updated: Any) -> None:
    outcome = updated([{}], to_query_request=lambda uow: None)

    assert [type(request) for request in outcome.requests] == [UpdateItem]


def test_it_splits_on_something_else_where_the_rule_says_so(updated: Any) -> None:
    def to_update(uow: Any) -> dict[str, Any]:
        return {"Key": {"pk": uow["order_id"], "sk": "order"}}

    outcome = updated(
        [ORDERS, {}, {}],
        to_query_request=lambda uow: {"IndexName": "i"},
        split_on="query_response[1:].pk",
        split_target_field="order_id",
        to_update_request=to_update,
    )

    assert [request.params["Key"]["pk"] for request in outcome.requests[1:]] == ["o-1", "o-2"]
    assert all(result["query_response"] == ORDERS for result in outcome.results)


def test_it_splits_with_a_function_and_no_query(updated: Any) -> None:
    outcome = updated([{}, {}], split_on=lambda uow: [{"pk": "a"}, {"pk": "b"}])

    assert [request.params["Key"]["pk"] for request in outcome.requests] == ["a", "b"]


def test_each_item_gets_what_it_needs(updated: Any) -> None:
    def to_get_request(uow: Any) -> dict[str, Any]:
        return {"Keys": [{"pk": uow["query_response"]["customer"], "sk": "customer"}]}

    answers = {Query: ORDERS[:2], GetItems: {"Responses": {"t": [CUSTOMER]}}, UpdateItem: {}}
    outcome = updated(
        lambda request: answers[type(request)], to_query_request=lambda uow: {"i": 1}, to_get_request=to_get_request
    )

    assert [type(request) for request in outcome.requests].count(GetItems) == 2
    result = outcome.results[0]
    assert result["batch_get_request"] == {"Keys": [{"pk": "c-1", "sk": "customer"}]}
    assert result["batch_get_response"] == {"Responses": {"t": [CUSTOMER]}}


def test_a_condition_that_failed_is_tried_again_with_the_fallback(updated: Any) -> None:
    first = {"Key": {"pk": "1"}, "ConditionExpression": "attribute_not_exists(pk)"}
    second = {"Key": {"pk": "1"}, "UpdateExpression": "REMOVE x"}

    outcome = updated(
        [{}, {"Attributes": {}}],
        to_update_request=lambda uow: first,
        to_fallback_update_request=lambda uow: second,
        on_condition_failed="fault",
    )

    assert [request.params for request in outcome.requests] == [first, second]
    assert [request.on_condition_failed for request in outcome.requests] == ["ignore", "fault"]
    assert outcome.result["fallback_update_request"] == second
    assert outcome.result["update_response"] == {"Attributes": {}}


def test_a_condition_that_failed_without_a_fallback_is_an_answer(updated: Any) -> None:
    outcome = updated(
        [{}], to_update_request=lambda uow: {"Key": {"pk": "1"}, "ConditionExpression": "attribute_exists(pk)"}
    )

    assert outcome.result["update_response"] == {}


def test_no_update_request_means_no_update(updated: Any) -> None:
    assert updated([], to_update_request=lambda uow: None).result["update_request"] is None


def test_an_update_request_that_is_no_mapping_is_told(updated: Any) -> None:
    with pytest.raises(TypeError, match="an update request is a mapping, a request or None; got a list"):
        updated([], to_update_request=lambda uow: [{"Key": {}}])


def run_rule(changes: list[dict[str, Any]], **fields: Any) -> list[Any]:
    rule = UpdateRule(id="names", to_update_request=lambda uow: {"Key": {"pk": uow.event["id"]}}, **fields)
    return run([rule], to_dynamodb_records(changes, table="t"), responses=lambda request: {}).requests


def test_it_matches_the_event_that_was_collected_and_any_other_change_as_it_is() -> None:
    event = {"id": "e-1", "type": "customer-renamed", "timestamp": 1}
    collected = {"pk": "e-1", "sk": "EVENT", "discriminator": "EVENT", "event": event}

    requests = run_rule([{"new_image": collected}], event_type="customer-renamed", table_name="t")
    assert [request.params["Key"]["pk"] for request in requests] == ["e-1"]

    assert len(run_rule([{"new_image": CUSTOMER}], event_type="customer-created", table_name="t")) == 1


def test_changes_that_a_listener_made_are_left_out_unless_the_rule_wants_them() -> None:
    changes = [{"new_image": {**CUSTOMER, "latched": True}}]

    assert run_rule(changes, table_name="t") == []
    assert len(run_rule(changes, table_name="t", latched="process")) == 1


def test_the_field_that_means_the_opposite_in_javascript_is_an_error_that_says_what_to_write() -> None:
    with pytest.raises(RuleError, match=r"no field 'skip_latched'.*opposite in JavaScript.*latched='process'"):
        run_rule([], table_name="t", skip_latched=False)
    with pytest.raises(RuleError, match=r"no field 'skipLatched'.*latched='process'.*\(skipLatched: true\)"):
        run_rule([], table_name="t", skipLatched=True)
    with pytest.raises(RuleError, match=r"'latched' takes 'skip' or 'process'; got False"):
        run_rule([], table_name="t", latched=False)


def test_it_reads_events_of_other_sources_too() -> None:
    rule = UpdateRule(id="u", table_name="t", to_update_request=lambda uow: {"Key": {"pk": uow.event["id"]}})

    outcome = run([rule], to_sqs_records([{"id": "e-1", "type": "x"}]), responses=lambda request: {})

    assert outcome.requests[0].params == {"Key": {"pk": "e-1"}}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "'to_update_request' is missing"),
        ({"to_update_request": to_update_request, "split_on": "a["}, "'split_on' is not a valid path"),
        ({"to_update_request": to_update_request, "split_target_field": ""}, "'split_target_field' takes"),
    ],
)
def test_a_mistake_is_told_when_the_rule_is_made(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        UpdateRule(id="u", **fields)
