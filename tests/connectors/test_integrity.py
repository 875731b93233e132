"""Responses that break off, are damaged or are none of the service: never believed, and never the record's fault."""

from __future__ import annotations

import json
import warnings
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any

import boto3
import botocore
import pytest
from botocore.exceptions import ChecksumError, IncompleteReadError, ResponseStreamingError
from botocore.parsers import ResponseParserError

from powertools_stream import FaultPolicy, RetryPolicy, StreamProcessor, UnitOfWork
from powertools_stream.classification import classify, is_invalid_request
from powertools_stream.connectors import Clients
from powertools_stream.connectors.registry import ConnectorRegistry
from powertools_stream.errors import InvalidRequestError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, Reason, RecordDetails
from powertools_stream.requests import (
    CopyObject,
    CreateSchedule,
    DeleteEventSourceMapping,
    DeleteItem,
    DeleteObject,
    GetItems,
    GetObject,
    GetObjectLines,
    GetParameter,
    GetSecret,
    HeadObject,
    InvokeFunction,
    ListEventSourceMappings,
    ListObjects,
    PublishMessage,
    PutDeliveryRecord,
    PutEvent,
    PutItem,
    PutMetricData,
    PutObject,
    PutRecord,
    Query,
    Request,
    Scan,
    SendMessage,
    UpdateEventSourceMapping,
    UpdateItem,
)
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.endpoint import Answer, BrokenOff, ScriptedEndpoint

ARN = "arn:aws:sns:eu-central-1:123456789012:orders"
QUEUE = "http://sqs/123456789012/orders"
HTML = "<html><body>502 Bad Gateway</body></html>"
KEY = {"pk": {"S": "1"}}

Body = dict[str, Any] | str

# boto3 speaks JSON with CloudWatch from 1.42.7 on.
IS_OLD = tuple(map(int, botocore.__version__.split(".")[:3])) < (1, 42, 7)
METRIC_TAKEN: Body = "<PutMetricDataResponse><ResponseMetadata/></PutMetricDataResponse>" if IS_OLD else {}


def _in_result(operation: str, content: str) -> str:
    """Return an answer of SNS."""
    return f"<{operation}Response><{operation}Result>{content}</{operation}Result></{operation}Response>"


# Of each request a whole answer.
ANSWERS: dict[str, tuple[Request, Body]] = {
    "PutEvents": (PutEvent({"type": "x"}, bus_name="bus"), {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}),
    "BatchWriteItem": (PutItem({"Item": {"pk": "1"}}), {"UnprocessedItems": {}}),
    "DeleteItem": (DeleteItem({"Key": {"pk": "1"}, "ConditionExpression": "a"}), {"Attributes": KEY}),
    "UpdateItem": (UpdateItem({"Key": {"pk": "1"}}), {"Attributes": KEY}),
    "BatchGetItem": (GetItems({"Keys": [{"pk": "1"}]}), {"Responses": {"table": [KEY]}, "UnprocessedKeys": {}}),
    "Query": (Query({"KeyConditionExpression": "a"}), {"Items": [KEY], "Count": 1}),
    "Scan": (Scan({}, page=True), {"Items": [KEY], "Count": 1}),
    "SendMessageBatch": (
        SendMessage({"MessageBody": "x"}, queue_url=QUEUE),
        {"Successful": [{"Id": "0", "MessageId": "1"}]},
    ),
    "PublishBatch": (
        PublishMessage({"Message": "x"}, topic_arn=ARN),
        _in_result("PublishBatch", "<Successful><member><Id>0</Id><MessageId>1</MessageId></member></Successful>"),
    ),
    "Publish": (
        PublishMessage({"Message": "x", "PhoneNumber": "+49"}),
        _in_result("Publish", "<MessageId>1</MessageId>"),
    ),
    "PutRecords": (
        PutRecord({"Data": "x", "PartitionKey": "1"}, stream_name="s"),
        {"Records": [{"SequenceNumber": "1", "ShardId": "0"}]},
    ),
    "PutRecordBatch": (
        PutDeliveryRecord({"Data": "x"}, delivery_stream_name="s"),
        {"RequestResponses": [{"RecordId": "1"}]},
    ),
    "CreateSchedule": (
        CreateSchedule(
            {
                "Name": "s",
                "ScheduleExpression": "rate(1 day)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": "a", "RoleArn": "r"},
            }
        ),
        {"ScheduleArn": "arn"},
    ),
    "PutMetricData": (PutMetricData({"MetricName": "m", "Value": 1}, namespace="n"), METRIC_TAKEN),
    "GetParameter": (GetParameter("p", max_age=0), {"Parameter": {"Value": "x"}}),
    "GetSecret": (GetSecret("p", max_age=0), {"SecretString": "x"}),
    "ListMappings": (ListEventSourceMappings({}), {"EventSourceMappings": []}),
    "UpdateMapping": (UpdateEventSourceMapping({"UUID": "u"}), {"UUID": "u"}),
    "DeleteMapping": (DeleteEventSourceMapping({"UUID": "u"}), {"UUID": "u"}),
    "ListObjectsV2": (
        ListObjects(),
        "<ListBucketResult><Contents><Key>a</Key></Contents><IsTruncated>false</IsTruncated></ListBucketResult>",
    ),
    "CopyObject": (
        CopyObject({"Key": "a", "CopySource": {"Key": "b"}}),
        "<CopyObjectResult><ETag>1</ETag></CopyObjectResult>",
    ),
    "DeleteObjects": (DeleteObject({"Key": "a"}), "<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>"),
    "PutObject": (PutObject({"Key": "a", "Body": "b"}), "<ok></ok>"),
}
# What is streamed has a body of any form.
STREAMED: dict[str, tuple[Request, Body]] = {
    "Invoke": (InvokeFunction({"FunctionName": "f"}), {"done": True}),
    "GetObject": (GetObject({"Key": "a"}), "one\ntwo\nthree"),
    "GetObjectLines": (GetObjectLines({"Key": "a"}), "one\ntwo\nthree"),
}


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTITY_TABLE_NAME", "table")
    monkeypatch.setenv("BUCKET_NAME", "bucket")


@pytest.fixture(scope="module")
def session() -> Any:
    """Give one session to all tests: a new one reads all descriptions of services again, a tenth of a second."""
    return boto3.Session()


@pytest.fixture
def asked(session: Any) -> Iterator[Callable[[Request], Any]]:
    """Give what carries one request out and returns its answer, or the error."""
    connectors = ConnectorRegistry(Clients(session))
    yield partial(_asked, connectors)
    connectors.close()


def _asked(connectors: ConnectorRegistry, request: Request) -> Any:
    connector = connectors.connector_for(type(request))
    try:
        (response,) = connector.send(connector.entries(request))
        if isinstance(response, BaseException):
            return response
        answer = connector.answer(request, [response])
        return list(answer) if isinstance(request, GetObjectLines) else answer
    except Exception as error:
        return error


def _status_of(request: Request) -> int:
    return 202 if isinstance(request, DeleteEventSourceMapping | UpdateEventSourceMapping) else 200


def _content(body: Body) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _assert_passing(answer: Any) -> None:
    assert isinstance(answer, Exception), f"believed: {answer!r}"
    assert classify(answer) is Reason.RETRYABLE, repr(answer)
    assert not is_invalid_request(answer)


# -- A body shorter than was announced ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*ANSWERS, *STREAMED])
def test_a_whole_answer_is_believed(name: str, endpoint: ScriptedEndpoint, asked: Callable[[Request], Any]) -> None:
    request, body = {**ANSWERS, **STREAMED}[name]
    endpoint.script = lambda operation, _: (_status_of(request), body)

    assert not isinstance(asked(request), Exception)


@pytest.mark.parametrize("name", [*ANSWERS, *STREAMED])
def test_an_answer_that_breaks_off_is_a_passing_error(
    name: str, endpoint: ScriptedEndpoint, asked: Callable[[Request], Any]
) -> None:
    request, body = {**ANSWERS, **STREAMED}[name]

    for sent in (0, None, len(_content(body)) - 1):
        endpoint.script = lambda operation, _, sent=sent: BrokenOff(body, sent, _status_of(request))
        _assert_passing(asked(request))


@pytest.mark.parametrize("name", [*ANSWERS, *STREAMED])
def test_an_error_that_breaks_off_is_not_taken_for_another(
    name: str, endpoint: ScriptedEndpoint, asked: Callable[[Request], Any]
) -> None:
    endpoint.script = lambda operation, _: BrokenOff({"__type": "ValidationException", "message": "no"}, 20, 400)

    _assert_passing(asked({**ANSWERS, **STREAMED}[name][0]))


def test_the_lines_before_an_object_breaks_off_are_whole(endpoint: ScriptedEndpoint) -> None:
    text = "".join(f"line {n}\n" for n in range(50_000))
    endpoint.script = lambda operation, body: BrokenOff(text, 300_003)
    connector = ConnectorRegistry(Clients()).connector_for(GetObjectLines)
    request = GetObjectLines({"Key": "a"})
    lines = connector.answer(request, connector.send(connector.entries(request)))
    found: list[str] = []

    for _ in ("first", "again"):
        # Older versions of boto3 pass on what urllib3 says.
        with pytest.raises((IncompleteReadError, ResponseStreamingError)) as raised:
            found.extend(lines)
    lines.close()
    connector.close()

    assert found == text.splitlines()[: len(found)]
    assert len(found) > 10_000
    assert classify(raised.value) is Reason.RETRYABLE


def test_what_has_no_content_has_no_length_to_keep_to(
    endpoint: ScriptedEndpoint, asked: Callable[[Request], Any]
) -> None:
    endpoint.script = lambda operation, body: (200, "x" * 100)
    assert asked(HeadObject({"Key": "a"}))["ContentLength"] == 100

    endpoint.script = lambda operation, body: (204, "", {"Content-Length": "7"})
    assert asked(DeleteObject({"Key": "a", "IfMatch": "1"}))["ResponseMetadata"]["HTTPStatusCode"] == 204


# -- DynamoDB's checksum ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["BatchWriteItem", "DeleteItem", "UpdateItem", "BatchGetItem", "Query", "Scan"])
def test_an_answer_that_is_not_what_dynamodb_sent_is_a_passing_error(
    name: str, endpoint: ScriptedEndpoint, asked: Callable[[Request], Any]
) -> None:
    request, body = ANSWERS[name]
    right = str(zlib.crc32(_content(body)))
    endpoint.script = lambda operation, _: (200, body, {"x-amz-crc32": right})
    assert not isinstance(asked(request), Exception)

    for wrong in ("1", "no number", ""):
        endpoint.script = lambda operation, _, wrong=wrong: (200, body, {"x-amz-crc32": wrong})
        error = asked(request)
        _assert_passing(error)
        assert isinstance(error, ChecksumError | ResponseParserError)  # older versions read the checksum first


# -- Garbage ---------------------------------------------------------------------------------------------------------

GARBAGE = (HTML, f"\n <!DOCTYPE html>{HTML}", "<html><br>", "Service unavailable", '{"a": [{"b')
NO_OBJECTS = ("[]", '"x"', "5", "null", "[" * 100_000, "")
IN_JSON = [name for name, (_, body) in ANSWERS.items() if body and isinstance(body, dict)]


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_no_answer_of_the_service_is_a_passing_error(
    name: str, endpoint: ScriptedEndpoint, asked: Callable[[Request], Any]
) -> None:
    request, _ = ANSWERS[name]

    for text in (*GARBAGE, *(NO_OBJECTS if name in IN_JSON else ())):
        answer = (_status_of(request), text, {"ETag": ""})  # S3's proof of a put, which the endpoint would give
        endpoint.script = lambda operation, body, answer=answer: answer
        _assert_passing(asked(request))


# Whatever the service's model has, it is of another type here.
WRONG_TYPES: tuple[Any, ...] = (
    *(5, True, "text", ["text"], [5], [None], [[]], {"text": 5}, {"text": ["text"]}),
    [{"a": {"L": 5}}],
)
TEXTS = ("ScheduleArn", "UUID", "SecretString")


@pytest.mark.parametrize("name", IN_JSON)
def test_a_part_of_another_type_is_a_passing_error(
    name: str, endpoint: ScriptedEndpoint, asked: Callable[[Request], Any]
) -> None:
    request, body = ANSWERS[name]
    assert isinstance(body, dict)
    parts = [part for part in body if not part.endswith("Count")]  # a count proves nothing

    for part, wrong in product(parts, WRONG_TYPES):
        answer = (_status_of(request), {**body, part: wrong})
        endpoint.script = lambda operation, _, answer=answer: answer
        if part in TEXTS and wrong == "text":
            assert not isinstance(asked(request), Exception)
        else:
            _assert_passing(asked(request))


# -- What becomes of the record --------------------------------------------------------------------------------------


class _Calls:
    def __init__(self) -> None:
        self.failed: list[tuple[int, int]] = []

    def on_call(self, details: CallDetails) -> None:
        if details.operation != "PutEvents" or details.failed:
            self.failed.append((details.attempt, details.failed))

    def on_record_failed(self, details: RecordDetails) -> None: ...


def _processor(request: Request, calls: _Calls, **options: Any) -> StreamProcessor:
    def execute(uow: UnitOfWork) -> Generator[Request, Any, Any]:
        answer = yield request
        return list(answer) if isinstance(request, GetObjectLines) else answer

    return StreamProcessor(
        rules=[{"id": "r", "flavor": task, "event_type": "e", "execute": execute}],
        observers=[calls],
        on_fault=FaultPolicy.PUBLISH,
        fault_bus_name="faults",
        raise_on_entire_batch_failure=False,
        **options,
    )


def _event() -> dict[str, Any]:
    return to_sqs_records([{"id": "1", "type": "e"}])


@pytest.mark.parametrize("name", [*ANSWERS, "Invoke", "GetObject"])
def test_a_call_whose_answer_breaks_off_is_made_again(name: str, endpoint: ScriptedEndpoint, session: Any) -> None:
    request, body = {**ANSWERS, **STREAMED}[name]
    endpoint.script = lambda operation, _: (
        BrokenOff(body, status=_status_of(request)) if endpoint.count() == 1 else (_status_of(request), body)
    )
    calls = _Calls()
    processor = _processor(request, calls, retry=RetryPolicy(base_delay=0.001), boto3_session=session)

    response = processor.process_event(_event())

    assert response == {"batchItemFailures": []}
    assert calls.failed[0] == (1, 1)
    assert endpoint.count() == 2
    assert not isinstance(processor.results[0].uow["result"], Exception)


@pytest.mark.parametrize("name", [*ANSWERS, *STREAMED])
def test_a_healthy_record_is_never_set_aside_for_a_broken_answer(
    name: str, endpoint: ScriptedEndpoint, session: Any
) -> None:
    request, body = {**ANSWERS, **STREAMED}[name]
    processor = _processor(request, _Calls(), retry=RetryPolicy(1, base_delay=0), boto3_session=session)
    answers: list[Answer] = [BrokenOff(body, status=_status_of(request))]
    if name in ANSWERS:  # what is streamed may be anything
        answers += [(200, HTML, {"ETag": ""}), (200, '{"Successful": [{"Id": "0", "Mess', {"ETag": ""})]

    for answer in answers:
        endpoint.script = lambda operation, body, answer=answer: None if "faults" in str(body) else answer
        response = processor.process_event(_event())
        assert len(response["batchItemFailures"]) == 1
        assert [fault.reason for fault in processor.faults] == [Reason.RETRYABLE]


# -- Beside botocore's own ways ----------------------------------------------------------------------------------------


def test_a_parameter_that_cannot_be_sent_stays_the_requests_own_fault(
    endpoint: ScriptedEndpoint, asked: Callable[[Request], Any]
) -> None:
    """The same kinds of errors come from what writes a request, but then nothing has been answered."""
    odd: Any = {"Key": "a", "Body": "b", "Metadata": {"a": 5}}
    assert not isinstance(asked(PutObject({"Key": "a"})), Exception), "a response before it, on the same thread"

    error = asked(PutObject(odd))

    assert isinstance(error, InvalidRequestError)
    assert isinstance(error.__cause__, AttributeError)
    assert classify(error) is Reason.FAULT
    assert endpoint.count() == 1


def test_botocores_own_attempts_see_a_damaged_answer_first(endpoint: ScriptedEndpoint) -> None:
    from botocore.config import Config

    whole = {"Items": [KEY], "Count": 1}
    endpoint.script = lambda operation, body: (200, whole, {"x-amz-crc32": "1"} if endpoint.count() == 1 else {})
    client = Clients(config=Config(retries={"total_max_attempts": 2, "mode": "standard"})).client("dynamodb")

    assert client.query(TableName="table")["Items"] == [KEY]
    assert endpoint.count() == 2


def test_a_stubbed_client_is_believed() -> None:
    from botocore.stub import Stubber

    client = Clients().client("dynamodb")

    with Stubber(client) as stubber:
        stubber.add_response("query", {})
        assert "Items" not in client.query(TableName="table")


def test_a_mocked_aws_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from moto import mock_aws

        with mock_aws():
            s3 = Clients().client("s3")
            s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
            Clients().client("dynamodb").create_table(
                TableName="table",
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
            wanted: Sequence[Request] = (
                PutObject({"Key": "a", "Body": "b"}),
                GetObject({"Key": "a"}),
                HeadObject({"Key": "a"}),
                CopyObject({"Key": "b", "CopySource": {"Key": "a"}}),
                ListObjects(),
                DeleteObject({"Key": "a"}),
                PutItem({"Item": {"pk": "1"}}),
                UpdateItem(
                    {"Key": {"pk": "1"}, "UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": 1}}
                ),
                GetItems({"Keys": [{"pk": "2"}]}),
                Scan({}),
            )
            connectors = ConnectorRegistry(Clients())
            answers = [_asked(connectors, request) for request in wanted]

    assert [answer for answer in answers if isinstance(answer, Exception)] == []
