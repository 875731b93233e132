from __future__ import annotations

import io
import json
import threading
import urllib.request
import zipfile
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import pytest

from powertools_stream import FaultPolicy, StreamProcessor, UnitOfWork
from powertools_stream.connectors import Clients, Connector
from powertools_stream.connectors.aws_lambda import MAX_EVENT_BYTES, MAX_PAYLOAD_BYTES, LambdaConnector
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError, RequestFailedError, RetryableError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, Reason, RecordDetails
from powertools_stream.requests import (
    CreateEventSourceMapping,
    DeleteEventSourceMapping,
    InvokeFunction,
    ListEventSourceMappings,
    Request,
    UpdateEventSourceMapping,
)
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.connector_suite import ConnectorSuite
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import REGION, Aws

UUID = "a092f90d-9948-4964-95b5-32c46093f734"


def path_of(function: str) -> str:
    return f"POST /2015-03-31/functions/{function}/invocations"


def failing(status: int, code: str, message: str = "no") -> Answer:
    return status, {"__type": code, "Message": message}


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, endpoint: ScriptedEndpoint) -> None:
        self._endpoint = endpoint
        endpoint.script = _answers

    def connector(self) -> Connector:
        return LambdaConnector(Clients())

    def sample_requests(self) -> Sequence[Request]:
        return [
            InvokeFunction({"FunctionName": "f", "Payload": {"a": 1}}),
            InvokeFunction({"FunctionName": "f", "InvocationType": "Event"}, region_name="eu-west-1"),
            ListEventSourceMappings({}),
            ListEventSourceMappings({"FunctionName": "f"}),
            CreateEventSourceMapping({"FunctionName": "f", "EventSourceArn": "arn"}),
            UpdateEventSourceMapping({"UUID": UUID, "Enabled": False}),
            DeleteEventSourceMapping({"UUID": UUID}),
        ]

    def failing_requests(self) -> Sequence[Request]:
        return [InvokeFunction({"FunctionName": "fine"}), InvokeFunction({"FunctionName": "poison"})]

    def unproven_requests(self) -> Sequence[Request]:
        self._endpoint.script = lambda operation, body: (200, "<html></html>")
        return [request for request in self.sample_requests() if not isinstance(request, InvokeFunction)]

    def unsendable_requests(self) -> Sequence[Request]:
        return [
            InvokeFunction({}),
            InvokeFunction("f"),  # type: ignore[arg-type]
            InvokeFunction({"FunctionName": "f", "Payload": {"n": float("nan")}}),
            InvokeFunction({"FunctionName": "f", "Payload": "x" * (MAX_PAYLOAD_BYTES + 1)}),
            CreateEventSourceMapping({"EventSourceArn": "arn"}),
            UpdateEventSourceMapping({"Enabled": True}),
            DeleteEventSourceMapping({}),
            ListEventSourceMappings(None),  # type: ignore[arg-type]
        ]


def _answers(operation: str, body: dict[str, Any]) -> Answer:
    if "poison" in operation:
        return failing(400, "InvalidRequestContentException")
    if operation.startswith("GET"):
        return 200, {"EventSourceMappings": []}
    return 200 if operation.endswith("/invocations") else 202, {"UUID": UUID}


class Calls:
    """Counts the calls that a batch makes."""

    def __init__(self) -> None:
        self.made: list[CallDetails] = []

    def on_call(self, details: CallDetails) -> None:
        self.made.append(details)

    def on_record_failed(self, details: RecordDetails) -> None: ...


def asking(make: Any, **options: Any) -> tuple[StreamProcessor, Calls]:
    def execute(uow: UnitOfWork) -> Generator[Request, Any, Any]:
        return (yield make(uow.event["n"]))

    calls = Calls()
    rules = [{"id": "r", "flavor": task, "event_type": "e", "execute": execute, "ordered": False}]
    return StreamProcessor(
        rules=rules, observers=[calls], raise_on_entire_batch_failure=False, on_fault=FaultPolicy.REPORT, **options
    ), calls


def numbered(count: int) -> dict[str, Any]:
    return to_sqs_records([{"id": str(n), "type": "e", "n": n} for n in range(count)])


def answered(request: Request) -> Any:
    connector = LambdaConnector(Clients())
    try:
        return connector.answer(request, connector.send(connector.entries(request)))
    finally:
        connector.close()


@pytest.fixture
def function(aws: Aws) -> Iterator[str]:
    """Give a function that answers what it gets, in moto: it runs none."""
    _configure(aws, use_docker=False)
    create_function(aws.client("lambda"), aws.client("iam"))
    yield "echo"
    _configure(aws, use_docker=True)


def _configure(aws: Aws, *, use_docker: bool) -> None:
    content = json.dumps({"lambda": {"use_docker": use_docker}}).encode()
    request = urllib.request.Request(f"{aws.url}/moto-api/config", data=content, method="POST")
    with urllib.request.urlopen(request, timeout=10) as response:
        response.read()


def create_function(client: Any, iam: Any) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client.create_function(
        FunctionName="echo",
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
    )


# -- Invocations ---------------------------------------------------------------------------------------------------


def test_a_function_is_invoked_for_each_of_a_thousand_records(function: str) -> None:
    processor, calls = asking(lambda n: InvokeFunction({"FunctionName": function, "Payload": {"n": n}}))

    assert processor.process_event(numbered(1_000)) == {"batchItemFailures": []}

    assert [result.uow["result"]["Payload"] for result in processor.results] == [{"n": n} for n in range(1_000)]
    assert len(calls.made) == 1_000


@pytest.mark.parametrize(
    ("payload", "sent"),
    [({"tags": {"a"}}, {"tags": ["a"]}), ('{"a":1}', {"a": 1}), (b"[1]", [1]), ("no JSON", "no JSON"), (7, 7)],
)
def test_the_payload_goes_as_json_and_comes_back_decoded(function: str, payload: Any, sent: Any) -> None:
    response = answered(InvokeFunction({"FunctionName": function, "Payload": payload}))

    assert (response["StatusCode"], response["Payload"]) == (200, sent)


def test_an_asynchronous_invocation_is_accepted(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: (202, b"")

    response = answered(InvokeFunction({"FunctionName": "f", "InvocationType": "Event", "Payload": {"a": 1}}))

    assert (response["StatusCode"], response["Payload"]) == (202, None)
    assert endpoint.bodies(path_of("f")) == [{"a": 1}]


def test_a_function_that_ends_in_an_error_is_an_error_of_its_request(function: str) -> None:
    # moto's function answers what it gets, and Lambda's limit for answers is below the one for requests.
    def make(n: int) -> Request:
        return InvokeFunction({"FunctionName": function, "Payload": {"x": "x" * (6_050_000 if n == 1 else 1)}})

    processor, calls = asking(make)
    event = numbered(3)

    response = processor.process_event(event)

    (fault,) = processor.faults
    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}
    assert isinstance(fault.error, RequestFailedError)
    assert fault.error.code == "FunctionError"
    assert "The function 'echo' ended in an error (Unhandled): Function.ResponseSizeTooLarge: Resp" in str(fault.error)
    assert fault.reason is Reason.FAULT
    assert len(calls.made) == 3


@pytest.mark.parametrize(
    ("params", "limit"),
    [({}, MAX_PAYLOAD_BYTES), ({"InvocationType": "Event"}, MAX_EVENT_BYTES)],
)
def test_a_payload_over_the_limit_is_an_error_of_its_own_record(
    endpoint: ScriptedEndpoint, params: dict[str, str], limit: int
) -> None:
    processor, calls = asking(
        lambda n: InvokeFunction({"FunctionName": "f", "Payload": "é" * (limit // 2) + "x" * (n == 1), **params})
    )
    event = numbered(3)

    response = processor.process_event(event)

    (fault,) = processor.faults
    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}
    assert isinstance(fault.error, EntryTooLargeError)
    assert f"at most {limit} bytes" in str(fault.error)
    assert str(limit + 1) in str(fault.error)
    assert len(calls.made) == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "TooManyRequestsException"),
        (409, "ResourceConflictException"),
        (409, "SnapStartNotReadyException"),
        (408, "EFSMountTimeoutException"),
        (502, "ResourceNotReadyException"),
        (500, "ServiceException"),
    ],
)
def test_a_function_that_is_not_ready_yet_is_invoked_again(endpoint: ScriptedEndpoint, status: int, code: str) -> None:
    endpoint.script = lambda operation, body: failing(status, code) if endpoint.count() == 1 else (200, {"ok": True})
    processor, calls = asking(lambda n: InvokeFunction({"FunctionName": "f"}))

    assert processor.process_event(numbered(1)) == {"batchItemFailures": []}

    assert processor.results[0].uow["result"]["Payload"] == {"ok": True}
    assert [call.failed for call in calls.made] == [1, 0]


def test_a_function_that_is_still_at_work_is_not_invoked_a_second_time(endpoint: ScriptedEndpoint) -> None:
    from botocore.config import Config

    done = threading.Event()

    def slow(operation: str, body: dict[str, Any]) -> Answer:
        done.wait(10)
        return 200, {}

    endpoint.script = slow
    processor, _ = asking(lambda n: InvokeFunction({"FunctionName": "f"}), boto_config=Config(read_timeout=0.2))

    response = processor.process_event(numbered(1))
    done.set()

    assert len(response["batchItemFailures"]) == 1
    assert endpoint.count() == 1
    assert "Pass a longer read_timeout in boto_config" in str(processor.faults[0].error)


def test_a_function_that_is_not_there_is_a_configuration_error(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: failing(404, "ResourceNotFoundException")
    processor, calls = asking(lambda n: InvokeFunction({"FunctionName": "never"}))

    processor.process_event(numbered(1))

    assert (processor.faults[0].reason, len(calls.made)) == (Reason.CONFIGURATION, 1)


# -- Event source mappings -----------------------------------------------------------------------------------------


def test_a_mapping_is_made_listed_changed_and_deleted(aws: Aws, function: str) -> None:
    aws.create_queue()
    source = f"arn:aws:sqs:{REGION}:123456789012:queue"

    made = answered(CreateEventSourceMapping({"FunctionName": function, "EventSourceArn": source, "Enabled": False}))
    assert (made["State"], made["BatchSize"]) == ("Disabled", 10)

    changed = answered(UpdateEventSourceMapping({"UUID": made["UUID"], "Enabled": True, "BatchSize": 1}))
    assert (changed["State"], changed["BatchSize"]) == ("Enabled", 1)

    (listed,) = answered(ListEventSourceMappings({"FunctionName": function}))
    assert (listed["UUID"], listed["EventSourceArn"]) == (made["UUID"], source)

    assert answered(DeleteEventSourceMapping({"UUID": made["UUID"]}))["UUID"] == made["UUID"]
    assert answered(ListEventSourceMappings({"FunctionName": function})) == []


def test_a_mapping_that_is_gone_is_deleted(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: failing(404, "ResourceNotFoundException")

    assert answered(DeleteEventSourceMapping({"UUID": UUID})) == {}


def test_a_thousand_changes_of_one_mapping_arrive_in_order(aws: Aws, function: str) -> None:
    aws.create_queue()
    source = f"arn:aws:sqs:{REGION}:123456789012:queue"
    made = answered(CreateEventSourceMapping({"FunctionName": function, "EventSourceArn": source}))
    processor, calls = asking(lambda n: UpdateEventSourceMapping({"UUID": made["UUID"], "BatchSize": n + 1}))

    assert processor.process_event(numbered(1_000)) == {"batchItemFailures": []}

    assert len(calls.made) == 1_000
    assert aws.client("lambda").get_event_source_mapping(UUID=made["UUID"])["BatchSize"] == 1_000


def test_a_request_goes_to_the_region_that_it_names(aws: Aws, function: str) -> None:
    aws.create_queue()
    source = f"arn:aws:sqs:{REGION}:123456789012:queue"
    answered(CreateEventSourceMapping({"FunctionName": function, "EventSourceArn": source}))

    assert len(answered(ListEventSourceMappings({}))) == 1
    assert len(answered(ListEventSourceMappings({}, region_name=REGION))) == 1
    assert answered(ListEventSourceMappings({}, region_name="eu-west-1")) == []


def test_all_pages_are_listed_and_a_page_that_fails_is_asked_for_alone(endpoint: ScriptedEndpoint) -> None:
    pages = {"": "one", "one": "two", "two": ""}
    failed: list[str] = []

    def page(operation: str, body: dict[str, Any]) -> Answer:
        marker = operation.partition("Marker=")[2]
        if marker == "one" and not failed:
            failed.append(marker)
            return failing(429, "TooManyRequestsException")
        return 200, {"EventSourceMappings": [{"UUID": f"after {marker}"}], "NextMarker": pages[marker]}

    endpoint.script = page
    processor, _ = asking(lambda n: ListEventSourceMappings({"FunctionName": "f"}))

    assert processor.process_event(numbered(3)) == {"batchItemFailures": []}

    results = [result.uow["result"] for result in processor.results]
    assert [[mapping["UUID"] for mapping in found] for found in results] == [["after ", "after one", "after two"]] * 3
    assert results[0] is not results[1]
    assert endpoint.count() == 4


@pytest.mark.parametrize(("status", "code"), [(400, "ResourceInUseException"), (409, "ResourceConflictException")])
@pytest.mark.parametrize(
    "request_of_it", [UpdateEventSourceMapping({"UUID": UUID}), DeleteEventSourceMapping({"UUID": UUID})]
)
def test_a_mapping_that_is_just_being_changed_is_asked_for_again(
    endpoint: ScriptedEndpoint, request_of_it: Request, status: int, code: str
) -> None:
    endpoint.script = lambda operation, body: failing(status, code) if endpoint.count() <= 2 else (202, {"UUID": UUID})
    processor, calls = asking(lambda n: request_of_it)

    assert processor.process_event(numbered(1)) == {"batchItemFailures": []}

    assert [call.failed for call in calls.made] == [1, 1, 0]


def test_what_lambda_said_of_a_busy_mapping_is_the_cause(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: failing(400, "ResourceInUseException", "It is being created.")

    with pytest.raises(RetryableError, match=r"Lambda is busy with it: .*It is being created") as raised:
        answered(UpdateEventSourceMapping({"UUID": UUID, "Enabled": True}))

    assert type(raised.value.__cause__).__name__ == "ResourceInUseException"


def test_a_busy_mapping_is_waited_for_longer_than_other_passing_failures() -> None:
    (entry,) = LambdaConnector(Clients()).entries(UpdateEventSourceMapping({"UUID": UUID}))

    assert entry.operation.max_attempts == 15


def test_a_mapping_that_is_there_already_is_not_asked_for_again(endpoint: ScriptedEndpoint) -> None:
    message = f"Please update or delete the existing mapping with UUID {UUID}"
    endpoint.script = lambda operation, body: failing(409, "ResourceConflictException", message)
    processor, calls = asking(lambda n: CreateEventSourceMapping({"FunctionName": "f", "EventSourceArn": "arn"}))

    processor.process_event(numbered(1))

    assert (processor.faults[0].reason, len(calls.made)) == (Reason.FAULT, 1)
    assert UUID in str(processor.faults[0].error)


def test_changes_are_ordered_by_mapping_and_region() -> None:
    connector = LambdaConnector(Clients())

    def key(request: Request) -> Any:
        return connector.entries(request)[0].key

    assert key(UpdateEventSourceMapping({"UUID": UUID})) == key(DeleteEventSourceMapping({"UUID": UUID}))
    assert key(UpdateEventSourceMapping({"UUID": UUID})) != key(
        UpdateEventSourceMapping({"UUID": UUID}, region_name="eu-west-1")
    )
    assert key(InvokeFunction({"FunctionName": "f"})) is None


def test_a_parameter_that_the_operation_does_not_have_is_named(function: str) -> None:
    with pytest.raises(InvalidRequestError, match="'Body' in FunctionName, Body"):
        answered(InvokeFunction({"FunctionName": function, "Body": "x"}))
