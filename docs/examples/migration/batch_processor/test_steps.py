from __future__ import annotations

from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from docs.examples.idempotency.test_payments import InMemoryPersistenceLayer
from docs.examples.migration.batch_processor import (
    asking,
    asynchronous,
    drop_in,
    fifo,
    first_rule,
    once,
    parsed,
    powertools,
    rules_only,
)
from docs.examples.migration.batch_processor.hooks import OrderProcessor
from powertools_stream.local import LambdaContext
from powertools_stream.requests import PutEvent, UpdateItem
from powertools_stream.testing import run, to_sqs_records

CONTEXT: Any = LambdaContext("orders")
GOOD = {"type": "order-created", "order": {"id": "o-1", "lines": [{"price": 3}]}}
CANCELLED = {"type": "order-cancelled", "order": {"id": "o-3"}}
BAD = {"type": "order-created", "order": {"id": "o-2"}}
STEPS = (powertools, drop_in, first_rule, rules_only)


def test_each_step_gives_the_same_response() -> None:
    event = to_sqs_records([GOOD, BAD, CANCELLED])
    failed = event["Records"][1]["messageId"]

    for step in STEPS:
        response = step.lambda_handler(event, CONTEXT)

        assert response == {"batchItemFailures": [{"itemIdentifier": failed}]}


def test_each_step_raises_if_the_whole_batch_fails() -> None:
    for step in STEPS:
        with pytest.raises(BatchProcessingError) as caught:
            step.lambda_handler(to_sqs_records([BAD]), CONTEXT)

        (child,) = caught.value.child_exceptions
        assert str(child[1]) == "'lines'"


def test_a_body_that_is_no_json_fails_alone() -> None:
    event = to_sqs_records([GOOD, {"body": "plain text"}])
    failed = event["Records"][1]["messageId"]

    for step in STEPS:
        response = step.lambda_handler(event, CONTEXT)

        assert response == {"batchItemFailures": [{"itemIdentifier": failed}]}


def test_what_rules_ask_for_shares_calls() -> None:
    outcome = run(asking.rules, to_sqs_records([GOOD, GOOD]))

    kinds = [type(request) for request in outcome.requests]
    assert (
        sorted(kind.__name__ for kind in kinds) == ["PutEvent"] * 2 + ["UpdateItem"] * 2
    )
    assert PutEvent in kinds
    assert UpdateItem in kinds
    assert [event["total"] for event in outcome.events] == [3, 3]


def test_the_hooks_of_a_subclass_are_called_as_before() -> None:
    processor = OrderProcessor(rules=rules_only.rules)
    event = to_sqs_records([GOOD, BAD])

    process_partial_response(
        event=event,
        record_handler=None,  # type: ignore[arg-type]
        processor=processor,
        context=CONTEXT,
    )

    assert processor.done == [event["Records"][0]["messageId"]]
    assert processor.failed == ["KeyError: 'lines'"]


def test_fifo_queues_stop_where_they_did() -> None:
    messages = [
        {"body": "bad", "group_id": "a"},
        {"body": "good", "group_id": "b"},
        {"body": "good", "group_id": "a"},
    ]
    event = to_sqs_records(messages, fifo=True)
    first, second, third = (record["messageId"] for record in event["Records"])

    for processor, expected in (
        (fifo.stops_at_a_failure, [first, second, third]),
        (fifo.stops_at_a_failure_here, [first, second, third]),
        (fifo.stops_its_group, [first, third]),
        (fifo.stops_its_group_here, [first, third]),
    ):
        processor.raise_on_entire_batch_failure = False
        response = process_partial_response(
            event=event,
            record_handler=fail_on_bad,
            processor=processor,
            context=CONTEXT,
        )

        reported = [one["itemIdentifier"] for one in response["batchItemFailures"]]
        assert reported == expected


def fail_on_bad(record: Any) -> None:
    if record.body == "bad":
        raise ValueError("Bad.")


def test_coroutines_run_side_by_side_in_both() -> None:
    event = to_sqs_records([GOOD, GOOD])

    assert asynchronous.lambda_handler(event, CONTEXT) == {"batchItemFailures": []}
    assert asynchronous.lambda_handler_here(event, CONTEXT) == {"batchItemFailures": []}


def test_an_order_that_does_not_fit_its_model_is_reported_in_both() -> None:
    fits = {"type": "order-created", "order_id": "o-1", "total": 100}
    event = to_sqs_records([fits, {**fits, "total": "much"}])
    for record in event["Records"]:
        record["attributes"].setdefault("SenderId", "AIDA")

    failed = event["Records"][1]["messageId"]
    expected = {"batchItemFailures": [{"itemIdentifier": failed}]}
    assert parsed.lambda_handler(event, CONTEXT) == expected
    assert parsed.lambda_handler_here(event, CONTEXT) == expected


def test_an_order_is_charged_once_however_often_it_is_delivered() -> None:
    paid = {"id": "p-1", "type": "order-paid", "order": {"total": 7}}
    store = InMemoryPersistenceLayer()
    once.charges.clear()

    for _ in range(2):
        run(once.rules, to_sqs_records([paid]), idempotency_store=store)

    assert once.charges == [7]
    assert once.processor_here.options.idempotency_store is once.store
