from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, strategies as st

from powertools_stream.connectors import Clients
from powertools_stream.connectors.dynamodb.connector import DynamoDBConnector
from powertools_stream.errors import InvalidRequestError
from powertools_stream.expressions import (
    alias,
    name_of_alias,
    pk_condition,
    timestamp_condition,
    update_expression,
)
from powertools_stream.payloads.attribute_values import serialize_item
from powertools_stream.requests import UpdateItem
from tests.conftest import Aws

STRANGE_NAMES = [
    "status",
    "date#event_type",
    "date##event_type",
    "a-b",
    "a.b",
    "a_2d_b",
    "x_",
    "x_a_2d_b",
    "ä",
    "1st",
    "_",
    "__x",
    "with space",
    "",
    "\n",
    "😀",
    "n" * 300,
    "-" * 300,
]


def test_each_kind_of_value_has_its_action() -> None:
    request = update_expression({"name": "x", "gone": None, "tags": {"a"}, "roles_delete": frozenset({"b"}), "n": 0})

    assert request == {
        "ExpressionAttributeNames": {
            "#name": "name",
            "#gone": "gone",
            "#tags": "tags",
            "#roles": "roles",
            "#n": "n",
        },
        "ExpressionAttributeValues": {
            ":name": "x",
            ":tags": {"a"},
            ":roles_delete": frozenset({"b"}),
            ":n": 0,
        },
        "UpdateExpression": "SET #name = :name, #n = :n REMOVE #gone ADD #tags :tags DELETE #roles :roles_delete",
        "ReturnValues": "ALL_NEW",
    }


def test_values_are_left_out_where_there_are_none() -> None:
    assert update_expression({"gone": None}) == {
        "ExpressionAttributeNames": {"#gone": "gone"},
        "UpdateExpression": "REMOVE #gone",
        "ReturnValues": "ALL_NEW",
    }


def test_an_attribute_that_only_ends_in_delete_is_set() -> None:
    assert update_expression({"soft_delete": True, "_delete": {1}})["UpdateExpression"] == (
        "SET #soft_delete = :soft_delete ADD #_delete :_delete"
    )


def test_empty_sets_change_nothing() -> None:
    assert update_expression({"a": 1, "tags": set()})["UpdateExpression"] == "SET #a = :a"
    assert update_expression({"tags": set()}) == {"ReturnValues": "ALL_NEW"}


def test_an_empty_item_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="one attribute or more"):
        update_expression({})


def test_one_attribute_cannot_be_added_to_and_deleted_from() -> None:
    with pytest.raises(InvalidRequestError, match="'tags' and 'tags_delete'"):
        update_expression({"tags": {"a"}, "tags_delete": {"b"}})


def test_plain_names_stay_readable_and_others_are_escaped() -> None:
    assert [alias(name) for name in ("status", "order_id", "date#event_type", "x_a", "ä")] == [
        "status",
        "order_id",
        "x_date_23_event_5f_type",
        "x_x_5f_a",
        "x__e4_",
    ]


@given(st.lists(st.one_of(st.text(), st.text("_x#2d3a-", max_size=12)), min_size=2, max_size=2, unique=True))
def test_two_names_that_differ_never_share_an_alias(names: list[str]) -> None:
    first, second = names

    assert alias(first) != alias(second)


@given(st.one_of(st.text(), st.text("_x#2d3a-", max_size=12), st.text(min_size=200, max_size=400)))
def test_an_alias_is_what_dynamodb_takes_and_tells_its_name(name: str) -> None:
    placeholder = alias(name)

    assert re.fullmatch(r"[A-Za-z0-9_]{1,254}", placeholder, re.ASCII)
    is_hash = re.fullmatch(r"x__[0-9a-f]{64}_", placeholder) is not None
    assert name_of_alias(placeholder) == (None if is_hash else name)


@given(st.text("_xabcdef0123456789", min_size=1, max_size=12))
def test_a_placeholder_that_alias_did_not_make_has_no_name(placeholder: str) -> None:
    name = name_of_alias(placeholder)

    assert name is None or alias(name) == placeholder


def test_conditions_go_together_with_an_update_expression() -> None:
    request = {**update_expression({"timestamp": 1, "a": 2}), **timestamp_condition()}

    assert request["ConditionExpression"] == "attribute_not_exists(#timestamp) OR #timestamp < :timestamp"
    assert {"#timestamp", ":timestamp"} <= {
        *request["ExpressionAttributeNames"],
        *request["ExpressionAttributeValues"],
    }
    assert pk_condition() == {"ConditionExpression": "attribute_not_exists(pk)"}
    assert pk_condition("date#x") == {"ConditionExpression": "attribute_not_exists(#x_date_23_x)"}


def test_dynamodb_takes_every_name(aws: Aws) -> None:
    aws.create_table("table", ("pk",))
    item: dict[str, Any] = {name: 1 for name in STRANGE_NAMES if name}

    aws.client("dynamodb").update_item(
        TableName="table",
        Key={"pk": {"S": "1"}},
        **{
            **(request := update_expression(item)),
            "ExpressionAttributeValues": serialize_item(request["ExpressionAttributeValues"]),
        },
    )

    assert aws.items() == [{"pk": {"S": "1"}, **{name: {"N": "1"} for name in item}}]


@pytest.mark.parametrize("key", [("pk",), ("date#event_type",), ("name",), ("n" * 120,)])
def test_a_row_is_made_once_under_a_key_of_any_name(aws: Aws, key: tuple[str, ...]) -> None:
    aws.create_table("table", key)
    connector = DynamoDBConnector(Clients())

    answers = []
    for value in (1, 2):
        params = {"Key": {key[0]: "1"}, **update_expression({"a-b": value}), **pk_condition(key[0])}
        request = UpdateItem(params, table_name="table")
        answers.append(connector.answer(request, connector.send(connector.entries(request))))
    connector.close()

    assert answers[0]["Attributes"] == {key[0]: "1", "a-b": 1}
    assert answers[1] == {}


def test_a_set_is_added_to_and_taken_from(aws: Aws) -> None:
    aws.create_table("table", ("pk",))
    connector = DynamoDBConnector(Clients())

    items: list[dict[str, Any]] = [{"tags": {"a", "b"}}, {"tags": {"c"}}, {"tags_delete": {"a"}}]
    for item in items:
        request = UpdateItem({"Key": {"pk": "1"}, **update_expression(item)}, table_name="table")
        answer = connector.answer(request, connector.send(connector.entries(request)))
    connector.close()

    assert answer["Attributes"] == {"pk": "1", "tags": {"b", "c"}}
