from __future__ import annotations

import json
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task
from powertools_stream.local import EmbeddedAWS, LambdaFunction, SQSPoller, drain

rules = RuleRegistry()


@rules.register(task, event_type="order-created")
def count_lines(uow: UnitOfWork) -> int:
    return len(uow.event["lines"])


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: Any) -> None: ...


def test_a_batch_of_which_one_order_fails() -> None:
    orders = [{"type": "order-created", "lines": ["mug"]}, {"type": "order-created"}]

    with EmbeddedAWS() as aws:
        url = aws.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
        for order in orders:
            aws.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(order))
        poller = SQSPoller(LambdaFunction(handler), url, batch_size=10, retry_delay=0)
        first, second = drain(poller, rounds=2)

    assert len(first.event["Records"]) == 2
    assert len(first.response["batchItemFailures"]) == 1
    # Only the reported record was delivered again. A batch that failed entirely is an
    # error: BatchProcessingError.
    assert len(second.event["Records"]) == 1
    assert second.error is not None
