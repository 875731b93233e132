from __future__ import annotations

import io
import json
from collections.abc import Generator
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import (
    RuleRegistry,
    StreamProcessor,
    UnitOfWork,
    stream_processor,
)
from powertools_stream.flavors import task
from powertools_stream.requests import Call
from powertools_stream.testing import to_sqs_records

logger = Logger(service="orders")
rules = RuleRegistry()


def stock_of(sku: str) -> int:
    logger.info("Looking up %s", sku)  # on a worker thread
    return 4


@rules.register(task, event_type="order-created")
def reserve(uow: UnitOfWork) -> Generator[Any, Any, int]:
    logger.info("Reserving")
    stock: int = yield Call(stock_of, uow.event["sku"])
    logger.info("Reserved")
    return stock - 1


@stream_processor(rules, logger=logger)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...


def test_each_line_says_which_rule_was_at_work_on_what() -> None:
    written = io.StringIO()
    logger.handlers[0].setStream(written)  # type: ignore[attr-defined]
    event = to_sqs_records(
        [{"id": "1", "type": "order-created", "partition_key": "order-1", "sku": "a"}]
    )

    StreamProcessor(rules=rules, logger=logger).process_event(event)

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    of_rules = [line for line in lines if "rule_id" in line]
    assert [line["message"] for line in of_rules] == [
        "Reserving",
        "Looking up a",
        "Reserved",
    ]
    for line in of_rules:
        assert line["rule_id"] == "reserve"
        assert (line["event_id"], line["event_type"]) == ("1", "order-created")
        assert line["record_id"] == event["Records"][0]["messageId"]
        assert line["correlation_id"] == "order-1"
    assert lines[-1]["batch"]["rule_runs"] == 1
