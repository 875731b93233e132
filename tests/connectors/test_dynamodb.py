from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from powertools_stream.classification import error_code, is_retryable
from powertools_stream.connectors import Clients, Connector, Refused
from powertools_stream.connectors.dynamodb.connector import DynamoDBConnector
from powertools_stream.errors import InvalidRequestError, RequestFailedError, SettingError
from powertools_stream.expressions import pk_condition, timestamp_condition, update_expression
from powertools_stream.requests import DeleteItem, GetItems, PutItem, Query, Request, Scan, UpdateItem
from powertools_stream.testing.connector_suite import ConnectorSuite
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws


@pytest.fixture(autouse=True)
def _table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTITY_TABLE_NAME", "table")


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, aws: Aws) -> None:
        aws.create_table()

    def connector(self) -> Connector:
        return DynamoDBConnector(Clients())

    def sample_requests(self) -> Sequence[Request]:
        key = {"pk": "1", "sk": "update"}
        return [
            PutItem({"Item": {"pk": "1", "sk": "put"}}),
            PutItem({"Item": {"pk": "1", "sk": "condition"}, **pk_condition("other")}),
            DeleteItem({"Key": {"pk": "1", "sk": "delete"}}),
            UpdateItem({"Key": key, **update_expression({"a": 1})}),
            GetItems({"Keys": [key, {"pk": "2", "sk": "none"}]}),
            Query({"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": "1"}}),
            Scan({}, page=True),
        ]

    def failing_requests(self) -> Sequence[Request]:
        other = {"KeyConditionExpression": "other = :pk", "ExpressionAttributeValues": {":pk": "1"}}
        return [*self.sample_requests(), Query(other)]

    def unsendable_requests(self) -> Sequence[Request]:
        return [
            PutItem({}),
            PutItem({"Item": {"pk": "1", "n": float("nan")}}),
            PutItem({"Item": {"sk": "1"}}, key=("pk", "sk")),
            DeleteItem({}),
            UpdateItem({"UpdateExpression": "SET a = :a"}),
            UpdateItem(None),  # type: ignore[arg-type]
            GetItems({"Keys": None}),
            Query({"KeyConditionExpression": "pk = :pk"}),
            UpdateItem({"Key": {"pk": "1"}, **update_expression({"status": "PAID"}), **timestamp_condition()}),
        ]


class TestContractWhenCallsFailInPart(ConnectorSuite):
    """The same for entries of one call."""

    @pytest.fixture(autouse=True)
    def _service(self, endpoint: ScriptedEndpoint) -> None:
        self._endpoint = endpoint
        endpoint.script = {"BatchWriteItem": _leave_undone("2")}

    def connector(self) -> Connector:
        return DynamoDBConnector(Clients())

    def sample_requests(self) -> Sequence[Request]:
        return [PutItem({"Item": {"pk": "0"}}), PutItem({"Item": {"pk": "1"}})]

    def failing_requests(self) -> Sequence[Request]:
        return [*self.sample_requests(), PutItem({"Item": {"pk": "2", "n": 1.0}})]

    def unproven_requests(self) -> Sequence[Request]:
        self._endpoint.script = lambda operation, body: (200, "<html></html>")
        return self.sample_requests()


def _leave_undone(*pks: str) -> Any:
    def script(operation: str, body: dict[str, Any]) -> Answer:
        ((table, writes),) = body["RequestItems"].items()
        left = [
            write
            for write in writes
            for item in (write.get("PutRequest", {}).get("Item") or write["DeleteRequest"]["Key"],)
            if item["pk"]["S"] in pks
        ]
        return 200, {"UnprocessedItems": {table: left} if left else {}}

    return script


def _connector() -> DynamoDBConnector:
    return DynamoDBConnector(Clients())


def _ask(connector: DynamoDBConnector, request: Request) -> Any:
    """Carry out one request, whether it succeeds or not."""
    responses: list[Any] = []
    try:
        for entry in connector.entries(request):
            responses += connector.send([entry])
    except Exception as error:
        return error
    errors = [response for response in responses if isinstance(response, BaseException)]
    return errors[0] if errors else connector.answer(request, responses)


# -- Writes ----------------------------------------------------------------------------------------------------------


def test_puts_and_deletes_share_a_call(aws: Aws) -> None:
    aws.create_table("table")
    connector = _connector()
    put = PutItem({"Item": {"pk": "1", "sk": "a", "n": Decimal("0.1"), "f": 0.1, "b": b"\x00", "tags": {"x"}}})
    delete = DeleteItem({"Key": {"pk": "2", "sk": "a"}})
    aws.client("dynamodb").put_item(TableName="table", Item={"pk": {"S": "2"}, "sk": {"S": "a"}})
    (put_entry,), (delete_entry,) = connector.entries(put), connector.entries(delete)

    assert put_entry.operation == delete_entry.operation
    responses = connector.send([put_entry, delete_entry])
    connector.close()

    assert [connector.answer(put, responses[:1]), connector.answer(delete, responses[1:])] == [{}, {}]
    number = {"N": "0.1"}
    assert aws.items() == [
        {
            "pk": {"S": "1"},
            "sk": {"S": "a"},
            "n": number,
            "f": number,
            "b": {"B": b"\x00"},
            "tags": {"SS": ["x"]},
        }
    ]


@pytest.mark.parametrize(
    ("request_", "operation", "is_ordered"),
    [
        (PutItem({"Item": {"pk": "1", "sk": "2"}}), "BatchWriteItem", True),
        (PutItem({"Item": {"pk": "1"}}), "BatchWriteItem", True),
        (PutItem({"Item": {"site": "1"}}), "PutItem", False),
        (PutItem({"Item": {"site": "1"}}, key=("site",)), "BatchWriteItem", True),
        (PutItem({"Item": {"pk": "1"}, "ConditionExpression": "attribute_exists(pk)"}), "PutItem", True),
        (PutItem({"Item": {"pk": "1"}, "ReturnValues": "ALL_OLD"}), "PutItem", True),
        (DeleteItem({"Key": {"site": "1"}}), "BatchWriteItem", True),
        (DeleteItem({"Key": {"site": "1"}, "ReturnValues": "ALL_OLD"}), "DeleteItem", True),
        (UpdateItem({"Key": {"site": "1"}}), "UpdateItem", True),
    ],
)
def test_each_write_goes_its_way(request_: Request, operation: str, is_ordered: bool) -> None:
    (entry,) = _connector().entries(request_)

    assert entry.operation.name == operation
    assert entry.operation.target == "table"
    assert not entry.operation.reads
    assert (entry.key is not None) is is_ordered


def test_writes_of_one_item_have_one_key_whatever_carries_them() -> None:
    connector = _connector()
    requests: list[Request] = [
        PutItem({"Item": {"pk": "1", "sk": 1, "x": 2}}),
        PutItem({"Item": {"pk": "1", "sk": 1.0}, "ConditionExpression": "attribute_exists(pk)"}),
        PutItem({"Item": {"sk": Decimal("1.00"), "pk": "1"}}, key=("sk", "pk")),
        DeleteItem({"Key": {"sk": 1, "pk": "1"}}),
        UpdateItem({"Key": {"pk": "1", "sk": 1}}),
    ]

    keys = {connector.entries(request)[0].key for request in requests}

    assert len(keys) == 1
    assert connector.entries(UpdateItem({"Key": {"pk": "1", "sk": "1"}}))[0].key not in keys
    assert connector.entries(UpdateItem({"Key": {"pk": "1", "sk": 1}}, table_name="other"))[0].key not in keys


def test_what_dynamodb_leaves_undone_fails_alone_and_may_be_tried_again(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = {"BatchWriteItem": _leave_undone("1", "3")}
    connector = _connector()
    requests: list[Request] = [
        PutItem({"Item": {"pk": "0", "sk": "a"}}),
        PutItem({"Item": {"pk": "1", "sk": 1.0}}),
        PutItem({"Item": {"pk": "2"}}),
        DeleteItem({"Key": {"pk": "3"}}),
    ]

    responses = connector.send([connector.entries(request)[0] for request in requests])
    connector.close()

    assert [error_code(response) if response else None for response in responses] == [
        None,
        "UnprocessedItems",
        None,
        "UnprocessedItems",
    ]
    assert isinstance(responses[1], RequestFailedError)
    assert is_retryable(responses[1])


def test_what_is_undone_and_nobodys_is_everybodys(endpoint: ScriptedEndpoint) -> None:
    left = {"UnprocessedItems": {"table": [{"PutRequest": {"Item": {"pk": {"S": "unheard of"}}}}]}}
    endpoint.script = lambda operation, body: (200, left)
    connector = _connector()

    responses = connector.send([connector.entries(PutItem({"Item": {"pk": str(n)}}))[0] for n in range(2)])
    connector.close()

    assert all(isinstance(response, RequestFailedError) for response in responses)


def test_the_size_of_an_item_is_about_that_of_its_json() -> None:
    item = {
        "pk": "1",
        "text": "x" * 1_000,
        "umlauts": "ä" * 100,
        "data": b"x" * 300,
        "numbers": list(range(100)),
        "sets": {"a", "b"},
        "map": {"a": True, "b": None, "c": {1, 2}, "d": {b"x"}},
    }

    (entry,) = _connector().entries(PutItem({"Item": item}))

    assert 4_000 < entry.size < 6_000
    assert entry.operation.max_bytes == 16_000_000


def test_an_update_answers_with_plain_values(aws: Aws) -> None:
    aws.create_table("table", ("site", "date#event_type"), site="N")
    connector = _connector()
    key = {"site": 1, "date#event_type": "2025-07-15#pose"}

    answer = _ask(connector, UpdateItem({"Key": key, **update_expression({"total": 0.1, "items": [1, None]})}))
    bare = _ask(connector, UpdateItem({"Key": key, "UpdateExpression": "REMOVE nothing"}))
    connector.close()

    assert answer["Attributes"] == {**key, "total": Decimal("0.1"), "items": [1, None]}
    assert bare, "what succeeds is never empty: that is what a failed condition answers"


def test_a_failed_condition_is_an_answer_unless_it_is_to_be_a_fault(aws: Aws) -> None:
    aws.create_table("table")
    connector = _connector()
    key = {"pk": "1", "sk": "a"}
    stale = {"Key": key, **update_expression({"timestamp": 1}), **timestamp_condition()}
    _ask(connector, UpdateItem({"Key": key, **update_expression({"timestamp": 2})}))

    assert connector.send(connector.entries(UpdateItem(stale))) == [Refused("ConditionalCheckFailedException")]
    assert _ask(connector, UpdateItem(stale)) == {}
    assert _ask(connector, PutItem({"Item": key, **pk_condition()})) == {}
    assert _ask(connector, DeleteItem({"Key": key, "ConditionExpression": "attribute_not_exists(pk)"})) == {}
    fault = _ask(connector, UpdateItem(stale, on_condition_failed="fault"))
    connector.close()

    assert error_code(fault) == "ConditionalCheckFailedException"
    assert not is_retryable(fault)


def test_a_parameter_that_dynamodb_does_not_have_is_told_by_name(endpoint: ScriptedEndpoint) -> None:
    connector = _connector()

    errors = [
        _ask(connector, UpdateItem({"Key": {"pk": "1"}, "UpdateExpresion": "SET a = b"})),
        _ask(connector, Query({"KeyConditionExpresion": "pk = :pk"})),
        _ask(connector, GetItems({"Keys": [{"pk": "1"}], "Consistent": True})),
    ]
    connector.close()

    assert all(isinstance(error, InvalidRequestError) for error in errors)
    assert "'UpdateExpresion'" in str(errors[0])
    assert endpoint.count() == 0


def test_the_table_is_that_of_the_request_then_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    def table(request: Request) -> Any:
        return _connector().entries(request)[0].operation.target

    monkeypatch.setenv("EVENT_TABLE_NAME", "events")
    assert table(DeleteItem({"Key": {"pk": "1"}, "TableName": "in-params"}, table_name="given")) == "given"
    assert table(DeleteItem({"Key": {"pk": "1"}, "TableName": "in-params"})) == "in-params"
    assert table(DeleteItem({"Key": {"pk": "1"}})) == "table"
    monkeypatch.delenv("ENTITY_TABLE_NAME")
    assert table(DeleteItem({"Key": {"pk": "1"}})) == "events"
    monkeypatch.delenv("EVENT_TABLE_NAME")
    with pytest.raises(SettingError, match="ENTITY_TABLE_NAME or EVENT_TABLE_NAME"):
        table(DeleteItem({"Key": {"pk": "1"}}))


def test_the_older_parameters_take_plain_values(aws: Aws) -> None:
    aws.create_table("table")
    connector = _connector()
    update = {"AttributeUpdates": {"a": {"Action": "PUT", "Value": 1}}, "Expected": {"a": {"Exists": False}}}

    _ask(connector, UpdateItem({"Key": {"pk": "1", "sk": "a"}, **update}))
    condition = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": ["1"]}}
    found = _ask(connector, Query({"KeyConditions": condition}))
    connector.close()

    assert found == [{"pk": "1", "sk": "a", "a": 1}]


# -- Reads -----------------------------------------------------------------------------------------------------------


def _fill(aws: Aws, count: int, table: str = "table") -> None:
    aws.create_table(table)
    for n in range(count):
        item = {"pk": {"S": "1"}, "sk": {"S": f"{n:03}"}, "n": {"N": str(n)}, "text": {"S": "x" * 10}}
        aws.client("dynamodb").put_item(TableName=table, Item=item)


def _get(connector: DynamoDBConnector, request: GetItems) -> Any:
    return connector.answer(request, connector.send(connector.entries(request)))


def test_items_come_in_the_order_of_their_keys_without_those_that_are_not_there(aws: Aws) -> None:
    _fill(aws, 5)
    connector = _connector()
    wanted = ["004", "none", "000", "004", "002"]

    answer = _get(connector, GetItems({"Keys": [{"pk": "1", "sk": sk} for sk in wanted], "ConsistentRead": True}))
    connector.close()

    assert [item["sk"] for item in answer["Responses"]["table"]] == ["004", "000", "002"]
    assert answer["Responses"]["table"][0] == {"pk": "1", "sk": "004", "n": 4, "text": "x" * 10}


def test_equal_keys_are_equal_entries_and_other_options_another_call() -> None:
    connector = _connector()

    first, second = connector.entries(GetItems({"Keys": [{"pk": "1", "n": 1}, {"pk": "2", "n": 1}]}))
    (again,) = connector.entries(GetItems({"Keys": [{"n": Decimal("1.0"), "pk": "1"}]}))
    (consistent,) = connector.entries(GetItems({"Keys": [{"pk": "1", "n": 1}], "ConsistentRead": True}))
    (elsewhere,) = connector.entries(GetItems({"Keys": [{"pk": "1", "n": 1}]}, table_name="other"))

    assert (first.operation, first.key) == (again.operation, again.key)
    assert first.operation == second.operation
    assert first.key != second.key
    assert len({first.operation, consistent.operation, elsewhere.operation}) == 3
    assert first.operation.reads
    assert first.operation.max_entries == 100


def test_no_keys_are_no_entries() -> None:
    request = GetItems({"Keys": []})

    assert _connector().entries(request) == []
    assert _connector().answer(request, []) == {"Responses": {"table": []}}


@pytest.mark.parametrize(
    "projection",
    [
        {"ProjectionExpression": "n"},
        {"ProjectionExpression": "#n", "ExpressionAttributeNames": {"#n": "n"}},
        {"ProjectionExpression": "#n"},
        {"AttributesToGet": ["n"]},
    ],
)
def test_a_projection_without_the_key_tells_items_apart_all_the_same(aws: Aws, projection: dict[str, Any]) -> None:
    _fill(aws, 3)
    connector = _connector()

    answer = _get(connector, GetItems({"Keys": [{"pk": "1", "sk": "002"}, {"pk": "1", "sk": "001"}], **projection}))
    connector.close()

    assert answer == {"Responses": {"table": [{"n": 2}, {"n": 1}]}}


def test_a_projection_with_the_key_keeps_it(aws: Aws) -> None:
    _fill(aws, 1)
    connector = _connector()

    answer = _get(connector, GetItems({"Keys": [{"pk": "1", "sk": "000"}], "ProjectionExpression": "n, sk"}))
    connector.close()

    assert answer == {"Responses": {"table": [{"sk": "000", "n": 0}]}}


def test_several_tables_may_be_asked_in_the_form_of_the_api(aws: Aws) -> None:
    _fill(aws, 1)
    _fill(aws, 1, "other")
    connector = _connector()
    wanted = {"Keys": [{"pk": "1", "sk": "000"}], "ProjectionExpression": "n"}
    request = GetItems({"RequestItems": {"table": wanted, "other": wanted}})

    answer = connector.answer(request, [connector.send([entry])[0] for entry in connector.entries(request)])
    connector.close()

    assert answer == {"Responses": {"table": [{"n": 0}], "other": [{"n": 0}]}}


def test_keys_that_dynamodb_leaves_out_fail_alone_and_may_be_tried_again(endpoint: ScriptedEndpoint) -> None:
    def half(operation: str, body: dict[str, Any]) -> Answer:
        ((table, wanted),) = body["RequestItems"].items()
        first, *others = wanted["Keys"]
        return 200, {"Responses": {table: [first]}, "UnprocessedKeys": {table: {"Keys": others[:1]}}}

    endpoint.script = half
    connector = _connector()

    responses = connector.send(connector.entries(GetItems({"Keys": [{"pk": str(n)} for n in range(3)]})))
    connector.close()

    assert responses[0] == ("table", {"pk": "0"})
    assert error_code(responses[1]) == "UnprocessedKeys"
    assert is_retryable(responses[1])
    assert responses[2] is None


def test_a_query_answers_the_items_of_all_its_pages(aws: Aws) -> None:
    _fill(aws, 7)
    connector = _connector()
    params = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": "1"}, "Limit": 3}

    items = _ask(connector, Query(params))
    scanned = _ask(connector, Scan({"Limit": 3}))
    connector.close()

    assert [item["n"] for item in items] == list(range(7))
    assert sorted(item["n"] for item in scanned) == list(range(7))
    assert "ExclusiveStartKey" not in params


def test_a_page_has_a_cursor_that_leads_to_the_next(aws: Aws) -> None:
    _fill(aws, 5)
    connector = _connector()
    params: dict[str, Any] = {
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": "1"},
        "Limit": 3,
    }

    first = _ask(connector, Query(params, page=True))
    second = _ask(connector, Query({**params, "ExclusiveStartKey": first["LastEvaluatedKey"]}, page=True))
    connector.close()

    assert [item["n"] for item in (*first["Items"], *second["Items"])] == list(range(5))
    assert first["LastEvaluatedKey"] == {"pk": "1", "sk": "002"}
    assert (first["Count"], "ResponseMetadata" in first, "LastEvaluatedKey" in second) == (3, False, False)


def test_a_page_that_fails_is_asked_for_again_not_those_before_it(endpoint: ScriptedEndpoint) -> None:
    answers: list[Answer] = [
        (200, {"Items": [{"n": {"N": "1"}}], "LastEvaluatedKey": {"pk": {"S": "1"}}}),
        (400, {"__type": "ThrottlingException", "message": "slow"}),
        (200, {"Items": [{"n": {"N": "2"}}]}),
        (200, {"Items": [{"n": {"N": "3"}}]}),
    ]
    endpoint.script = lambda operation, body: answers.pop(0)
    connector = _connector()
    entries = connector.entries(Scan({}))

    with pytest.raises(Exception, match="ThrottlingException"):
        connector.send(entries)

    assert connector.send(entries) == [[{"n": 1}, {"n": 2}]]
    assert connector.send(entries) == [[{"n": 3}]]
    connector.close()


def test_equal_queries_have_equal_keys() -> None:
    def key(request: Request) -> Any:
        (entry,) = _connector().entries(request)
        return entry.operation, entry.key

    names = {"KeyConditionExpression": "pk = :pk"}
    query = Query({**names, "ExpressionAttributeValues": {":pk": "1"}})

    assert key(query) == key(Query({"ExpressionAttributeValues": {":pk": "1"}, **names}))
    assert key(query) != key(Query({**names, "ExpressionAttributeValues": {":pk": 1}}))
    assert key(query) != key(Query({**names, "ExpressionAttributeValues": {":pk": "1"}}, page=True))
    assert key(query) != key(Query({**names, "ExpressionAttributeValues": {":pk": "1"}}, table_name="other"))


def test_answers_to_equal_queries_are_lists_of_their_own(endpoint: ScriptedEndpoint) -> None:
    connector = _connector()
    request = Scan({})
    responses = connector.send(connector.entries(request))
    connector.close()

    connector.answer(request, responses).append("mine")

    assert connector.answer(request, responses) == []


def test_boto3s_conditions_are_taken(aws: Aws) -> None:
    from boto3.dynamodb.conditions import Attr, Key

    _fill(aws, 5)
    connector = _connector()
    condition = {"KeyConditionExpression": Key("pk").eq("1"), "FilterExpression": Attr("n").gte(3)}

    items = _ask(connector, Query(condition))
    update = {"Key": {"pk": "1", "sk": "000"}, **update_expression({"n": 9}), "ConditionExpression": Attr("n").eq(0)}
    answer = _ask(connector, UpdateItem(update))
    connector.close()

    assert [item["n"] for item in items] == [3, 4]
    assert answer["Attributes"]["n"] == 9
