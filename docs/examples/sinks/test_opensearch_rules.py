from __future__ import annotations

from typing import Any

from docs.examples.sinks.opensearch_rules import processor, rules
from powertools_stream.requests import DeleteDocument, IndexDocument, UpdateDocument
from powertools_stream.testing import run, to_sqs_records

PRODUCT = {"id": "p-1", "name": "Tea", "price": 3}


# --8<-- [start:newest]
def test_a_product_is_indexed_unless_a_newer_one_is_there() -> None:
    event = to_sqs_records(
        [{"id": "1", "type": "product-updated", "timestamp": 7, "product": PRODUCT}]
    )

    written = run(rules, event, responses={IndexDocument: {"result": "created"}})
    late = run(rules, event, responses={IndexDocument: {}})

    (request,) = written.requests
    assert (request.params["id"], request.params["version"]) == ("p-1", 7)
    assert written.results[0].uow["result"] == "created"
    assert late.results[0].uow["result"] == "a newer one is there"


# --8<-- [end:newest]


def test_parts_are_changed_and_documents_deleted() -> None:
    events: list[dict[str, Any]] = [
        {"id": str(n), "type": kind, "timestamp": 7, "product": PRODUCT}
        for n, kind in enumerate(("product-sold", "product-deleted"))
    ]

    requests = run(
        rules, to_sqs_records(events), responses=lambda request: {"result": "updated"}
    ).requests

    assert [type(request) for request in requests] == [UpdateDocument, DeleteDocument]
    assert requests[0].params["body"]["doc"] == {"last_sold": 7}


def test_the_processor_takes_a_connector_of_its_own() -> None:
    assert processor.process_event({"Records": []}) == {"batchItemFailures": []}
