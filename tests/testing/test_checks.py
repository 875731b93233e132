"""What a request fails with in `run` is what it fails with on its way to AWS."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from powertools_stream import FaultPolicy, StreamProcessor
from powertools_stream.connectors import Clients, Entry, HttpConnector, Operation, ServiceConnector
from powertools_stream.connectors.offline import NotSentError, OfflineClients
from powertools_stream.connectors.s3 import S3Connector
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError, SettingError
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import collect, materialize, task
from powertools_stream.outcomes import Fault, Reason
from powertools_stream.payloads.claim_checks import ClaimChecks
from powertools_stream.requests import (
    CopyObject,
    CreateEventSourceMapping,
    CreateSchedule,
    DeleteItem,
    DeleteObject,
    DeleteSchedule,
    GetItems,
    GetObject,
    GetObjectLines,
    GetParameter,
    GetSecret,
    HeadObject,
    HttpRequest,
    IndexDocument,
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
    UpdateItem,
)
from powertools_stream.testing import FakeConnector, Outcome, ScriptedEndpoint, run, to_sqs_records
from powertools_stream.testing.endpoint import Answer

QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:orders"
KEY = {"Key": {"pk": "1"}}
EVENT = to_sqs_records([{"id": "1", "type": "t", "timestamp": 1_767_225_600_000, "partition_key": "p"}])
TARGET = {"Arn": "arn:aws:lambda:eu-central-1:123456789012:function:f", "RoleArn": "arn:aws:iam::123456789012:role/r"}
SCHEDULE = {
    "Name": "nightly",
    "ScheduleExpression": "rate(1 day)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": TARGET,
}
LARGE = "x" * 1_200_000

# What the connectors refuse before there is a call.
REFUSED: dict[str, Request] = {
    "an event without a type": PutEvent({"id": "1"}),
    "an event with a NaN": PutEvent({"id": "1", "type": "t", "total": float("nan")}),
    "an event with a number as a resource": PutEvent({"id": "1", "type": "t"}, resources=(5,)),  # type: ignore[arg-type]
    "an event too large": PutEvent({"id": "1", "type": "t", "text": LARGE}),
    "an item that DynamoDB cannot hold": PutItem({"Item": {"pk": "1", "n": float("inf")}}, table_name="orders"),
    "an update without a key": UpdateItem({"UpdateExpression": "SET a = b"}, table_name="orders"),
    "a condition on a timestamp that the item lacks": UpdateItem(
        {**KEY, **update_expression({"status": "PAID"}), **timestamp_condition()}, table_name="orders"
    ),
    "a query with a value that is not given": Query({"KeyConditionExpression": "pk = :pk"}, table_name="orders"),
    "an object without a key": PutObject({"Body": "x"}, bucket_name="orders"),
    "a message too large": SendMessage({"MessageBody": LARGE}, queue_url=QUEUE),
    "a message with an unknown parameter": SendMessage({"MessageBody": "x", "Delay": 5}, queue_url=QUEUE),
    "a FIFO message without a group": SendMessage({"MessageBody": "x"}, queue_url=f"{QUEUE}.fifo"),
    "a notification too large": PublishMessage({"Message": LARGE}, topic_arn=TOPIC),
    "a notification with an unknown parameter": PublishMessage({"Message": "x", "Title": "x"}, topic_arn=TOPIC),
    "a stream record without a partition key": PutRecord({"Data": "x"}, stream_name="orders"),
    "a stream record too large": PutRecord({"Data": LARGE, "PartitionKey": "p"}, stream_name="orders"),
    "a delivery record without data": PutDeliveryRecord({}, delivery_stream_name="orders"),
    "a delivery record too large": PutDeliveryRecord({"Data": LARGE}, delivery_stream_name="orders"),
    "an invocation of nothing": InvokeFunction({"FunctionNam": "f"}),
    "an invocation too large": InvokeFunction({"FunctionName": "f", "InvocationType": "Event", "Payload": LARGE}),
    "a schedule without a target": CreateSchedule({"Name": "nightly"}),
    "a metric without a value": PutMetricData({"MetricName": "Orders"}, namespace="orders"),
    "a parameter without a name": GetParameter(""),
    "a document without an index": IndexDocument({"id": "1", "body": {}}, domain_host="search.example.com"),
    "an address of no host": HttpRequest({"url": "ftp://example.com"}),
}

# What nothing names.
NAMELESS: dict[str, Request] = {
    "bus": PutEvent({"id": "1", "type": "t"}),
    "table of an update": UpdateItem({**KEY, **update_expression({"a": 1})}),
    "table of a put": PutItem({"Item": {"pk": "1"}}),
    "table of a get": GetItems({"Keys": [{"pk": "1"}]}),
    "table of a query": Query({"KeyConditionExpression": "a = b"}),
    "bucket": PutObject({"Key": "k"}),
    "bucket of a read": GetObject({"Key": "k"}),
    "queue": SendMessage({"MessageBody": "x"}),
    "topic": PublishMessage({"Message": "x"}),
    "stream": PutRecord({"Data": "x", "PartitionKey": "p"}),
    "delivery stream": PutDeliveryRecord({"Data": "x"}),
    "namespace": PutMetricData({"MetricName": "Orders", "Value": 1}),
    "domain": IndexDocument({"index": "orders", "id": "1", "body": {}}),
}

# What boto3's client cannot write: a parameter that the operation does not have, or whose value has another shape.
UNWRITABLE: dict[str, Request] = {
    "update": UpdateItem({**KEY, "UpdateExpresion": "SET a = b"}, table_name="orders"),
    "conditional put": PutItem({"Item": {"pk": "1"}, "ConditionExpresion": "a = b"}, table_name="orders"),
    "conditional delete": DeleteItem({**KEY, "ConditionExpresion": "a = b"}, table_name="orders"),
    "get": GetItems({"Keys": [{"pk": "1"}], "Consistent": True}, table_name="orders"),
    "query": Query({"KeyCondition": "a = b"}, table_name="orders"),
    "scan": Scan({"Filter": "a = b"}, table_name="orders"),
    "put object": PutObject({"Key": "k", "Content": "x"}, bucket_name="orders"),
    "put object with numbers as metadata": PutObject({"Key": "k", "Metadata": {"n": 1}}, bucket_name="orders"),
    "get object": GetObject({"Key": "k", "Ranges": "x"}, bucket_name="orders"),
    "get lines": GetObjectLines({"Key": "k", "Ranges": "x"}, bucket_name="orders"),
    "head object": HeadObject({"Key": "k", "Ranges": "x"}, bucket_name="orders"),
    "copy object": CopyObject({"Key": "k", "Source": "orders/k"}, bucket_name="orders"),
    "delete object": DeleteObject({"Key": "k", "Version": "1"}, bucket_name="orders"),
    "list objects": ListObjects({"Prefixes": "x"}, bucket_name="orders"),
    "invocation": InvokeFunction({"FunctionName": "f", "InvocationTyp": "Event"}),
    "mappings": ListEventSourceMappings({"Function": "f"}),
    "new mapping": CreateEventSourceMapping({"FunctionName": "f", "EventSource": "arn"}),
    "schedule": CreateSchedule({**SCHEDULE, "Timezone": "UTC"}),
    "schedule with a window that is text": CreateSchedule({**SCHEDULE, "FlexibleTimeWindow": "OFF"}),
    "deletion of a schedule": DeleteSchedule({"Name": "nightly", "Group": "g"}),
}

# What boto3's client writes, and the service refuses.
WRONG_TYPES: dict[str, Request] = {
    "update": UpdateItem({**KEY, "UpdateExpression": 5}, table_name="orders"),
    "put": PutItem({"Item": {"pk": "1"}, "ReturnValues": 5}, table_name="orders"),
    "get": GetItems({"Keys": [{"pk": "1"}], "ConsistentRead": "yes"}, table_name="orders"),
    "query": Query({"KeyConditionExpression": "a = b", "Limit": "5"}, table_name="orders"),
    "scan": Scan({"Segment": "0"}, table_name="orders"),
    "message": SendMessage({"MessageBody": "x", "DelaySeconds": "5"}, queue_url=QUEUE),
    "schedule": CreateSchedule({**SCHEDULE, "Description": 5}),
    "new mapping": CreateEventSourceMapping({"FunctionName": "f", "BatchSize": "10"}),
}

FINE: list[Request] = [
    PutEvent({"id": "1", "type": "t"}, resources=(TOPIC,)),
    UpdateItem({**KEY, **update_expression({"timestamp": 1}), **timestamp_condition()}, table_name="orders"),
    PutItem({"Item": {"pk": "1", "n": 1.5, "tags": {"a"}}}, table_name="orders"),
    GetItems({"Keys": [{"pk": str(n)} for n in range(250)]}, table_name="orders"),
    Query({"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": "1"}}, table_name="orders"),
    PutObject({"Key": "k", "Body": {"a": 1}, "ContentType": "application/json"}, bucket_name="orders"),
    CopyObject({"Key": "k", "CopySource": {"Bucket": "orders", "Key": "k"}}, bucket_name="orders"),
    DeleteObject({"Key": "k"}, bucket_name="orders"),
    ListObjects({"Prefix": "k"}, bucket_name="orders"),
    SendMessage({"MessageBody": {"a": 1}, "MessageAttributes": {"n": 5}, "DelaySeconds": 5}, queue_url=QUEUE),
    PublishMessage({"Message": {"a": 1}, "Subject": "s"}, topic_arn=TOPIC),
    PutRecord({"Data": {"a": 1}, "PartitionKey": "p"}, stream_name="orders"),
    PutDeliveryRecord({"Data": {"a": 1}}, delivery_stream_name="orders"),
    InvokeFunction({"FunctionName": "f", "InvocationType": "Event", "Payload": {"a": 1}}),
    CreateSchedule(SCHEDULE),
    PutMetricData({"MetricName": "Orders", "Value": 1, "Timestamp": 1_767_225_600_000}, namespace="orders"),
    GetParameter("/orders/limit"),
    GetSecret("orders"),
    IndexDocument({"index": "orders", "id": "1", "body": {}}, domain_host="search.example.com"),
    HttpRequest({"url": "https://example.com"}),
]


def _asking(request: Request) -> list[dict[str, Any]]:
    def execute(uow: Any) -> Generator[Any, Any, Any]:
        return (yield request)

    return [{"id": "ask", "flavor": task, "execute": execute, "on_fault": FaultPolicy.PUBLISH}]


def _with_aws(request: Request, **options: Any) -> tuple[Fault, Any]:
    processor = StreamProcessor(rules=_asking(request), raise_on_entire_batch_failure=False, **options)
    response = processor.process_event(EVENT)
    (fault,) = processor.faults
    return fault, response


def _without(request: Request, **options: Any) -> tuple[Fault, Any]:
    outcome = run(_asking(request), EVENT, **options)
    (fault,) = outcome.faults
    return fault, outcome.response


def _consequences(fault: Fault) -> tuple[Any, ...]:
    """Return what the test of a rule can see of a failure."""
    # Each client has its own classes of its errors.
    return (
        type(fault.error).__qualname__,
        fault.reason,
        fault.disposition,
        fault.published,
        fault.event and fault.event["id"],
    )


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no credentials and no Region; `endpoint` says where AWS is."""
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.delenv("AWS_PROFILE")


def _refuses(operation: str, body: dict[str, Any]) -> Answer | None:
    """Answer as AWS does to a parameter of another type, but take fault events."""
    if operation == "PutEvents" and "fault" in {entry["DetailType"] for entry in body["Entries"]}:
        return None
    message = "Invalid type for parameter"
    return 400, {"__type": "ValidationException", "message": message}, {"x-amzn-errortype": "ValidationException"}


@pytest.mark.parametrize("request_", [*REFUSED.values()], ids=[*REFUSED])
def test_what_a_connector_refuses_is_refused_without_aws(endpoint: ScriptedEndpoint, request_: Request) -> None:
    real, real_response = _with_aws(request_, bus_name="bus")
    fault, response = _without(request_, bus_name="bus")

    assert _consequences(fault) == _consequences(real)
    assert str(fault.error) == str(real.error)
    assert response == real_response
    assert isinstance(fault.error, InvalidRequestError | EntryTooLargeError | ValueError)
    assert fault.reason is Reason.FAULT


@pytest.mark.parametrize("request_", [*NAMELESS.values()], ids=[*NAMELESS])
def test_a_name_that_is_missing_is_missing_without_aws(endpoint: ScriptedEndpoint, request_: Request) -> None:
    real, real_response = _with_aws(request_, fault_bus_name="faults")
    fault, response = _without(request_, bus_name=None, fault_bus_name="faults")

    assert _consequences(fault) == _consequences(real)
    assert str(fault.error) == str(real.error)
    assert response == real_response
    assert isinstance(fault.error, SettingError)
    assert fault.reason is Reason.CONFIGURATION


@pytest.mark.parametrize("request_", [*UNWRITABLE.values()], ids=[*UNWRITABLE])
def test_what_cannot_be_written_into_a_call_fails_without_aws(endpoint: ScriptedEndpoint, request_: Request) -> None:
    real, real_response = _with_aws(request_, bus_name="bus")
    fault, response = _without(request_, bus_name="bus")

    assert _consequences(fault) == _consequences(real)
    assert str(fault.error) == str(real.error)
    assert response == real_response
    assert isinstance(fault.error, InvalidRequestError)


@pytest.mark.parametrize("request_", [*WRONG_TYPES.values()], ids=[*WRONG_TYPES])
def test_what_the_services_model_forbids_is_refused_as_by_the_service(
    endpoint: ScriptedEndpoint, request_: Request
) -> None:
    endpoint.script = _refuses

    real, real_response = _with_aws(request_, bus_name="bus")
    fault, response = _without(request_, bus_name="bus")

    assert _consequences(fault) == _consequences(real)
    assert response == real_response
    assert "Invalid type for parameter" in str(fault.error)


@pytest.mark.parametrize("request_", FINE, ids=lambda request: type(request).__name__)
def test_what_is_fine_is_answered(request_: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_PROFILE", "missing")

    outcome = run(_asking(request_), EVENT)

    assert outcome.faults == []
    assert outcome.requests == [request_]


def test_flavors_that_make_their_requests_themselves_are_checked_too() -> None:
    rules = [
        {"id": "view", "flavor": materialize, "to_update_request": lambda uow: {**KEY, **update_expression({"a": 1})}},
        {"id": "events", "flavor": collect},
    ]

    outcome = run(rules, EVENT)

    assert [type(fault.error) for fault in outcome.faults] == [SettingError, SettingError]


def test_a_name_from_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_URL", QUEUE)

    assert run(_asking(SendMessage({"MessageBody": "x"})), EVENT).faults == []


def test_an_answer_of_the_tests_own_stands_in_for_a_name_but_not_for_the_other_checks() -> None:
    query = Query({"KeyConditionExpression": "a = b"})
    misspelled = Query({"KeyCondition": "a = b"})

    answered = run(_asking(query), EVENT, responses={Query: [{"pk": "1"}]})
    refused = run(_asking(misspelled), EVENT, responses={Query: [{"pk": "1"}]})
    silent = run(_asking(query), EVENT, responses=lambda request: NotImplemented)

    assert answered.results[0].uow["result"] == [{"pk": "1"}]
    assert isinstance(refused.faults[0].error, InvalidRequestError)
    assert isinstance(silent.faults[0].error, SettingError)


def test_an_invalid_entry_is_refused_alone() -> None:
    def execute(uow: Any) -> Generator[Any, Any, Any]:
        delay: Any = 5 if uow.event["id"] == "1" else "5"
        return (yield SendMessage({"MessageBody": "x", "DelaySeconds": delay}, queue_url=QUEUE))

    outcome = run([{"id": "send", "flavor": task, "execute": execute}], to_sqs_records([{"id": "1"}, {"id": "2"}]))

    assert [fault.record_id for fault in outcome.faults] == [
        failure["itemIdentifier"] for failure in outcome.response["batchItemFailures"]
    ]
    assert len(outcome.results) == 1


def test_a_fake_that_is_passed_to_a_processor_checks_too() -> None:
    fake = FakeConnector()
    processor = StreamProcessor(
        rules=_asking(PutEvent({"id": "1"})), connectors=[fake], raise_on_entire_batch_failure=False
    )
    processor.process_event(EVENT)

    assert isinstance(processor.faults[0].error, InvalidRequestError)


def test_an_event_too_large_for_the_bus_is_left_at_s3() -> None:
    checks = ClaimChecks({"checks": "123456789012"}, "checks")

    outcome = run(_asking(PutEvent({"id": "1", "type": "t", "text": LARGE})), EVENT, claim_checks=checks)

    assert outcome.faults == []
    assert [type(request) for request in outcome.requests] == [PutObject, PutEvent]
    assert outcome.events[0]["s3"]["bucket"] == "checks"


# -- Connectors of one's own -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Detect(Request):
    text: Any

    def sample_answer(self, n: int) -> Any:
        return "en"


class Comprehend(ServiceConnector):
    """Would ask Comprehend."""

    requests = (Detect,)

    def entries(self, request: Detect) -> Sequence[Entry]:
        if not request.text:
            raise InvalidRequestError("Expected a text.")
        return [Entry(Operation("comprehend", "BatchDetectDominantLanguage", max_entries=25), request.text)]

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        client = self.clients.client_for(entries[0].operation)
        response = client.batch_detect_dominant_language(TextList=[entry.payload for entry in entries])
        return [result["Languages"] for result in response["ResultList"]]


class Ask:
    """A connector of a service that is not AWS's."""

    requests: ClassVar[Any] = (Detect,)

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def entries(self, request: Detect) -> Sequence[Entry]:
        if not request.text:
            raise InvalidRequestError("Expected a text.")
        return [Entry(Operation("ask", "Ask"), request.text)]

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        self.sent.extend(entry.payload for entry in entries)
        return ["de"] * len(entries)

    def answer(self, request: Detect, responses: Sequence[Any]) -> Any:
        return responses[0]

    def close(self) -> None:
        pass


def _detected(text: Any, **options: Any) -> Outcome:
    return run(_asking(Detect(text)), EVENT, **options)


@pytest.mark.parametrize(("text", "wrong"), [("hello", None), ("", "Expected a text"), (5, "Invalid type for")])
def test_a_connector_of_ones_own_for_an_aws_service_checks_and_sends_nothing(text: Any, wrong: str | None) -> None:
    connector = Comprehend(Clients())

    outcome = _detected(text, connectors=[connector])

    assert [wrong in str(fault.error) for fault in outcome.faults if wrong] == [True] * bool(wrong)
    assert [result.uow["result"] for result in outcome.results] == ([] if wrong else ["en"])
    assert not isinstance(connector.clients, OfflineClients), "it is left as it was"


def test_any_other_connector_is_used_as_it_is_unless_the_test_has_its_answers() -> None:
    connector = Ask()

    used = _detected("hello", connectors=[connector])
    scripted = _detected("hello", connectors=[connector], responses={Detect: "fr"})
    refused = _detected("", connectors=[connector], responses={Detect: "fr"})

    assert used.results[0].uow["result"] == "de"
    assert scripted.results[0].uow["result"] == "fr"
    assert isinstance(refused.faults[0].error, InvalidRequestError)
    assert connector.sent == ["hello"]


def test_a_request_without_a_connector_is_answered_as_it_says() -> None:
    assert _detected("").results[0].uow["result"] == "en"


def test_connectors_of_the_library_with_options_send_nothing() -> None:
    http = run(_asking(HttpRequest({"url": "http://127.0.0.1:9"})), EVENT, connectors=[HttpConnector(timeout=1)])
    s3 = run(_asking(PutObject({"Key": "k"})), EVENT, connectors=[S3Connector(Clients(), bucket_name="orders")])

    assert http.faults == s3.faults == []


def test_an_offline_client_makes_a_call_but_does_not_send_it() -> None:
    client = OfflineClients().client("sqs")

    with pytest.raises(NotSentError):
        client.send_message(QueueUrl=QUEUE, MessageBody="x")
    assert OfflineClients().client("sqs") is client


def test_a_made_up_id_may_be_shorter_than_a_real_one() -> None:
    with pytest.raises(NotSentError):
        OfflineClients().client("lambda").delete_event_source_mapping(UUID="e1")
