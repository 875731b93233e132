"""What an answer has to prove before an entry passes for done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest

from powertools_stream import FaultPolicy, RetryPolicy, StreamProcessor
from powertools_stream.classification import is_invalid_request, is_retryable
from powertools_stream.connectors import Clients, ConnectorRegistry, Refused
from powertools_stream.connectors.opensearch.actions import action_of, outcome_of
from powertools_stream.connectors.proofs import listed, missing_response, outcome, outcomes, part, proven, reading
from powertools_stream.connectors.statuses import StatusError
from powertools_stream.errors import InvalidRequestError, RequestFailedError
from powertools_stream.flavors import task
from powertools_stream.outcomes import Disposition
from powertools_stream.requests import (
    CopyObject,
    DeleteDocument,
    DeleteObject,
    GetParameter,
    GetSecret,
    IndexDocument,
    InvokeFunction,
    ListObjects,
    PublishMessage,
    PutDeliveryRecord,
    PutEvent,
    PutItem,
    PutObject,
    PutRecord,
    Query,
    Request,
    SendMessage,
)
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.endpoint import ScriptedEndpoint


def _is_missing(error: Any) -> bool:
    return isinstance(error, RequestFailedError) and error.code == "MissingResponse" and is_retryable(error)


# -- One entry -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [None, ""])
def test_the_proof_alone_is_a_success(code: Any) -> None:
    result = {"EventId": "1", "ErrorCode": code}

    assert outcome(result, "EventId", "EventBridge") is result


@pytest.mark.parametrize(
    ("result", "found"),
    [
        ({}, "found nothing"),
        ({"ErrorMessage": "secret"}, "found only ErrorMessage"),
        ({"EventId": None}, "found only EventId"),
        ({"EventId": ""}, "found only EventId"),
        ({"EventId": 5}, "found only EventId"),
        ({"EventId": ["secret"]}, "found only EventId"),
        ({"EventId": "1", "ErrorCode": ["secret"]}, "found a value of type list"),
        ({"EventId": "1", "ErrorCode": {"a": "secret"}}, "found only a"),
        ({"EventId": "1", "ErrorCode": 5}, "found 5"),
        ({"EventId": "1", "ErrorCode": 0}, "found 0"),
        (None, "found nothing"),
        ("secret", "found a value of type str"),
        ([], "found a value of type list"),
    ],
)
def test_neither_a_proof_nor_a_code_is_an_error_that_does_not_tell_the_values(result: Any, found: str) -> None:
    error = outcome(result, "EventId", "EventBridge")

    assert _is_missing(error)
    assert str(error).startswith("MissingResponse: Expected EventBridge to answer with ")
    assert str(error).endswith(f"but {found}.")
    assert "secret" not in str(error)


@pytest.mark.parametrize("message", [None, "", 5, ["why"]])
def test_a_code_is_the_entrys_error_whatever_comes_with_it(message: Any) -> None:
    error = outcome({"EventId": "1", "ErrorCode": "InternalFailure", "ErrorMessage": message}, "EventId", "EventBridge")

    assert str(error) == "InternalFailure: EventBridge did not say why."


# -- Lists of entries ------------------------------------------------------------------------------------------------


def test_entries_that_an_answer_leaves_out_are_not_done() -> None:
    answer = {"Entries": [{"EventId": "1"}]}

    done, *missing = outcomes(answer, "Entries", "EventId", count=3, service="EventBridge")

    assert done == {"EventId": "1"}
    assert [_is_missing(error) for error in missing] == [True, True]
    assert [str(error).partition(": ")[2] for error in missing] == [
        "Expected EventBridge to answer with 3 Entries, but found 1."
    ] * 2


@pytest.mark.parametrize(
    "answer", [{}, {"Entries": 5}, {"Entries": "ab"}, {"Entries": {}}, None, [], {"Entries": [1] * 3}]
)
def test_a_list_that_is_none_or_too_long_tells_of_no_entry(answer: Any) -> None:
    with pytest.raises(RequestFailedError) as raised:
        listed(answer, "Entries", 2, "EventBridge")

    assert _is_missing(raised.value)


def test_a_part_may_be_left_out_if_the_service_does_so() -> None:
    assert part({}, "UnprocessedItems", dict, "DynamoDB", default={}) == {}
    wrongs: tuple[Any, ...] = ([], None, "x")
    for wrong in wrongs:
        with pytest.raises(RequestFailedError, match="'UnprocessedItems'"):
            part({"UnprocessedItems": wrong}, "UnprocessedItems", dict, "DynamoDB", default={})


def test_a_call_for_one_thing_is_proven_by_a_text() -> None:
    assert proven({"ScheduleArn": "arn"}, "ScheduleArn", "Scheduler") == {"ScheduleArn": "arn"}
    answers: list[dict[str, Any]] = [{}, {"ScheduleArn": ""}, {"ScheduleArn": 5}]
    for wrong in answers:
        with pytest.raises(RequestFailedError, match="'ScheduleArn'"):
            proven(wrong, "ScheduleArn", "Scheduler")


def test_what_cannot_be_read_is_the_answers_fault_and_what_the_library_says_is_its_own() -> None:
    with (
        pytest.raises(RequestFailedError, match=r"^MalformedResponse: DynamoDB answered") as raised,
        reading("DynamoDB"),
    ):
        {"Count": 1}["Items"]
    assert is_retryable(raised.value)

    with pytest.raises(InvalidRequestError), reading("DynamoDB"):
        raise InvalidRequestError("not the answer's")
    with pytest.raises(RequestFailedError, match="found nothing"), reading("DynamoDB"):
        raise missing_response("DynamoDB", "a word", None)


# -- The services ----------------------------------------------------------------------------------------------------


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Any]]]:
    """Give what carries requests out in one call and returns their responses; of an error of all, one for each."""
    monkeypatch.setenv("ENTITY_TABLE_NAME", "table")
    monkeypatch.setenv("BUCKET_NAME", "bucket")
    connectors = ConnectorRegistry(Clients())
    yield partial(_ask, connectors)
    connectors.close()


def _ask(connectors: ConnectorRegistry, *requests: Request) -> list[Any]:
    connector = connectors.connector_for(type(requests[0]))
    entries = [entry for request in requests for entry in connector.entries(request)]
    try:
        return list(connector.send(entries))
    except Exception as error:
        return [error] * len(requests)


QUEUE = "http://sqs/123456789012/orders"
ARN = "arn:aws:sns:eu-central-1:123456789012:orders"
THREE: dict[str, Sequence[Request]] = {
    "PutEvents": [PutEvent({"type": "x", "n": n}, bus_name="bus") for n in range(3)],
    "PutRecords": [PutRecord({"Data": "x", "PartitionKey": str(n)}, stream_name="s") for n in range(3)],
    "PutRecordBatch": [PutDeliveryRecord({"Data": str(n)}, delivery_stream_name="s") for n in range(3)],
    "SendMessageBatch": [SendMessage({"MessageBody": str(n)}, queue_url=QUEUE) for n in range(3)],
}
LISTS = {"PutEvents": "Entries", "PutRecords": "Records", "PutRecordBatch": "RequestResponses"}
PROOFS = {"PutEvents": "EventId", "PutRecords": "SequenceNumber", "PutRecordBatch": "RecordId"}
COUNTS = {"PutEvents": "FailedEntryCount", "PutRecords": "FailedRecordCount", "PutRecordBatch": "FailedPutCount"}


@pytest.mark.parametrize("silent", [{}, {"ErrorMessage": "no"}, {"ErrorCode": ["x"]}, {"ErrorCode": 5}], ids=repr)
@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize("failed", [0, 1])
def test_an_entry_of_which_an_answer_says_nothing_fails_alone(
    operation: str, silent: dict[str, Any], failed: int, endpoint: ScriptedEndpoint, ask: Callable[..., list[Any]]
) -> None:
    done = {PROOFS[operation]: "1"}
    endpoint.script = lambda _, body: (200, {COUNTS[operation]: failed, LISTS[operation]: [done, silent, done]})

    responses = ask(*THREE[operation])

    assert [responses[0], responses[2]] == [done, done]
    assert _is_missing(responses[1])


@pytest.mark.parametrize(
    "answer",
    [
        {"Successful": [{"Id": "0", "MessageId": "1"}, {"Id": "2", "MessageId": "1"}]},
        {"Successful": [{"Id": str(n), "MessageId": "1" if n != 1 else ""} for n in range(3)]},
        {"Successful": [{"Id": str(n), "MessageId": "1" if n != 1 else 5} for n in range(3)]},
        {"Successful": [{"Id": n, "MessageId": "1"} for n in ("0", 1, "2")]},
        {
            "Successful": [{"Id": str(n), "MessageId": "1"} for n in range(3)],
            "Failed": [{"Id": "1", "SenderFault": True}],
        },
        {
            "Successful": [{"Id": str(n), "MessageId": "1"} for n in (0, 2)],
            "Failed": [{"Id": "1", "Code": ["x"], "SenderFault": True}],
        },
    ],
)
def test_a_message_of_which_an_answer_says_nothing_fails_alone(
    answer: dict[str, Any], endpoint: ScriptedEndpoint, ask: Callable[..., list[Any]]
) -> None:
    endpoint.script = lambda operation, body: (200, answer)

    responses = ask(*THREE["SendMessageBatch"])

    assert [responses[0], responses[2]] == [{"MessageId": "1"}, {"MessageId": "1"}]
    assert _is_missing(responses[1])


@pytest.mark.parametrize("answer", [{"Successful": 5}, {"Failed": "x"}, {"Successful": [5]}, {}, {"Successful": {}}])
def test_messages_whose_answer_is_no_list_are_not_sent(
    answer: dict[str, Any], endpoint: ScriptedEndpoint, ask: Callable[..., list[Any]]
) -> None:
    endpoint.script = lambda operation, body: (200, answer)

    assert all(is_retryable(response) for response in ask(*THREE["SendMessageBatch"]))


def test_a_message_to_a_phone_has_an_id(endpoint: ScriptedEndpoint, ask: Callable[..., list[Any]]) -> None:
    endpoint.script = lambda operation, body: (200, "<PublishResponse><PublishResult/></PublishResponse>")

    (response,) = ask(PublishMessage({"Message": "x", "PhoneNumber": "+49"}))

    assert _is_missing(response)


@pytest.mark.parametrize(
    "left", [[], 5, "x", {"table": 5}, {"table": [{}]}, {"table": [{"PutRequest": {}}]}, {"table": [{"PutRequest": 5}]}]
)
def test_items_that_were_left_undone_in_an_unknown_way_are_all_undone(
    left: Any, endpoint: ScriptedEndpoint, ask: Callable[..., list[Any]]
) -> None:
    endpoint.script = lambda operation, body: (200, {"UnprocessedItems": left})

    responses = ask(PutItem({"Item": {"pk": "1"}}), PutItem({"Item": {"pk": "2"}}))

    assert [is_retryable(response) for response in responses] == [True, True]
    assert not any(is_invalid_request(response) for response in responses)


@pytest.mark.parametrize(
    ("answer", "is_proof"),
    [
        ({"Count": 5}, True),
        ({"Items": [], "Count": 0}, True),
        ({"Items": []}, True),
        ({}, False),
        ({"Items": 5}, False),
    ],
)
def test_a_page_has_items_or_only_their_count(
    answer: dict[str, Any], is_proof: bool, endpoint: ScriptedEndpoint, ask: Callable[..., list[Any]]
) -> None:
    endpoint.script = lambda operation, body: (200, answer)

    (response,) = ask(Query({"KeyConditionExpression": "a", "Select": "COUNT"}))

    assert (response == []) if is_proof else is_retryable(response)


@pytest.mark.parametrize(("kind", "status"), [("RequestResponse", 200), ("Event", 202), ("DryRun", 204)])
def test_an_invocation_has_the_status_of_its_kind(
    kind: str, status: int, endpoint: ScriptedEndpoint, ask: Callable[..., list[Any]]
) -> None:
    request = InvokeFunction({"FunctionName": "f", "InvocationType": kind})
    endpoint.script = lambda operation, body: (status, "")
    assert ask(request)[0]["StatusCode"] == status

    endpoint.script = lambda operation, body: (203, "<html>")
    assert _is_missing(ask(request)[0])


@pytest.mark.parametrize(
    ("request_", "content"),
    [
        (PutObject({"Key": "a"}), ""),
        (CopyObject({"Key": "a", "CopySource": {"Key": "b"}}), "<CopyObjectResult></CopyObjectResult>"),
        (CopyObject({"Key": "a", "CopySource": {"Key": "b"}}), "<other></other>"),
        (DeleteObject({"Key": "a"}), "<DeleteResult></DeleteResult>"),
        (DeleteObject({"Key": "a"}), "<DeleteResult><Deleted><Key>b</Key></Deleted></DeleteResult>"),
        (DeleteObject({"Key": "a"}), "<DeleteResult><Error><Key>a</Key></Error></DeleteResult>"),
        (ListObjects(), "<ListBucketResult></ListBucketResult>"),
        (ListObjects(page=True), "<ListBucketResult></ListBucketResult>"),
        (ListObjects(), "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"),
    ],
)
def test_what_s3_does_not_prove_is_not_done(
    request_: Request, content: str, endpoint: ScriptedEndpoint, ask: Callable[..., list[Any]]
) -> None:
    endpoint.script = lambda operation, body: (200, content, {"ETag": ""})

    (response,) = ask(request_)

    assert _is_missing(response)


@pytest.mark.parametrize("request_", [GetParameter("p"), GetSecret("p")])
@pytest.mark.parametrize("answer", [{}, {"Parameter": {}}, {"Parameter": {"Value": 5}, "SecretString": 5}])
def test_a_value_that_is_none_does_not_get_into_the_cache(
    request_: Request, answer: dict[str, Any], endpoint: ScriptedEndpoint, ask: Callable[..., list[Any]]
) -> None:
    endpoint.script = lambda operation, body: (200, answer)
    assert _is_missing(ask(request_)[0])

    endpoint.script = lambda operation, body: (200, {"Parameter": {"Value": "right"}, "SecretString": "right"})
    assert ask(request_) == ["right"]


@pytest.mark.parametrize("credentials", ["", "<Credentials><AccessKeyId>a</AccessKeyId></Credentials>"])
def test_a_role_without_credentials_is_a_passing_error(credentials: str, endpoint: ScriptedEndpoint) -> None:
    result = f"<AssumeRoleResult>{credentials}</AssumeRoleResult>"
    endpoint.script = {"POST /": lambda operation, body: (200, f"<AssumeRoleResponse>{result}</AssumeRoleResponse>")}
    clients = Clients()

    with pytest.raises(RequestFailedError) as raised:
        clients.client("events", role_arn="arn:aws:iam::210987654321:role/theirs").put_events(Entries=[])
    clients.close()

    assert _is_missing(raised.value)


@pytest.mark.parametrize(
    "item",
    [
        None,
        {},
        {"index": None},
        {"index": "created"},
        {"index": {}},
        {"index": {"status": "201"}},
        {"index": {"status": None, "error": {"type": "x"}}},
        {"index": {"status": 404}},
        {"index": {"status": 302}},
        {"index": {"status": 500}},
    ],
)
def test_an_action_without_a_status_of_success_is_not_done(item: Any) -> None:
    assert _is_missing(outcome_of(action_of(IndexDocument({"index": "i", "id": "1", "body": {}})), item))


def test_an_action_is_proven_by_its_status() -> None:
    index = action_of(IndexDocument({"index": "i", "id": "1", "body": {}, "op_type": "create"}))
    delete = action_of(DeleteDocument({"index": "i", "id": "1"}))
    conflict = {"status": 409, "error": {"type": "version_conflict_engine_exception"}}

    assert outcome_of(index, {"create": {"status": 201}}) == {"status": 201}
    assert outcome_of(delete, {"delete": {"status": 404}}) == {"status": 404}
    assert outcome_of(index, {"create": conflict}) == Refused("version_conflict_engine_exception")
    assert type(outcome_of(index, {"create": {"status": 400, "error": "text"}})) is StatusError


# -- What becomes of the record --------------------------------------------------------------------------------------


@pytest.mark.parametrize("silent", [{}, {"ErrorMessage": "no"}, {"ErrorCode": {"a": 1}}, {"EventId": 5}])
def test_a_fault_event_that_the_bus_does_not_prove_is_not_published(
    silent: dict[str, Any], endpoint: ScriptedEndpoint
) -> None:
    endpoint.script = {"PutEvents": lambda operation, body: (200, {"FailedEntryCount": 1, "Entries": [silent]})}
    processor = StreamProcessor(
        rules=[{"id": "r", "flavor": task, "event_type": "e", "execute": lambda uow: 1 / 0}],
        on_fault=FaultPolicy.PUBLISH,
        fault_bus_name="faults",
        retry=RetryPolicy(max_attempts=1),
        raise_on_entire_batch_failure=False,
    )

    response = processor.process_event(to_sqs_records([{"id": "1", "type": "e"}]))

    (fault,) = processor.faults
    assert len(response["batchItemFailures"]) == 1
    assert (fault.disposition, fault.published) == (Disposition.REPORTED, False)
    assert _is_missing(fault.publishing_error)


def test_an_entry_without_a_proof_is_sent_again_alone(endpoint: ScriptedEndpoint) -> None:
    def silent_once(operation: str, body: dict[str, Any]) -> Any:
        if endpoint.count() > 1:
            return None
        return 200, {"Entries": [{"EventId": "1"}, {}, {"EventId": "3"}]}

    endpoint.script = silent_once
    processor = StreamProcessor(
        rules=[{"id": "r", "flavor": task, "event_type": "e", "emit": "done"}],
        bus_name="bus",
        retry=RetryPolicy(base_delay=0.001),
    )

    response = processor.process_event(to_sqs_records([{"id": str(n), "type": "e"} for n in range(3)]))

    assert response == {"batchItemFailures": []}
    assert [len(body["Entries"]) for body in endpoint.bodies("PutEvents")] == [3, 1]
