from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from docs.examples.sources.step_functions_source import rules
from powertools_stream import RetryableError
from powertools_stream.requests import UpdateItem
from powertools_stream.testing import run, to_distributed_map_event


# --8<-- [start:handler]
def test_a_bad_order_does_not_hold_up_the_backfill() -> None:
    good = {"id": "o-1", "type": "order-created", "total": 42}
    bad = {"id": "o-2", "type": "order-created"}
    event = to_distributed_map_event(
        [good, bad], batch_input={"execution": "backfill-1"}
    )

    outcome = run(rules, event)

    assert [
        request.params["Key"]
        for request in outcome.requests
        if isinstance(request, UpdateItem)
    ] == [{"pk": "o-1"}]
    assert [str(fault.error) for fault in outcome.faults] == ["'total'"]


def test_an_outage_fails_the_batch_so_that_the_state_machine_tries_again() -> None:
    event = to_distributed_map_event(
        [{"id": "o-1", "type": "order-created", "total": 42}],
        batch_input={"execution": "backfill-1"},
    )

    with pytest.raises(BatchProcessingError) as failed:
        run(rules, event, responses={UpdateItem: RetryableError("The table is busy.")})

    assert failed.type.__name__ in retried_errors()


# --8<-- [end:handler]


def retried_errors() -> list[str]:
    machine: dict[str, Any] = json.loads(
        Path(__file__).with_name("backfill.asl.json").read_text(encoding="utf-8")
    )
    (retry,) = machine["States"]["Backfill"]["ItemProcessor"]["States"]["Process"][
        "Retry"
    ]
    errors: list[str] = retry["ErrorEquals"]
    return errors
