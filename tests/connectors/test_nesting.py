"""An outsider may nest an event as deep as JSON goes: what cannot be sent of it is an error of its own record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from powertools_stream import FaultPolicy, StreamProcessor
from powertools_stream.classification import is_retryable
from powertools_stream.connectors import Clients, ConnectorRegistry
from powertools_stream.connectors.base import Entry, Operation
from powertools_stream.errors import InvalidRequestError
from powertools_stream.flavors import collect, task
from powertools_stream.outcomes import Reason
from powertools_stream.requests import (
    DeleteItem,
    DeleteObject,
    GetItems,
    IndexDocument,
    InvokeFunction,
    PublishMessage,
    PutDeliveryRecord,
    PutEvent,
    PutItem,
    PutMetricData,
    PutObject,
    PutRecord,
    Query,
    Request,
    SendMessage,
    UpdateItem,
)
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.endpoint import ScriptedEndpoint

DEPTHS = [101, 250, 280, 310, 350, 410, 900]


def _nested(depth: int, kind: str = "list") -> Any:
    value: Any = "x"
    for level in range(depth):
        value = [value] if kind == "list" or (kind == "mixed" and level % 2) else {"a": value}
    return value


@pytest.fixture
def connectors(monkeypatch: pytest.MonkeyPatch, endpoint: ScriptedEndpoint) -> Iterator[ConnectorRegistry]:
    for name in ("ENTITY_TABLE_NAME", "BUCKET_NAME", "TOPIC_ARN", "STREAM_NAME", "DELIVERY_STREAM_NAME", "BUS_NAME"):
        monkeypatch.setenv(name, "name")
    monkeypatch.setenv("QUEUE_URL", "http://sqs/1/queue")
    monkeypatch.setenv("OPENSEARCH_DOMAIN_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "name")
    connectors = ConnectorRegistry(Clients())
    yield connectors
    connectors.close()


# -- One record ------------------------------------------------------------------------------------------------------


def _batch(deep: Any) -> dict[str, Any]:
    events: list[dict[str, Any]] = [{"id": str(n), "type": "x", "partition_key": str(n)} for n in range(5)]
    events[2]["deep"] = deep
    return to_sqs_records([{"body": json.dumps(event), "message_id": event["id"]} for event in events])


@pytest.mark.parametrize("kind", ["list", "map", "mixed"])
@pytest.mark.parametrize("depth", DEPTHS)
def test_an_item_that_is_nested_too_deep_fails_alone(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch, depth: int, kind: str
) -> None:
    monkeypatch.setenv("EVENT_TABLE_NAME", "events")
    endpoint.script = lambda operation, body: None
    processor = StreamProcessor(
        rules=[{"id": "r", "flavor": collect}],
        on_fault=FaultPolicy.REPORT,
        raise_on_entire_batch_failure=False,
    )

    response = processor.process_event(_batch(_nested(depth, kind)))

    (fault,) = processor.faults
    (call,) = endpoint.bodies("BatchWriteItem")
    assert response == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert isinstance(fault.error, InvalidRequestError)
    assert fault.reason is Reason.FAULT
    assert len(call["RequestItems"]["events"]) == 4


@pytest.mark.parametrize("depth", [1, 31, 60, 90])
@pytest.mark.parametrize("kind", ["list", "map", "mixed"])
def test_what_dynamodb_might_take_is_left_to_it(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch, depth: int, kind: str
) -> None:
    monkeypatch.setenv("EVENT_TABLE_NAME", "events")
    processor = StreamProcessor(rules=[{"id": "r", "flavor": collect}])

    assert processor.process_event(_batch(_nested(depth, kind))) == {"batchItemFailures": []}
    assert len(endpoint.bodies("BatchWriteItem")[0]["RequestItems"]["events"]) == 5


# -- Whatever shares a call --------------------------------------------------------------------------------------------

MAKERS: dict[str, Callable[[Any], Request]] = {
    "PutItem": lambda deep: PutItem({"Item": {"pk": "1", "a": deep}}),
    "PutItem, condition": lambda deep: PutItem({"Item": {"pk": "1", "a": deep}, "ConditionExpression": "c"}),
    "DeleteItem": lambda deep: DeleteItem({"Key": {"pk": "1", "sk": deep}}),
    "UpdateItem": lambda deep: UpdateItem(
        {"Key": {"pk": "1"}, "UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": deep}}
    ),
    "UpdateItem, legacy": lambda deep: UpdateItem({"Key": {"pk": "1"}, "AttributeUpdates": {"a": {"Value": deep}}}),
    "UpdateItem, expected": lambda deep: UpdateItem(
        {"Key": {"pk": "1"}, "Expected": {"a": {"AttributeValueList": ["x", deep]}}}
    ),
    "GetItems": lambda deep: GetItems({"Keys": [{"pk": deep}]}),
    "GetItems, options": lambda deep: GetItems({"Keys": [{"pk": "1"}], "ExpressionAttributeNames": {"#a": deep}}),
    "Query": lambda deep: Query({"KeyConditionExpression": "c", "ExpressionAttributeValues": {":a": deep}}),
    "Query, cursor": lambda deep: Query({"KeyConditionExpression": "c", "ExclusiveStartKey": {"pk": deep}}),
    "DeleteObject": lambda deep: DeleteObject({"Key": "a", "VersionId": deep}),
    "PutEvent": lambda deep: PutEvent({"type": "x", "a": deep}),
    "PublishMessage": lambda deep: PublishMessage({"Message": {"a": deep}}),
    "SendMessage": lambda deep: SendMessage({"MessageBody": {"a": deep}}),
    "SendMessage, attribute": lambda deep: SendMessage({"MessageBody": "x", "MessageAttributes": {"a": deep}}),
    "SendMessage, delay": lambda deep: SendMessage({"MessageBody": "x", "DelaySeconds": deep}),
    "PutRecord": lambda deep: PutRecord({"Data": {"a": deep}, "PartitionKey": "1"}),
    "PutRecord, hash key": lambda deep: PutRecord({"Data": "x", "PartitionKey": "1", "ExplicitHashKey": deep}),
    "PutDeliveryRecord": lambda deep: PutDeliveryRecord({"Data": {"a": deep}}),
    "PutMetricData": lambda deep: PutMetricData({"MetricName": "m", "Value": deep}),
    "PutMetricData, unit": lambda deep: PutMetricData({"MetricName": "m", "Value": 1, "Unit": deep}),
    "PutMetricData, resolution": lambda deep: PutMetricData({"MetricName": "m", "Value": 1, "StorageResolution": deep}),
    "IndexDocument": lambda deep: IndexDocument({"index": "i", "id": "1", "body": {"a": deep}}),
    "InvokeFunction": lambda deep: InvokeFunction({"FunctionName": "f", "Payload": {"a": deep}}),
    "PutObject": lambda deep: PutObject({"Key": "a", "Body": {"a": deep}}),
}


@pytest.mark.parametrize("name", MAKERS)
def test_no_depth_ends_a_call_that_others_share(connectors: ConnectorRegistry, name: str) -> None:
    """It is refused before it joins a call, or it is sent; never does the call itself end in a `RecursionError`."""
    for depth in (*DEPTHS, 5_000, 100_000):
        request = MAKERS[name](_nested(depth))
        connector = connectors.connector_for(type(request))
        entries = _outcome(connector.entries, request)
        if isinstance(entries, Exception):
            assert not is_retryable(entries)
        else:
            assert not isinstance(_outcome(connector.send, entries), RecursionError)


def _outcome(function: Callable[[Any], Any], argument: Any) -> Any:
    try:
        return function(argument)
    except Exception as error:
        return error


# -- Connectors of one's own -----------------------------------------------------------------------------------------


class Note(Request):
    def __init__(self, value: Any) -> None:
        self.value = value


class NoteConnector:
    """Writes JSON where the calls are made, as boto3's clients do."""

    requests: tuple[type[Request], ...] = (Note,)

    def __init__(self) -> None:
        self.calls: list[int] = []

    def entries(self, request: Note) -> Sequence[Entry]:
        return (Entry(Operation("notes", "Put", max_entries=10), request.value),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        self.calls.append(len(entries))
        _written([entry.payload for entry in entries])
        return [{}] * len(entries)

    def answer(self, request: Note, responses: Sequence[Any]) -> Any:
        return responses[0]

    def close(self) -> None: ...


def _written(value: Any) -> str:
    return f"[{''.join([_written(inner) for inner in value])}]" if isinstance(value, list) else str(value)


def test_an_entry_that_a_connector_cannot_write_is_found_as_one_that_is_rejected() -> None:
    connector = NoteConnector()

    def execute(uow: Any) -> Any:
        return Note(_nested(5_000) if uow.event["n"] == 3 else "x")

    rules = [{"id": "r", "flavor": task, "event_type": "e", "execute": execute, "ordered": False}]
    processor = StreamProcessor(
        rules=rules, connectors=[connector], on_fault=FaultPolicy.REPORT, raise_on_entire_batch_failure=False
    )
    event = to_sqs_records([{"id": str(n), "type": "e", "n": n} for n in range(8)])

    response = processor.process_event(event)

    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][3]["messageId"]}]}
    assert isinstance(processor.faults[0].error, RecursionError)
    assert connector.calls == [8, 4, 2, 2, 1, 1, 4]
