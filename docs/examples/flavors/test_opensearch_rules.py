from __future__ import annotations

from docs.examples.flavors.opensearch_rules import rules
from powertools_stream.requests import DeleteDocument, IndexDocument, UpdateDocument
from powertools_stream.testing import run, to_sqs_records

PRODUCT = {"id": "p-1", "name": "Tea", "price": 3}
ANSWERS = {
    IndexDocument: {"result": "created"},
    UpdateDocument: {"result": "updated"},
    DeleteDocument: {"result": "deleted"},
}


# --8<-- [start:index]
def test_a_product_is_indexed_with_the_time_of_its_event() -> None:
    event = {"id": "1", "type": "product-created", "timestamp": 7, "product": PRODUCT}

    outcome = run(rules, to_sqs_records([event]), responses=ANSWERS)

    (request,) = outcome.requests
    assert request.params["body"] == {"name": "Tea", "price": 3}
    assert request.params["version"] == 7
    assert outcome.results[0].uow["index_response"] == {"result": "created"}


# --8<-- [end:index]


def test_a_product_is_forgotten_and_rated() -> None:
    events = [
        {"id": "1", "type": "product-rated", "product": PRODUCT, "rating": 5},
        {"id": "2", "type": "product-deleted", "product": PRODUCT},
    ]

    requests = run(rules, to_sqs_records(events), responses=ANSWERS).requests

    assert [type(request) for request in requests] == [UpdateDocument, DeleteDocument]
    assert requests[0].params["body"] == {"doc": {"rating": 5}, "doc_as_upsert": True}


def test_each_line_of_an_order_is_a_document() -> None:
    order = {
        "id": "o-1",
        "lines": [{"number": 1, "sku": "a"}, {"number": 2, "sku": "b"}],
    }

    outcome = run(
        rules,
        to_sqs_records([{"id": "1", "type": "order-placed", "order": order}]),
        responses=ANSWERS,
    )

    assert [request.params["id"] for request in outcome.requests] == ["o-1.1", "o-1.2"]
    assert [result.uow["line"]["sku"] for result in outcome.results] == ["a", "b"]
