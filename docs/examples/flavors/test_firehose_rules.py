from __future__ import annotations

from docs.examples.flavors.firehose_rules import rules
from powertools_stream.requests import GetItems
from powertools_stream.testing import read_firehose_answer, run, to_firehose_records


# --8<-- [start:transform]
def test_an_order_becomes_a_row() -> None:
    created = {
        "type": "order-created",
        "order": {"id": "o-1", "lines": [{"price": 40}, {"price": 2}]},
    }

    outcome = run(rules, to_firehose_records([created]))

    assert read_firehose_answer(outcome.response) == [
        ("Ok", b'{"id":"o-1","total":42}\n')
    ]
    assert outcome.results[0].uow["transformed"] == {"id": "o-1", "total": 42}


# --8<-- [end:transform]


def test_a_shipment_becomes_a_row_for_each_parcel() -> None:
    shipped = {
        "type": "order-shipped",
        "order": {"id": "o-1"},
        "parcels": ["p-1", "p-2"],
    }

    answer = run(
        rules, to_firehose_records([shipped, {**shipped, "parcels": []}])
    ).response

    rows = b'{"order":"o-1","parcel":"p-1"}\n{"order":"o-1","parcel":"p-2"}\n'
    assert read_firehose_answer(answer) == [("Ok", rows), ("Dropped", b"")]


def test_an_invoice_goes_as_it_is_where_its_customer_and_month_say() -> None:
    sent = {"type": "invoice-sent", "customer": "c-1", "timestamp": 1767225600000}

    (answer,) = run(rules, to_firehose_records([sent])).response["records"]

    assert answer["metadata"] == {
        "partitionKeys": {"customer": "c-1", "month": "2026-01"}
    }


def test_a_customer_that_is_deleted_leaves_the_table() -> None:
    deleted = {"type": "customer-deleted", "customer": {"id": "c-1"}}

    (answer,) = run(rules, to_firehose_records([deleted])).response["records"]

    assert answer["metadata"] == {
        "otfMetadata": {"destinationTableName": "customers", "operation": "delete"}
    }


def test_a_payment_is_told_with_the_country_of_its_customer() -> None:
    paid = {"type": "order-paid", "customer": "c-1", "order": {"id": "o-1"}}
    found = {
        "Responses": {"customers": [{"pk": "c-1", "sk": "customer", "country": "CH"}]}
    }

    answer = run(
        rules, to_firehose_records([paid]), responses={GetItems: found}
    ).response

    assert read_firehose_answer(answer) == [("Ok", b'{"order":"o-1","country":"CH"}\n')]


# --8<-- [start:drop]
def test_heartbeats_and_tests_are_dropped() -> None:
    batch = to_firehose_records(
        [
            {"type": "heartbeat"},
            {"type": "page-viewed", "tags": {"test": True}},
            {"type": "page-viewed"},
        ]
    )

    answer = run(rules, batch).response

    assert [result for result, _ in read_firehose_answer(answer)] == [
        "Dropped",
        "Dropped",
        "Ok",
    ]


# --8<-- [end:drop]
