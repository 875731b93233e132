from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from powertools_stream import RuleRegistry, StreamProcessor
from powertools_stream.errors import RuleError
from powertools_stream.flavors import OpenSearchRule, elasticsearch, opensearch
from powertools_stream.requests import DeleteDocument, GetItems, IndexDocument, UpdateDocument
from powertools_stream.testing import drive, run, to_sqs_records
from powertools_stream.testing.driving import DriveOutcome
from powertools_stream.uow import UnitOfWork
from tests.connectors.http.http_service import http_service
from tests.connectors.opensearch.bulk_api import BulkApi

EVENT = {"id": "e-1", "type": "product-changed", "timestamp": 7, "product": {"id": "p-1", "name": "Tea"}}
DOCUMENT = {"index": "products", "id": "p-1", "body": {"name": "Tea"}}
CREATED = {"result": "created", "status": 201}


def index(responses: Any, written: Any, **fields: Any) -> DriveOutcome:
    """Drive a rule that writes this."""
    rule = {"id": "search", "to_elasticsearch": lambda uow: written, **fields}
    return drive(opensearch, UnitOfWork(record={}, event=EVENT), rule, responses)


def test_it_writes_a_document() -> None:
    outcome = index([CREATED], DOCUMENT, domain_host="shop")

    assert outcome.requests == (IndexDocument(DOCUMENT, domain_host="shop"),)
    assert outcome.result["index_request"] == DOCUMENT
    assert outcome.result["index_response"] == CREATED


def test_nothing_to_write_is_nothing_asked_for() -> None:
    assert index([], None).result["index_request"] is None
    assert index([], []).result["index_request"] is None


def test_several_documents_leave_several_units_of_work() -> None:
    documents = [{**DOCUMENT, "id": f"p-{n}"} for n in range(3)]

    outcome = index([{"n": 0}, {"n": 1}, {"n": 2}], documents)

    assert outcome.requests == tuple(map(IndexDocument, documents))
    assert [result["index_request"]["id"] for result in outcome.results] == ["p-0", "p-1", "p-2"]
    assert [result["index_response"]["n"] for result in outcome.results] == [0, 1, 2]


@pytest.mark.parametrize(
    ("written", "request_"),
    [
        ({"index": "i", "id": 1, "data": {"a": 1}}, IndexDocument({"index": "i", "id": 1, "body": {"a": 1}})),
        (
            {"index": "i", "id": 1, "op_type": "create", "body": {}},
            IndexDocument({"index": "i", "id": 1, "op_type": "create", "body": {}}),
        ),
        (
            {"index": "i", "id": 1, "doc": {"a": 1}, "doc_as_upsert": True},
            UpdateDocument({"index": "i", "id": 1, "body": {"doc": {"a": 1}, "doc_as_upsert": True}}),
        ),
        (
            {"index": "i", "id": 1, "op_type": "update", "body": {"script": "x"}, "retry_on_conflict": 2},
            UpdateDocument(
                {"index": "i", "id": 1, "op_type": "update", "retry_on_conflict": 2, "body": {"script": "x"}}
            ),
        ),
        ({"index": "i", "id": 1, "op_type": "delete"}, DeleteDocument({"index": "i", "id": 1, "op_type": "delete"})),
    ],
)
def test_what_is_returned_says_what_is_done(written: dict[str, Any], request_: Any) -> None:
    outcome = index([CREATED], written)

    assert outcome.requests == (request_,)
    assert outcome.result["index_request"] is written


def test_it_splits_on_a_path_or_a_function() -> None:
    event = {**EVENT, "products": [{"id": "a"}, {"id": "b"}]}

    def drive_it(name: str, **fields: Any) -> DriveOutcome:
        rule = {
            "id": "search",
            "to_elasticsearch": lambda uow: [{"index": "i", "id": uow[name]["id"], "body": {}} for _ in range(2)],
            **fields,
        }
        return drive(opensearch, UnitOfWork(record={}, event=event), rule, lambda request: {"of": request.params["id"]})

    by_path = drive_it("split", split_on="event.products")
    by_function = drive_it("product", split_on=lambda uow: uow.event["products"], split_target_field="product")

    assert [result["index_response"]["of"] for result in by_path.results] == ["a", "a", "b", "b"]
    assert [result["product"]["id"] for result in by_function.results] == ["a", "a", "b", "b"]


def test_a_function_may_ask_for_what_it_needs() -> None:
    rules = RuleRegistry()

    @rules.register(elasticsearch, event_type="product-changed", domain_host="shop")
    def enrich(uow: Any) -> Any:
        answer = yield GetItems({"Keys": [{"pk": uow.event["product"]["id"]}]}, table_name="t")
        return {**DOCUMENT, "body": answer["Responses"]["t"][0]}

    answers: dict[Any, Any] = {GetItems: {"Responses": {"t": [{"pk": "p-1"}]}}, IndexDocument: CREATED}
    outcome = run(rules, to_sqs_records([EVENT]), responses=answers)

    assert [type(request) for request in outcome.requests] == [GetItems, IndexDocument]
    assert outcome.requests[1].params["body"] == {"pk": "p-1"}


def test_a_conflict_is_handed_on_as_the_rule_says() -> None:
    assert index([{}], DOCUMENT).result["index_response"] == {}
    assert index([{}], DOCUMENT, on_condition_failed="fault").requests == (
        IndexDocument(DOCUMENT, on_condition_failed="fault"),
    )


@pytest.mark.parametrize("written", ["text", 7, [DOCUMENT, "text"]])
def test_what_is_no_mapping_is_told(written: Any) -> None:
    with pytest.raises(
        TypeError, match=r"to_elasticsearch returns a document \(a mapping\), a list of documents or None"
    ):
        index([], written)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "'to_elasticsearch' is missing"),
        ({"to_elasticsearch": print, "split_on": "a["}, "'split_on' is not a valid path"),
        ({"to_elasticsearch": print, "split_target_field": ""}, "'split_target_field' takes"),
        ({"to_elasticsearch": print, "on_condition_failed": "raise"}, "'on_condition_failed' takes"),
        ({"to_elasticsearch": print, "index": "i"}, "'index'"),
    ],
)
def test_a_mistake_is_told_when_the_rule_is_made(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        OpenSearchRule(id="search", **fields)


# -- Over HTTP ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[BulkApi]:
    with http_service() as service:
        monkeypatch.setenv("ES_DOMAIN_HOST", service.url)
        yield BulkApi(service)


def products(count: int) -> dict[str, Any]:
    return to_sqs_records([{"id": str(n), "type": "product-changed", "product": {"id": n}} for n in range(count)])


def test_rules_written_for_aws_lambda_stream_run_unchanged(domain: BulkApi) -> None:
    rules: list[dict[str, Any]] = [
        {
            "id": "search",
            "flavor": elasticsearch,
            "event_type": "product-changed",
            "to_elasticsearch": lambda uow: {
                "index": "products",
                "id": uow["event"]["product"]["id"],
                "data": uow["event"]["product"],
            },
        }
    ]
    processor = StreamProcessor(rules=rules)

    for _ in ("cold start", "warm start"):
        assert processor.process_event(products(25)) == {"batchItemFailures": []}

    assert domain.documents == {("products", str(n)): {"id": n} for n in range(25)}
    assert [len(call) for call in domain.calls] == [50, 50]


def test_a_record_whose_document_is_refused_fails_alone(domain: BulkApi) -> None:
    domain.failures = {"3": [(400, "mapper_parsing_exception")]}
    rules = RuleRegistry()

    @rules.register(opensearch, event_type="product-changed")
    def search(uow: Any) -> dict[str, Any]:
        return {"index": "products", "id": uow.event["product"]["id"], "body": uow.event["product"]}

    event = products(5)
    response = StreamProcessor(rules=rules).process_event(event)

    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][3]["messageId"]}]}
    assert len(domain.documents) == 4
