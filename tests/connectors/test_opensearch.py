from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.call_options import RetryPolicy
from powertools_stream.classification import classify
from powertools_stream.connectors import Clients, Connector
from powertools_stream.connectors.opensearch.connector import OpenSearchConnector
from powertools_stream.connectors.statuses import StatusError
from powertools_stream.errors import EntryTooLargeError, RequestFailedError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, Reason, RecordDetails
from powertools_stream.requests import DeleteDocument, IndexDocument, Request, UpdateDocument
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.connector_suite import ConnectorSuite
from tests.connectors.bulk_api import BulkApi
from tests.connectors.http_service import Said, http_service

AT_ONCE = RetryPolicy(base_delay=0.001)


@pytest.fixture
def domain() -> Iterator[BulkApi]:
    with http_service() as service:
        yield BulkApi(service)


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, domain: BulkApi) -> None:
        self._domain = domain
        domain.failures["poison"] = [(400, "mapper_parsing_exception")] * 9

    def connector(self) -> Connector:
        return OpenSearchConnector(Clients(), domain_host=self._domain.url)

    def sample_requests(self) -> Sequence[Request]:
        return [
            *(IndexDocument({"index": "things", "id": n, "body": {"name": f"thing {n}"}}) for n in range(5)),
            UpdateDocument({"index": "things", "id": "u", "body": {"doc": {"n": 1}, "doc_as_upsert": True}}),
            DeleteDocument({"index": "things", "id": "d"}),
        ]

    def failing_requests(self) -> Sequence[Request]:
        return [*self.sample_requests(), IndexDocument({"index": "things", "id": "poison", "body": {}})]

    def unproven_requests(self) -> Sequence[Request]:
        self._domain.rejections.append(Said(200, {"took": 1, "errors": True, "items": [{"index": {"_id": "0"}}]}))
        return self.sample_requests()

    def unsendable_requests(self) -> Sequence[Request]:
        kinds: Any = (IndexDocument, UpdateDocument, DeleteDocument)
        bad: list[Any] = [
            None,
            {},
            {"id": "1", "body": {}},
            {"index": "", "id": "1", "body": {}},
            {"index": 1, "id": 1},
        ]
        body = {"index": "i", "body": {}}
        return [
            *(kind(params) for kind in kinds for params in bad),
            IndexDocument({"index": "i", "id": "1"}),
            IndexDocument({"index": "i", "id": "1", "body": "text"}),
            IndexDocument({"index": "i", "id": "1", "body": {"n": float("inf")}}),
            IndexDocument({**body, "id": ""}),
            IndexDocument({**body, "id": "ä" * 257}),
            IndexDocument({**body, "op_type": "delete"}),
            IndexDocument({**body, "retry_on_conflict": 1}),
            IndexDocument({**body, "body": {"text": "x" * 10 * 1024 * 1024}}),
            UpdateDocument(body),
            UpdateDocument({**body, "id": "1", "pipeline": "p"}),
            DeleteDocument({"index": "i"}),
        ]


class Calls:
    """Counts calls."""

    def __init__(self) -> None:
        self.details: list[CallDetails] = []

    def on_call(self, details: CallDetails) -> None:
        self.details.append(details)

    def on_record_failed(self, details: RecordDetails) -> None:
        pass


def thing(number: int, **params: Any) -> IndexDocument:
    return IndexDocument({"index": "things", "id": str(number), "body": {"n": number}, **params})


def sent(connector: OpenSearchConnector, *requests: Any) -> list[Any]:
    """Make one call of all requests."""
    try:
        responses = connector.send([entry for request in requests for entry in connector.entries(request)])
        return [
            response if isinstance(response, Exception) else connector.answer(request, [response])
            for request, response in zip(requests, responses, strict=True)
        ]
    finally:
        connector.close()


def asking(domain: BulkApi, to_request: Callable[[UnitOfWork], Request]) -> list[dict[str, Any]]:
    """Make the rules of a function that asks for what `to_request` returns."""

    def execute(uow: UnitOfWork) -> Any:
        return (yield to_request(uow))

    return [{"id": "index", "flavor": task, "event_type": "thing-created", "execute": execute}]


def records(count: int, **fields: Any) -> dict[str, Any]:
    return to_sqs_records([{"id": str(n), "type": "thing-created", "n": n, **fields} for n in range(count)])


def document_of(domain: BulkApi) -> Callable[[UnitOfWork], Request]:
    return lambda uow: IndexDocument(
        {"index": "things", "id": uow.event["id"], "body": {"n": uow.event["n"]}}, domain_host=domain.url
    )


# -- Batches -----------------------------------------------------------------------------------------------------------


def test_a_thousand_documents_are_two_calls(domain: BulkApi) -> None:
    calls = Calls()
    processor = StreamProcessor(rules=asking(domain, document_of(domain)), observers=[calls])

    response = processor.process_event(records(1_000))

    assert response == {"batchItemFailures": []}
    assert domain.documents == {("things", str(n)): {"n": n} for n in range(1_000)}
    assert [(call.service, call.operation, call.entries) for call in calls.details] == [("opensearch", "Bulk", 500)] * 2
    (result, *_) = processor.results
    assert result.uow["result"]["result"] == "created"


def test_a_call_ends_where_its_bytes_do(domain: BulkApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENSEARCH_MAX_REQ_SIZE", "1000")
    calls = Calls()
    processor = StreamProcessor(rules=asking(domain, document_of(domain)), observers=[calls])

    processor.process_event(records(100))

    assert len(domain.documents) == 100
    # About fifty bytes each.
    assert all(10 < call.entries <= 25 for call in calls.details[:-1])


def test_a_document_over_the_limit_is_an_error_of_its_own_record(
    domain: BulkApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENSEARCH_MAX_REQ_SIZE", "200")
    processor = StreamProcessor(
        rules=asking(
            domain,
            lambda uow: IndexDocument(
                {"index": "things", "id": uow.event["id"], "body": {"text": "x" * 150 * (uow.event["id"] == "1")}},
                domain_host=domain.url,
            ),
        )
    )
    event = records(3)

    response = processor.process_event(event)

    (fault,) = processor.faults
    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}
    assert isinstance(fault.error, EntryTooLargeError)
    assert "at most 200 bytes" in str(fault.error)
    assert {key[1] for key in domain.documents} == {"0", "2"}


def test_the_lines_of_an_action_say_what_opensearch_needs() -> None:
    connector = OpenSearchConnector(Clients(), domain_host="host")
    body = {"name": "ä\n", "price": Decimal("1.50"), "tags": {"b", "a"}}

    (entry,) = connector.entries(IndexDocument({"index": "i", "id": 7, "body": body, "version": 3, "routing": "r"}))
    (deletion,) = connector.entries(DeleteDocument({"index": "i", "id": "7", "if_seq_no": 0, "if_primary_term": 1}))

    action, document, end = entry.payload.text.split("\n")
    assert json.loads(action) == {"index": {"_index": "i", "_id": "7", "version": 3, "routing": "r"}}
    assert json.loads(document) == {"name": "ä\n", "price": 1.5, "tags": ["a", "b"]}
    assert end == ""
    assert entry.size == len(entry.payload.text.encode())
    assert json.loads(deletion.payload.text) == {
        "delete": {"_index": "i", "_id": "7", "if_seq_no": 0, "if_primary_term": 1}
    }
    assert deletion.key == entry.key


# -- What became of an action ------------------------------------------------------------------------------------------


def test_an_action_that_failed_is_a_value_at_its_place(domain: BulkApi) -> None:
    domain.failures = {"1": [(429, "rejected_execution_exception")], "3": [(400, "mapper_parsing_exception")]}

    answers = sent(OpenSearchConnector(Clients(), domain_host=domain.url), *map(thing, range(5)))

    assert [getattr(answer, "code", None) for answer in answers] == [
        None,
        "rejected_execution_exception",
        None,
        "mapper_parsing_exception",
        None,
    ]
    assert classify(answers[1]) is Reason.RETRYABLE
    assert classify(answers[3]) is Reason.FAULT
    assert str(answers[3]) == (
        "mapper_parsing_exception: [1]: mapper parsing exception For input string: \"x\" (index 'things', id '3', "
        "status 400)"
    )


def test_passing_failures_are_sent_again_alone(domain: BulkApi) -> None:
    domain.failures = {
        "3": [(429, "rejected_execution_exception")],
        "5": [(503, "unavailable_shards_exception"), (403, "cluster_block_exception")],
    }
    calls = Calls()
    rules = asking(domain, document_of(domain))
    processor = StreamProcessor(rules=rules, observers=[calls], retry=AT_ONCE)

    response = processor.process_event(records(10))

    assert response == {"batchItemFailures": []}
    assert [(call.entries, call.failed, call.attempt) for call in calls.details] == [(10, 2, 1), (2, 1, 2), (1, 0, 3)]
    assert len(domain.documents) == 10


def test_a_bad_document_is_a_fault_of_its_own_record(domain: BulkApi) -> None:
    domain.failures = {"1": [(400, "mapper_parsing_exception")]}
    processor = StreamProcessor(rules=asking(domain, document_of(domain)))
    event = records(3)

    response = processor.process_event(event)

    (fault,) = processor.faults
    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}
    assert isinstance(fault.error, StatusError)
    assert (fault.error.code, fault.error.status, fault.reason) == ("mapper_parsing_exception", 400, Reason.FAULT)


def test_a_document_that_is_not_there_is_deleted_already_and_cannot_be_changed(domain: BulkApi) -> None:
    connector = OpenSearchConnector(Clients(), domain_host=domain.url)

    deleted, updated = sent(
        connector,
        DeleteDocument({"index": "i", "id": "1"}),
        UpdateDocument({"index": "i", "id": "2", "body": {"doc": {}}}),
    )

    assert (deleted["result"], deleted["status"]) == ("not_found", 404)
    assert (updated.code, updated.status) == ("document_missing_exception", 404)
    assert classify(updated) is Reason.FAULT


def test_a_condition_that_does_not_hold_is_an_answer(domain: BulkApi) -> None:
    connector = OpenSearchConnector(Clients(), domain_host=domain.url)

    answers = [
        *sent(connector, thing(1, op_type="create")),
        *sent(connector, thing(1, op_type="create", body={"n": "later"})),
        *sent(connector, thing(2, version=20, version_type="external")),
        *sent(connector, thing(2, version=10, version_type="external", body={"n": "older"})),
    ]

    assert [answer.get("result") for answer in answers] == ["created", None, "created", None]
    assert answers[1] == answers[3] == {}
    assert domain.documents == {("things", "1"): {"n": 1}, ("things", "2"): {"n": 2}}


def test_a_condition_that_does_not_hold_is_counted_as_refused(domain: BulkApi) -> None:
    calls = Calls()
    rules = asking(domain, lambda uow: thing(uow.event["n"], op_type="create"))
    connector = OpenSearchConnector(Clients(), domain_host=domain.url)
    processor = StreamProcessor(rules=rules, connectors=[connector], observers=[calls])

    processor.process_event(records(3))
    processor.process_event(records(3))

    assert [(call.failed, call.refused) for call in calls.details] == [(0, 0), (0, 3)]


def test_a_condition_that_does_not_hold_is_a_fault_where_the_request_says_so(domain: BulkApi) -> None:
    connector = OpenSearchConnector(Clients(), domain_host=domain.url)
    params = {"index": "i", "id": "1", "body": {}, "op_type": "create"}
    sent(connector, IndexDocument(params))

    (error,) = sent(connector, IndexDocument(params, on_condition_failed="fault"))

    assert (error.code, classify(error)) == ("version_conflict_engine_exception", Reason.FAULT)


def test_a_conflict_without_a_condition_is_tried_again(domain: BulkApi) -> None:
    domain.failures = {"0": [(409, "version_conflict_engine_exception")]}
    processor = StreamProcessor(
        rules=asking(
            domain,
            lambda uow: UpdateDocument(
                {"index": "things", "id": "0", "body": {"doc": {"n": 1}, "doc_as_upsert": True}},
                domain_host=domain.url,
            ),
        ),
        retry=AT_ONCE,
    )

    assert processor.process_event(records(1)) == {"batchItemFailures": []}
    assert len(domain.calls) == 2
    assert domain.documents == {("things", "0"): {"n": 1}}


def test_a_document_is_written_in_order_also_where_a_write_is_sent_again(domain: BulkApi) -> None:
    domain.failures = {"same": [(429, "rejected_execution_exception")]}
    rules = asking(
        domain,
        lambda uow: IndexDocument(
            {"index": "i", "id": "same" if uow.event["n"] < 5 else uow.event["id"], "body": {"n": uow.event["n"]}},
            domain_host=domain.url,
        ),
    )

    StreamProcessor(rules=rules, retry=AT_ONCE).process_event(records(20))

    assert domain.documents["i", "same"] == {"n": 4}
    written = [line["n"] for call in domain.calls for line in call if "n" in line and line["n"] < 5]
    assert written == [0, 0, 1, 2, 3, 4]
    assert len(domain.calls) == 6


# -- Calls that fail as a whole ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rejection",
    [
        Said(413, {"Message": "Request size exceeded 10485760 bytes"}),
        Said(400, {"error": {"type": "illegal_argument_exception", "reason": "Malformed"}, "status": 400}),
    ],
)
def test_a_call_that_is_refused_as_invalid_is_repeated_in_parts(domain: BulkApi, rejection: Said) -> None:
    domain.rejections = [rejection]

    response = StreamProcessor(rules=asking(domain, document_of(domain))).process_event(records(3))

    assert response == {"batchItemFailures": []}
    first, *parts = (len(call) for call in domain.calls)
    assert (first, sum(parts)) == (6, 6)
    assert len(parts) > 1


@pytest.mark.parametrize(
    ("rejection", "reason", "text"),
    [
        (
            Said(403, {"Message": "User: arn is not authorized to perform: es:ESHttpPost"}),
            Reason.CONFIGURATION,
            "AccessDeniedException: User: arn is not authorized to perform: es:ESHttpPost (status 403)",
        ),
        (
            Said(401, {"error": {"type": "security_exception", "reason": "no"}, "status": 401}),
            Reason.CONFIGURATION,
            "AccessDeniedException: security_exception, no (status 401)",
        ),
        (Said(404, "<html>"), Reason.CONFIGURATION, "ResourceNotFoundException: <html> (status 404)"),
        (Said(429, "429 Too Many Requests /_bulk"), Reason.RETRYABLE, "429: 429 Too Many Requests /_bulk (status 429)"),
        (
            Said(503, {"error": {"type": "manager_exception", "reason": "no manager"}, "status": 503}),
            Reason.RETRYABLE,
            "manager_exception: manager_exception, no manager (status 503)",
        ),
        (Said(504, b""), Reason.RETRYABLE, "504: OpenSearch did not say why. (status 504)"),
        (Said(418, "tea"), Reason.FAULT, "418: tea (status 418)"),
    ],
)
def test_a_call_that_fails_says_why(domain: BulkApi, rejection: Said, reason: Reason, text: str) -> None:
    domain.rejections = [rejection]

    with pytest.raises(StatusError) as raised:
        sent(OpenSearchConnector(Clients(), domain_host=domain.url), thing(1))

    assert (str(raised.value), classify(raised.value)) == (text, reason)


def test_a_throttled_call_is_made_again(domain: BulkApi) -> None:
    domain.rejections = [Said(429, "429 Too Many Requests /_bulk")] * 2

    response = StreamProcessor(rules=asking(domain, document_of(domain)), retry=AT_ONCE).process_event(records(3))

    assert response == {"batchItemFailures": []}
    assert [len(call) for call in domain.calls] == [6, 6, 6]


def test_actions_that_an_answer_leaves_out_have_failed(domain: BulkApi) -> None:
    domain.rejections = [Said(200, {"took": 1, "errors": False, "items": []})]
    rules = asking(domain, document_of(domain))
    processor = StreamProcessor(rules=rules, raise_on_entire_batch_failure=False, retry=RetryPolicy(max_attempts=1))

    processor.process_event(records(1))

    (fault,) = processor.faults
    assert isinstance(fault.error, RequestFailedError)
    assert fault.error.code == "MissingResponse"
    assert fault.reason is Reason.RETRYABLE


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("length", [1, 40])
def test_a_call_whose_answer_breaks_off_is_made_again(domain: BulkApi, status: int, length: int) -> None:
    content = json.dumps({"took": 1, "errors": False, "items": [{"index": {"status": 201}}]})
    headers = {"Content-Length": str(len(content)), "Content-Type": "application/json", "Connection": "close"}
    domain.rejections = [Said(status, content[:length], headers)]
    processor = StreamProcessor(rules=asking(domain, document_of(domain)), retry=AT_ONCE)

    assert processor.process_event(records(1)) == {"batchItemFailures": []}
    assert len(domain.calls) == 2


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "text/html"])
@pytest.mark.parametrize("text", ["<html>", "", "[]"])
def test_an_answer_that_is_none_is_an_error(domain: BulkApi, text: str, media_type: str) -> None:
    domain.rejections = [Said(200, text, {"Content-Type": media_type})]

    with pytest.raises(RequestFailedError, match=r"^MalformedResponse"):
        sent(OpenSearchConnector(Clients(), domain_host=domain.url), thing(1))
