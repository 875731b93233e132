from __future__ import annotations

from docs.examples.sinks.dynamodb_rules import rules
from powertools_stream.requests import GetItems, Query, UpdateItem
from powertools_stream.testing import run, to_sqs_records

ORDER = {
    "type": "order-created",
    "order": {"id": "o-1", "customer": "c-1", "skus": ["a", "b"]},
}
STOCK = {
    "Responses": {
        "stock": [
            {"pk": "a", "sk": "stock", "left": 3},
            {"pk": "b", "sk": "stock", "left": 0},
        ]
    }
}


def test_a_reading_is_put_under_its_sensor_and_time() -> None:
    taken = {
        "type": "reading-taken",
        "timestamp": 1_767_225_600_000,
        "reading": {"sensor": "s-1", "celsius": 0.1},
    }

    outcome = run(rules, to_sqs_records([taken]))

    (put,) = outcome.requests
    assert put.params["Item"] == {
        "sensor": "s-1",
        "taken_at": 1_767_225_600_000,
        "celsius": 0.1,
    }


# --8<-- [start:reads]
def test_a_reservation_says_what_is_short() -> None:
    outcome = run(
        rules,
        to_sqs_records([ORDER]),
        responses={GetItems: STOCK, Query: [{"pk": "h-1"}]},
    )

    update = outcome.requests[-1]
    assert update.params["ExpressionAttributeValues"] == {":short": ["b"], ":holds": 1}
    assert outcome.results[0].uow["result"] == {"is_new": True}


def test_a_reservation_that_is_there_already_is_no_failure() -> None:
    outcome = run(
        rules,
        to_sqs_records([ORDER]),
        responses={GetItems: STOCK, Query: [], UpdateItem: {}},
    )

    assert outcome.results[0].uow["result"] == {"is_new": False}
    assert outcome.response == {"batchItemFailures": []}


# --8<-- [end:reads]
