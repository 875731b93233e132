from __future__ import annotations

import os
from typing import Any
from unittest.mock import patch

from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
)

from docs.examples.processor import (
    decoder,
    drop_in,
    results,
    several_sources,
    step_by_step,
)
from powertools_stream.local import LambdaContext
from powertools_stream.testing import (
    to_dynamodb_records,
    to_schedule_event,
    to_sqs_records,
)

CONTEXT: Any = LambdaContext("orders")
EVENT = to_sqs_records(
    [
        {"type": "order-created", "order": {"lines": [{"price": 3}]}},
        {"type": "order-created", "order": {}},
        {"type": "order-created"},
    ]
)
FIRST, SECOND, THIRD = (record["messageId"] for record in EVENT["Records"])


def test_a_record_handler_alone_needs_no_events() -> None:
    event = to_sqs_records(["plain text"])

    assert drop_in.handler(event, CONTEXT) == {"batchItemFailures": []}


def test_rules_and_record_handler_both_run_and_either_may_fail_the_record() -> None:
    response = step_by_step.handler(EVENT, CONTEXT)

    assert response == {
        "batchItemFailures": [{"itemIdentifier": SECOND}, {"itemIdentifier": THIRD}]
    }


def test_what_the_handler_returns_is_merged_under_the_response() -> None:
    response = results.handler(EVENT, CONTEXT)

    assert response["totals"] == [3]
    assert response["failed"] == [SECOND, THIRD]
    assert len(response["batchItemFailures"]) == 2


def test_one_handler_receives_from_several_sources() -> None:
    visit = {"site": "berlin", "date": "2026-01-01", "discriminator": "visit"}
    batches = [
        to_dynamodb_records([{"new_image": visit}], key=("site", "date")),
        to_sqs_records([{"type": "visit-imported", "partition_key": "paris"}]),
    ]

    for batch in batches:
        assert several_sources.handler(batch, CONTEXT) == {"batchItemFailures": []}
    several_sources.handler(to_schedule_event(), CONTEXT)


def test_payloads_are_decoded_by_another_library() -> None:
    order = {
        "id": "1",
        "type": "order-created",
        "order": {"lines": [{"sku": "a"}]},
        "large": 2**70,
    }

    assert decoder.handler(to_sqs_records([order]), None) == {"batchItemFailures": []}


def test_a_function_of_a_rule_is_idempotent() -> None:
    with patch.dict(os.environ, {"AWS_DEFAULT_REGION": "eu-central-1"}):
        from docs.examples.processor import idempotent

    rows: dict[str, Any] = {}

    def put(data_record: Any) -> None:
        if data_record.idempotency_key in rows:
            raise IdempotencyItemAlreadyExistsError(
                old_data_record=rows[data_record.idempotency_key]
            )
        rows[data_record.idempotency_key] = data_record

    def update(data_record: Any) -> None:
        rows[data_record.idempotency_key] = data_record

    event = to_sqs_records([{"id": "1", "type": "order-paid", "order": {"total": 3}}])

    with patch.multiple(idempotent.store, _put_record=put, _update_record=update):
        for _ in range(2):
            assert idempotent.handler(event, LambdaContext("orders")) == {
                "batchItemFailures": []
            }

    (row,) = rows.values()
    assert row.response_data == '{"charged": 3}'
