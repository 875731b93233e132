from __future__ import annotations

import json
from threading import Event, Thread
from typing import Any

from powertools_stream import RuleRegistry, stream_processor
from powertools_stream.flavors import task
from powertools_stream.local import (
    BatchOutcome,
    EmbeddedAWS,
    LambdaFunction,
    mapping_of,
    wait_until_quiet,
)

rules = RuleRegistry()
rules.add(
    id="count-lines",
    flavor=task,
    event_type="order-created",
    execute=lambda uow: len(uow.event["lines"]),
)


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: Any) -> None: ...


# --8<-- [start:run]
PROPERTIES = {
    "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:orders",
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "FilterCriteria": {
        "Filters": [{"Pattern": json.dumps({"body": {"type": ["order-created"]}})}]
    },
}


def run(aws: EmbeddedAWS, outcomes: list[BatchOutcome]) -> bool:
    """Poll until nothing is left; return whether that took less than ten seconds."""
    mapping = mapping_of(
        PROPERTIES,
        LambdaFunction(handler),
        clients=aws.client,
        observer=outcomes.append,
    )
    assert mapping is not None  # it would be None if it was not Enabled
    stop = Event()
    thread = Thread(target=mapping.run, args=(stop,))
    thread.start()
    try:
        return wait_until_quiet([mapping], timeout=10)
    finally:
        stop.set()
        thread.join()


# --8<-- [end:run]


def test_orders_are_processed_and_everything_else_is_filtered_out() -> None:
    outcomes: list[BatchOutcome] = []
    bodies = [{"type": "order-created", "lines": ["mug"]}, {"type": "note"}]

    with EmbeddedAWS() as aws:
        url = aws.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
        for body in bodies:
            aws.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(body))
        assert run(aws, outcomes)

    assert sum(outcome.done for outcome in outcomes) == 1
