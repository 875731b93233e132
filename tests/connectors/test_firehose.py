from __future__ import annotations

import json
import math
from base64 import b64decode
from collections.abc import Generator, Sequence
from typing import Any

import pytest

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.call_options import RetryPolicy
from powertools_stream.connectors import Clients, Connector
from powertools_stream.connectors.firehose import MAX_RECORD_BYTES, FirehoseConnector
from powertools_stream.errors import EntryTooLargeError, RequestFailedError, SettingError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, RecordDetails
from powertools_stream.requests import PutDeliveryRecord, Request
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.connector_suite import ConnectorSuite
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws

UNAVAILABLE = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
AT_ONCE = RetryPolicy(base_delay=0.001)


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, endpoint: ScriptedEndpoint) -> None:
        self._endpoint = endpoint
        endpoint.script = lambda operation, body: _answer(body, lambda data: data == "poison")

    def connector(self) -> Connector:
        return FirehoseConnector(Clients(), delivery_stream_name="orders")

    def sample_requests(self) -> Sequence[Request]:
        return [PutDeliveryRecord({"Data": {"id": str(n)}}) for n in range(12)]

    def failing_requests(self) -> Sequence[Request]:
        return [PutDeliveryRecord({"Data": "fine"}), PutDeliveryRecord({"Data": "poison"})]

    def unproven_requests(self) -> Sequence[Request]:
        self._endpoint.script = lambda operation, body: (200, {"RequestResponses": [{}] * len(body["Records"])})
        return self.sample_requests()

    def unsendable_requests(self) -> Sequence[Request]:
        return [
            PutDeliveryRecord({}),
            PutDeliveryRecord({"Data": None}),
            PutDeliveryRecord({"Data": math.nan}),
            PutDeliveryRecord({"Data": b"x" * (MAX_RECORD_BYTES + 1)}),
            PutDeliveryRecord({"Data": "x", "PartitionKey": "1", "partition_key": "1"}),
            PutDeliveryRecord("x"),  # type: ignore[arg-type]
        ]


class Calls:
    """Notes the calls of a batch."""

    def __init__(self) -> None:
        self.seen: list[CallDetails] = []

    def on_call(self, details: CallDetails) -> None:
        self.seen.append(details)

    def on_record_failed(self, details: RecordDetails) -> None: ...


def _answer(body: dict[str, Any], fails: Any) -> Answer:
    results = [
        UNAVAILABLE if fails(b64decode(record["Data"]).decode()) else {"RecordId": str(n)}
        for n, record in enumerate(body["Records"])
    ]
    return 200, {"FailedPutCount": results.count(UNAVAILABLE), "RequestResponses": results}


def _connector(delivery_stream_name: str | None = "orders") -> FirehoseConnector:
    return FirehoseConnector(Clients(), delivery_stream_name=delivery_stream_name)


def _processor(calls: Calls) -> StreamProcessor:
    def put(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield PutDeliveryRecord({"Data": uow.event}, delivery_stream_name="orders"))

    return StreamProcessor(rules=[{"id": "put", "flavor": task, "execute": put}], observers=[calls], retry=AT_ONCE)


def _events(count: int, **fields: Any) -> dict[str, Any]:
    return to_sqs_records([{"id": str(n), "type": "e", "n": n, **fields} for n in range(count)])


# -- Entries -----------------------------------------------------------------------------------------------------------


def test_an_entry_says_what_firehose_needs() -> None:
    (entry,) = _connector().entries(PutDeliveryRecord({"Data": {"id": "1"}}))

    assert entry.payload == {"Data": b'{"id":"1"}\n'}
    operation = entry.operation
    assert (operation.service, operation.name, operation.target) == ("firehose", "PutRecordBatch", "orders")
    assert (operation.max_entries, operation.max_bytes) == (500, 4 * 2**20)
    assert (entry.size, entry.key) == (11, None)


@pytest.mark.parametrize(("data", "sent"), [("ä", "ä".encode()), (b"\xff", b"\xff"), ([1], b"[1]\n")])
def test_text_and_bytes_are_sent_as_they_are_and_all_else_as_a_line_of_json(data: Any, sent: bytes) -> None:
    (entry,) = _connector().entries(PutDeliveryRecord({"Data": data}))

    assert (entry.payload["Data"], entry.size) == (sent, len(sent))


def test_the_stream_is_that_of_the_request_then_the_connector_then_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DELIVERY_STREAM_NAME", "from-environment")
    data = {"Data": "x"}

    def stream(connector: FirehoseConnector, request: PutDeliveryRecord) -> Any:
        return connector.entries(request)[0].operation.target

    assert stream(_connector("own"), PutDeliveryRecord(data, delivery_stream_name="asked")) == "asked"
    assert stream(_connector("own"), PutDeliveryRecord({**data, "DeliveryStreamName": "named"})) == "named"
    assert stream(_connector("own"), PutDeliveryRecord(data)) == "own"
    assert stream(_connector(None), PutDeliveryRecord(data)) == "from-environment"


def test_a_missing_stream_is_a_setting_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DELIVERY_STREAM_NAME", raising=False)

    with pytest.raises(SettingError, match="DELIVERY_STREAM_NAME"):
        _connector(None).entries(PutDeliveryRecord({"Data": "x"}))


def test_a_record_over_the_limit_says_how_large_it_is() -> None:
    with pytest.raises(EntryTooLargeError, match="at most 1024000 bytes, but found one of 1024001"):
        _connector().entries(PutDeliveryRecord({"Data": "x" * 1_024_001}))


# -- Calls -------------------------------------------------------------------------------------------------------------


def test_records_that_fail_are_values_at_their_place(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: _answer(body, lambda data: data == "poison")
    connector = _connector()

    responses = connector.send(
        [connector.entries(PutDeliveryRecord({"Data": data}))[0] for data in ("a", "poison", "b")]
    )
    connector.close()

    assert responses[0] == {"RecordId": "0"}
    assert isinstance(responses[1], RequestFailedError)
    assert str(responses[1]) == "ServiceUnavailableException: Slow down."
    assert responses[2] == {"RecordId": "2"}


def test_a_thousand_records_arrive_in_two_calls(aws: Aws) -> None:
    aws.client("s3").create_bucket(Bucket="delivered", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    aws.client("firehose").create_delivery_stream(
        DeliveryStreamName="orders",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/firehose",
            "BucketARN": "arn:aws:s3:::delivered",
        },
    )
    calls = Calls()

    response = _processor(calls).process_event(_events(1_000))

    assert response == {"batchItemFailures": []}
    assert [call.entries for call in calls.seen] == [500, 500]
    s3 = aws.client("s3")
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket="delivered")["Contents"]]
    lines = [
        line for key in keys for line in s3.get_object(Bucket="delivered", Key=key)["Body"].read().decode().splitlines()
    ]
    assert sorted(json.loads(line)["n"] for line in lines) == list(range(1_000))


def test_a_stream_that_is_not_there_is_an_error_of_all(aws: Aws) -> None:
    processor = _processor(Calls())
    processor.raise_on_entire_batch_failure = False

    response = processor.process_event(_events(3))

    assert len(response["batchItemFailures"]) == 3
    assert {fault.reason.value for fault in processor.faults} == {"configuration"}


def test_calls_keep_to_the_limit_of_bytes(endpoint: ScriptedEndpoint) -> None:
    calls = Calls()

    _processor(calls).process_event(_events(9, payload="x" * 1_000_000))

    assert sorted(call.entries for call in calls.seen) == [1, 4, 4]


def test_only_the_record_that_is_too_large_fails(endpoint: ScriptedEndpoint) -> None:
    batch = _events(2)
    batch["Records"].append(
        to_sqs_records([{"body": {"payload": "x" * MAX_RECORD_BYTES}, "message_id": "m"}])["Records"][0]
    )
    processor = _processor(Calls())

    response = processor.process_event(batch)

    assert response == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert isinstance(processor.faults[0].error, EntryTooLargeError)
    assert [len(body["Records"]) for body in endpoint.bodies("PutRecordBatch")] == [2]


def test_what_was_not_taken_is_sent_again_alone(endpoint: ScriptedEndpoint) -> None:
    seen: set[str] = set()

    def refuses_every_fifth_once(operation: str, body: dict[str, Any]) -> Answer:
        def fails(data: str) -> bool:
            first = json.loads(data)["n"] % 5 == 0 and data not in seen
            seen.add(data)
            return first

        return _answer(body, fails)

    endpoint.script = refuses_every_fifth_once
    calls = Calls()

    response = _processor(calls).process_event(_events(100))

    assert response == {"batchItemFailures": []}
    assert [(call.entries, call.failed, call.attempt) for call in calls.seen] == [(100, 20, 1), (20, 0, 2)]


def test_a_call_that_is_throttled_is_repeated(endpoint: ScriptedEndpoint) -> None:
    answers = iter([(400, {"__type": "ThrottlingException", "message": "Rate exceeded"})])
    endpoint.script = lambda operation, body: next(answers, None)
    calls = Calls()

    response = _processor(calls).process_event(_events(3))

    assert response == {"batchItemFailures": []}
    assert [(call.entries, call.failed, call.attempt) for call in calls.seen] == [(3, 3, 1), (3, 0, 2)]
