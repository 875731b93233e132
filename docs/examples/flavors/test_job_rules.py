from __future__ import annotations

from typing import Any

from docs.examples.flavors.job_rules import rules
from powertools_stream.flavors import job
from powertools_stream.requests import GetItems, RemainingTime, Scan, UpdateItem
from powertools_stream.testing import drive, run, to_dynamodb_records, to_sqs_records

ROW = {"pk": "job-1", "sk": "job", "discriminator": "job", "status": "RUNNING"}
PAGES = [
    [{"pk": "o-1", "sk": "order"}, {"pk": "c-1", "sk": "customer"}],
    [{"pk": "o-2", "sk": "order"}],
]


def answer(request: Any) -> Any:
    if isinstance(request, Scan):
        if "ExclusiveStartKey" in request.params:
            return {"Items": PAGES[1]}
        return {"Items": PAGES[0], "LastEvaluatedKey": {"pk": "c-1", "sk": "customer"}}
    if isinstance(request, GetItems):
        return {"Responses": {"shop": [ROW]}}
    return 60.0 if isinstance(request, RemainingTime) else {}


# --8<-- [start:job]
def test_a_job_publishes_every_order_and_keeps_its_cursor() -> None:
    outcome = run(
        rules, to_dynamodb_records([{"new_image": ROW}], table="shop"), responses=answer
    )

    assert [event["order"]["pk"] for event in outcome.events] == ["o-1", "o-2"]
    first, last = (
        request.params
        for request in outcome.requests
        if isinstance(request, UpdateItem)
    )
    assert first["ExpressionAttributeValues"][":cursor"] == {
        "pk": "c-1",
        "sk": "customer",
    }
    assert last["ExpressionAttributeValues"] == {":status": "COMPLETED"}
    assert outcome.results[0].uow["pages"] == 2


# --8<-- [end:job]


def test_a_job_that_is_done_is_not_begun_again() -> None:
    change = {"new_image": {**ROW, "status": "COMPLETED"}, "old_image": ROW}

    assert (
        run(
            rules, to_dynamodb_records([change], table="shop"), responses=answer
        ).requests
        == []
    )


def test_a_job_of_a_queue_reads_its_cursor_itself() -> None:
    event = to_sqs_records([{"id": "1", "type": "night-fell", "timestamp": 5}])[
        "Records"
    ][0]
    uow = {"record": event, "event": {"id": "1", "type": "night-fell", "timestamp": 5}}

    outcome = drive(job, uow, rules["nightly"], answer)

    assert isinstance(outcome.requests[0], GetItems)
    assert outcome.result["items"] == 3
