from __future__ import annotations

import io
from typing import Any

from docs.examples.sinks.s3_rules import rules
from powertools_stream.connectors.s3.reads import ObjectLines
from powertools_stream.requests import (
    DeleteObject,
    GetObject,
    GetObjectLines,
    HeadObject,
    ListObjects,
    PutObject,
)
from powertools_stream.testing import run, to_sqs_records


def test_a_report_is_written_where_there_is_none() -> None:
    answers: dict[Any, Any] = {
        GetObject: {"Body": b"<h1>{name}</h1>"},
        HeadObject: lambda request: None,
        PutObject: {"ETag": "1"},
    }
    event = {"id": "e-1", "type": "report-requested", "fields": {"name": "Ada"}}

    outcome = run(rules, to_sqs_records([event]), responses=answers)

    assert outcome.results[0].uow["result"] == "written"
    assert outcome.requests[-1].params["Body"] == "<h1>Ada</h1>"


# --8<-- [start:deletes]
def test_every_file_of_a_customer_is_deleted() -> None:
    files = [{"Key": f"customers/c-1/{n}"} for n in range(3)]
    answers: dict[Any, Any] = {ListObjects: files, DeleteObject: {}}

    outcome = run(
        rules,
        to_sqs_records([{"type": "customer-forgotten", "customer_id": "c-1"}]),
        responses=answers,
    )

    deleted = [
        request.params
        for request in outcome.requests
        if isinstance(request, DeleteObject)
    ]
    assert deleted == files
    assert outcome.results[0].uow["result"] == 3


# --8<-- [end:deletes]


# --8<-- [start:lines]
def test_an_import_is_summed_up() -> None:
    content = b'{"amount": 3}\n{"amount": 4}\n'
    answers: dict[Any, Any] = {
        GetObjectLines: lambda request: ObjectLines(io.BytesIO(content))
    }

    outcome = run(
        rules,
        to_sqs_records([{"type": "import-requested", "key": "a.jsonl"}]),
        responses=answers,
    )

    assert outcome.results[0].uow["result"] == 7


# --8<-- [end:lines]


def test_an_order_that_is_there_stays() -> None:
    order = {"id": "e-1", "type": "order-created", "partition_key": "o-1"}

    first = run(rules, to_sqs_records([order]), responses={PutObject: {"ETag": "1"}})
    again = run(rules, to_sqs_records([order]), responses={PutObject: {}})

    assert first.results[0].uow["result"] is True
    assert again.results[0].uow["result"] is False
    assert again.response == {"batchItemFailures": []}
