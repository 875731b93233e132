from __future__ import annotations

import json
import math
import threading
from base64 import b64decode
from collections.abc import Generator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.call_options import RetryPolicy
from powertools_stream.connectors import Clients, Connector
from powertools_stream.connectors.kinesis import MAX_BYTES, KinesisConnector
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError, RequestFailedError, SettingError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, RecordDetails
from powertools_stream.requests import PutRecord, Request
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.connector_suite import ConnectorSuite
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws

ARN = "arn:aws:kinesis:eu-central-1:123456789012:stream/orders"
THROTTLED = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded for shard"}
MIB = 1024 * 1024
AT_ONCE = RetryPolicy(base_delay=0.001)


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, endpoint: ScriptedEndpoint) -> None:
        self._endpoint = endpoint
        endpoint.script = _fails_poison

    def connector(self) -> Connector:
        return KinesisConnector(Clients(), stream_name="orders")

    def sample_requests(self) -> Sequence[Request]:
        return [PutRecord({"Data": {"id": str(n)}}) for n in range(12)]

    def failing_requests(self) -> Sequence[Request]:
        return [PutRecord({"Data": "fine", "PartitionKey": "1"}), PutRecord({"Data": "poison", "PartitionKey": "2"})]

    def unproven_requests(self) -> Sequence[Request]:
        self._endpoint.script = lambda operation, body: (200, {"Records": [{"ShardId": "0"}] * len(body["Records"])})
        return self.sample_requests()

    def unsendable_requests(self) -> Sequence[Request]:
        return [
            PutRecord({}),
            PutRecord({"Data": None, "PartitionKey": "1"}),
            PutRecord({"Data": "text without a key"}),
            PutRecord({"Data": {"no": "key"}}),
            PutRecord({"Data": "x", "PartitionKey": ""}),
            PutRecord({"Data": "x", "PartitionKey": 1}),
            PutRecord({"Data": "x", "PartitionKey": "k" * 257}),
            PutRecord({"Data": {"id": "1", "n": math.nan}}),
            PutRecord({"Data": b"x" * MAX_BYTES, "PartitionKey": "1"}),
            PutRecord({"Data": "x", "PartitionKey": "1", "partition_key": "1"}),
            PutRecord("x"),  # type: ignore[arg-type]
        ]


class Calls:
    """Notes the calls of a batch."""

    def __init__(self) -> None:
        self.seen: list[CallDetails] = []

    def on_call(self, details: CallDetails) -> None:
        self.seen.append(details)

    def on_record_failed(self, details: RecordDetails) -> None: ...


def _fails_poison(operation: str, body: dict[str, Any]) -> Answer:
    return _answer(body, lambda data: data == "poison")


def _answer(body: dict[str, Any], fails: Any) -> Answer:
    records = [
        THROTTLED if fails(b64decode(record["Data"]).decode()) else {"SequenceNumber": str(n), "ShardId": "0"}
        for n, record in enumerate(body["Records"])
    ]
    return 200, {"FailedRecordCount": records.count(THROTTLED), "Records": records}


def _connector(stream_name: str | None = "orders") -> KinesisConnector:
    return KinesisConnector(Clients(), stream_name=stream_name)


def _processor(calls: Calls, *, ordered: bool = True, max_workers: int = 8) -> StreamProcessor:
    def put(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield PutRecord({"Data": uow.event}, stream_name="orders", ordered=ordered))

    rule = {"id": "put", "flavor": task, "execute": put, "ordered": False}
    return StreamProcessor(rules=[rule], observers=[calls], retry=AT_ONCE, max_workers=max_workers)


def _events(count: int, keys: int) -> list[dict[str, Any]]:
    return [{"id": str(n), "type": "e", "n": n, "partition_key": f"k-{n % keys}"} for n in range(count)]


# -- Entries -----------------------------------------------------------------------------------------------------------


def test_an_entry_says_what_kinesis_needs() -> None:
    (entry,) = _connector().entries(PutRecord({"Data": {"id": "1", "partition_key": "c-1"}}))

    assert entry.payload == {"Data": b'{"id":"1","partition_key":"c-1"}', "PartitionKey": "c-1"}
    operation = entry.operation
    assert (operation.service, operation.name, operation.target) == ("kinesis", "PutRecords", "orders")
    assert (operation.max_entries, operation.max_bytes) == (500, 10 * 2**20)
    assert entry.size == len(entry.payload["Data"]) + 3


@pytest.mark.parametrize(
    ("data", "sent"),
    [("ä", "ä".encode()), (b"\xff", b"\xff"), (bytearray(b"x"), b"x"), ([1, 2], b"[1,2]"), ({"a": {1}}, b'{"a":[1]}')],
)
def test_what_is_neither_text_nor_bytes_is_sent_as_json(data: Any, sent: bytes) -> None:
    (entry,) = _connector().entries(PutRecord({"Data": data, "PartitionKey": "ü"}))

    assert entry.payload["Data"] == sent
    assert entry.size == len(sent) + 2


@pytest.mark.parametrize(
    ("params", "key"),
    [
        ({"Data": {"id": "1", "partition_key": "c-1"}, "PartitionKey": "own"}, "own"),
        ({"Data": {"id": "1", "partition_key": "c-1"}}, "c-1"),
        ({"Data": {"id": "1", "partition_key": 7}}, "7"),
        ({"Data": {"id": "1", "partitionKey": "c-1"}}, "c-1"),
        ({"Data": {"id": "1", "partition_key": ""}}, "1"),
        ({"Data": {"id": 1}}, "1"),
    ],
)
def test_the_partition_key_is_the_given_one_then_that_of_the_event_then_its_id(params: Any, key: str) -> None:
    (entry,) = _connector().entries(PutRecord(params))

    assert entry.payload["PartitionKey"] == key
    assert entry.key == ("orders", key)


def test_a_key_of_none_is_left_to_the_stream() -> None:
    (entry,) = _connector().entries(PutRecord({"Data": {"id": "1"}, "PartitionKey": None}))

    assert entry.payload == {"Data": b'{"id":"1"}'}
    assert entry.key is None


def test_a_hash_key_is_passed_on() -> None:
    for key in ("7", 7, Decimal(7)):
        (entry,) = _connector().entries(PutRecord({"Data": "x", "PartitionKey": "1", "ExplicitHashKey": key}))

        assert entry.payload["ExplicitHashKey"] == "7"


def test_the_stream_is_that_of_the_request_then_the_connector_then_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STREAM_NAME", "from-environment")
    data = {"Data": "x", "PartitionKey": "1"}

    def stream(connector: KinesisConnector, request: PutRecord) -> Any:
        return connector.entries(request)[0].operation.target

    assert stream(_connector("own"), PutRecord(data, stream_name="asked")) == "asked"
    assert stream(_connector("own"), PutRecord({**data, "StreamARN": ARN, "StreamName": "named"})) == ARN
    assert stream(_connector("own"), PutRecord({**data, "StreamName": "named"})) == "named"
    assert stream(_connector("own"), PutRecord(data)) == "own"
    assert stream(_connector(None), PutRecord(data)) == "from-environment"


def test_a_missing_stream_is_a_setting_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STREAM_NAME", raising=False)

    with pytest.raises(SettingError, match="STREAM_NAME"):
        _connector(None).entries(PutRecord({"Data": "x", "PartitionKey": "1"}))


def test_a_record_is_as_large_as_every_stream_takes_unless_the_environment_says_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def size(data: int) -> int:
        return _connector().entries(PutRecord({"Data": b"x" * data, "PartitionKey": "c-1"}))[0].size

    assert size(MIB - 3) == MIB
    with pytest.raises(EntryTooLargeError, match="KINESIS_MAX_RECORD_SIZE sets another limit"):
        size(MIB - 2)
    monkeypatch.setenv("KINESIS_MAX_RECORD_SIZE", str(20 * MIB))
    assert size(MAX_BYTES - 3) == MAX_BYTES
    with pytest.raises(EntryTooLargeError):
        size(MAX_BYTES - 2)


def test_the_limit_of_a_record_is_read_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    connector = _connector()
    request = PutRecord({"Data": b"x" * 2_000, "PartitionKey": "c-1"})
    assert connector.entries(request)[0].size == 2_003

    monkeypatch.setenv("KINESIS_MAX_RECORD_SIZE", "2002")
    with pytest.raises(EntryTooLargeError, match=r"at most 2002 bytes.*'c-1' has 2003"):
        connector.entries(request)

    monkeypatch.setenv("KINESIS_MAX_RECORD_SIZE", "1 MB")
    with pytest.raises(SettingError, match="KINESIS_MAX_RECORD_SIZE"):
        connector.entries(request)


def test_a_record_without_a_key_says_what_to_set() -> None:
    with pytest.raises(InvalidRequestError, match="PartitionKey"):
        _connector().entries(PutRecord({"Data": "x"}))


# -- Calls -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stream", "parameter"), [("orders", "StreamName"), (ARN, "StreamARN")])
def test_a_stream_is_named_by_its_name_or_its_arn(endpoint: ScriptedEndpoint, stream: str, parameter: str) -> None:
    connector = _connector(stream)

    connector.send(connector.entries(PutRecord({"Data": "x", "PartitionKey": "1"})))
    connector.close()

    (body,) = endpoint.bodies("PutRecords")
    assert body == {"Records": [{"Data": "eA==", "PartitionKey": "1"}], parameter: stream}


def test_records_that_fail_are_values_at_their_place(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = _fails_poison
    connector = _connector()

    responses = connector.send(
        [connector.entries(PutRecord({"Data": d, "PartitionKey": "1"}))[0] for d in ("a", "poison", "b")]
    )
    connector.close()

    assert [getattr(response, "code", None) for response in responses] == [None, THROTTLED["ErrorCode"], None]
    assert isinstance(responses[1], RequestFailedError)
    assert str(responses[1]) == "ProvisionedThroughputExceededException: Rate exceeded for shard"


def test_a_thousand_records_arrive_in_two_calls(aws: Aws) -> None:
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    calls = Calls()

    # One call at a time: moto numbers records without a lock, and loses one where two calls number at once.
    response = _processor(calls, max_workers=1).process_event(to_sqs_records(_events(1_000, keys=1_000)))

    assert response == {"batchItemFailures": []}
    assert [call.entries for call in calls.seen] == [500, 500]
    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = kinesis.get_records(ShardIterator=iterator, Limit=10_000)["Records"]
    assert sorted(json.loads(record["Data"])["n"] for record in records) == list(range(1_000))
    assert {record["PartitionKey"] for record in records} == {f"k-{n}" for n in range(1_000)}


def test_a_stream_that_is_not_there_is_an_error_of_all(aws: Aws) -> None:
    calls = Calls()
    processor = _processor(calls)
    processor.raise_on_entire_batch_failure = False

    response = processor.process_event(to_sqs_records(_events(3, keys=3)))

    assert len(response["batchItemFailures"]) == 3
    assert {fault.reason.value for fault in processor.faults} == {"configuration"}
    assert [(call.entries, call.failed) for call in calls.seen] == [(3, 3)]


def test_calls_keep_to_the_limit_of_bytes(endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINESIS_MAX_RECORD_SIZE", str(MAX_BYTES))
    calls = Calls()
    events = [{**event, "payload": "x" * 3_000_000} for event in _events(4, keys=4)]

    _processor(calls).process_event(to_sqs_records(events))

    assert sorted(call.entries for call in calls.seen) == [1, 3]


def test_only_the_record_that_is_too_large_fails(endpoint: ScriptedEndpoint) -> None:
    events = _events(3, keys=3)
    events[1]["payload"] = "x" * MAX_BYTES

    processor = _processor(Calls())
    response = processor.process_event(to_sqs_records(events))

    assert len(response["batchItemFailures"]) == 1
    assert isinstance(processor.faults[0].error, EntryTooLargeError)
    assert [len(body["Records"]) for body in endpoint.bodies("PutRecords")] == [2]


def test_what_was_throttled_is_sent_again_alone(endpoint: ScriptedEndpoint) -> None:
    failed: set[str] = set()

    def throttles_every_fifth_once(operation: str, body: dict[str, Any]) -> Answer:
        def fails(data: str) -> bool:
            first = json.loads(data)["n"] % 5 == 0 and data not in failed
            failed.add(data)
            return first

        return _answer(body, fails)

    endpoint.script = throttles_every_fifth_once
    calls = Calls()

    response = _processor(calls).process_event(to_sqs_records(_events(100, keys=100)))

    assert response == {"batchItemFailures": []}
    assert [(call.entries, call.failed, call.attempt) for call in calls.seen] == [(100, 20, 1), (20, 0, 2)]


# -- Order -------------------------------------------------------------------------------------------------------------


def test_records_of_a_key_stay_in_order_though_some_are_sent_again(endpoint: ScriptedEndpoint) -> None:
    stream: dict[str, list[int]] = {}
    refused: set[int] = set()
    lock = threading.Lock()

    def throttles_every_third_once(operation: str, body: dict[str, Any]) -> Answer:
        def fails(data: str) -> bool:
            event = json.loads(data)
            if event["n"] % 3 == 0 and event["n"] not in refused:
                refused.add(event["n"])
                return True
            stream.setdefault(event["partition_key"], []).append(event["n"])
            return False

        with lock:
            return _answer(body, fails)

    endpoint.script = throttles_every_third_once

    response = _processor(Calls()).process_event(to_sqs_records(_events(60, keys=10)))

    assert response == {"batchItemFailures": []}
    assert sum(map(len, stream.values())) == 60
    assert all(numbers == sorted(numbers) for numbers in stream.values())
    for body in endpoint.bodies("PutRecords"):
        keys = [record["PartitionKey"] for record in body["Records"]]
        assert len(set(keys)) == len(keys)


def test_unordered_records_of_one_key_share_a_call(endpoint: ScriptedEndpoint) -> None:
    calls = Calls()

    _processor(calls, ordered=False).process_event(to_sqs_records(_events(600, keys=2)))

    assert sorted(call.entries for call in calls.seen) == [100, 500]
