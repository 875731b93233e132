from __future__ import annotations

import json

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from docs.examples.migration.batch_processor.powertools import lambda_handler
from powertools_stream.local import LambdaContext


def sqs_event(*payloads: object) -> dict[str, list[dict[str, object]]]:
    return {
        "Records": [
            {
                "messageId": f"m-{n}",
                "eventSource": "aws:sqs",
                "body": json.dumps(payload),
            }
            for n, payload in enumerate(payloads)
        ]
    }


def test_a_message_that_fails_is_reported() -> None:
    good = {"type": "order-created", "order": {"id": "o-1", "lines": [{"price": 3}]}}
    bad = {"type": "order-created", "order": {"id": "o-2"}}

    response = lambda_handler(sqs_event(good, bad), LambdaContext("orders"))

    assert response == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}


def test_a_batch_of_failures_raises() -> None:
    with pytest.raises(BatchProcessingError) as caught:
        lambda_handler(sqs_event({}), LambdaContext("orders"))

    (child,) = caught.value.child_exceptions
    assert child[0] is KeyError
