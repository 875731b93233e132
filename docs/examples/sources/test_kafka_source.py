from __future__ import annotations

from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from docs.examples.sources.kafka_source import handler_without_partial_responses, rules
from powertools_stream.requests import DeleteItem, UpdateItem
from powertools_stream.testing import run, to_kafka_records


# --8<-- [start:handler]
def test_a_customer_is_kept_and_forgotten() -> None:
    changed = {"type": "customer-changed", "customer": {"name": "Ada"}}
    batch = to_kafka_records(
        [{"value": changed, "key": "c-1"}, {"value": None, "key": "c-2"}],
        topic="customers",
    )

    outcome = run(rules, batch)

    update, delete = sorted(
        outcome.requests, key=lambda request: type(request) is DeleteItem
    )
    assert isinstance(update, UpdateItem)
    assert update.params["Key"]["pk"] == "c-1"
    assert delete.params["Key"]["pk"] == "c-2"


def test_a_record_that_fails_is_named_by_partition_and_offset() -> None:
    broken = {"value": "not JSON", "key": "c-1", "partition": 2, "offset": 15}

    outcome = run(rules, to_kafka_records([broken], topic="customers"))

    assert outcome.response == {
        "batchItemFailures": [
            {"itemIdentifier": {"partition": "customers-2", "offset": 15}}
        ],
    }


# --8<-- [end:handler]


def test_without_partial_responses_a_record_fails_the_invocation() -> None:
    no_context: Any = None

    with pytest.raises(BatchProcessingError, match="1 of 2 records failed"):
        handler_without_partial_responses(
            to_kafka_records([{"type": "other"}, "not JSON"]), no_context
        )
