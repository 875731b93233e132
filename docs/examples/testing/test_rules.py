from __future__ import annotations

from typing import Any

from docs.examples.testing.rules import keep_order, rules
from powertools_stream import UnitOfWork
from powertools_stream.call_options import RetryPolicy
from powertools_stream.errors import RequestFailedError
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import materialize
from powertools_stream.outcomes import Reason
from powertools_stream.requests import UpdateItem
from powertools_stream.testing import assert_unchanged, drive, run, to_kinesis_records

ACCEPTED = {"type": "order-accepted", "partition_key": "o-1", "total": 7}


# --8<-- [start:run]
def test_an_accepted_order_is_written_to_the_view() -> None:
    outcome = run(rules, to_kinesis_records([ACCEPTED]))

    (update,) = outcome.requests
    assert isinstance(update, UpdateItem)
    assert update.params["Key"] == {"pk": "o-1", "sk": "order"}
    assert update.params["ExpressionAttributeValues"] == {
        ":total": 7,
        ":status": "ACCEPTED",
    }
    assert outcome.response == {"batchItemFailures": []}


# --8<-- [end:run]


# --8<-- [start:function]
def test_the_key_is_made_from_the_partition_key() -> None:
    uow = UnitOfWork(event=ACCEPTED)

    assert keep_order(uow)["Key"] == {"pk": "o-1", "sk": "order"}


# --8<-- [end:function]


# --8<-- [start:drive]
def test_the_view_row_is_left_in_the_unit_of_work() -> None:
    row = {"pk": "o-1", "sk": "order", "total": 7}

    driven = drive(
        materialize,
        UnitOfWork(event=ACCEPTED),
        rules["keep_order"],
        [{"Attributes": row}],
    )

    (result,) = driven.results
    assert result["update_response"]["Attributes"] == row


# --8<-- [end:drive]


# --8<-- [start:unchanged]
def test_the_key_is_made_without_a_change_of_the_event() -> None:
    uow = UnitOfWork(event=dict(ACCEPTED))

    with assert_unchanged(uow):
        keep_order(uow)


# --8<-- [end:unchanged]


# --8<-- [start:unmatched]
def test_every_order_has_a_rule() -> None:
    outcome = run(
        rules, to_kinesis_records([ACCEPTED, {**ACCEPTED, "type": "order-acepted"}])
    )

    (misspelled,) = outcome.unmatched
    assert misspelled["kinesis"]["partitionKey"] == "o-1"


# --8<-- [end:unmatched]


# --8<-- [start:checks]
def test_a_condition_needs_the_timestamp() -> None:
    def keep(uow: UnitOfWork) -> dict[str, Any]:
        row = {"total": uow.event["total"]}  # "timestamp" is missing
        return {"Key": {"pk": "1"}, **update_expression(row), **timestamp_condition()}

    rule = {
        "id": "keep",
        "flavor": materialize,
        "to_update_request": keep,
        "table_name": "orders",
    }
    outcome = run([rule], to_kinesis_records([ACCEPTED]))

    assert ":timestamp is not among the ExpressionAttributeValues" in str(
        outcome.faults[0].error
    )


# --8<-- [end:checks]


# --8<-- [start:responses]
def test_an_order_that_is_throttled_for_too_long_is_sent_again() -> None:
    throttled = RequestFailedError("ThrottlingException", "Rate exceeded")
    event = to_kinesis_records([ACCEPTED])

    outcome = run(
        rules,
        event,
        responses={UpdateItem: throttled},
        retry=RetryPolicy(max_attempts=1),
    )

    assert outcome.faults[0].reason is Reason.RETRYABLE
    assert outcome.response["batchItemFailures"] != []


# --8<-- [end:responses]
