from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RetryableError, RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task
from powertools_stream.sources import SQSSource

rules = RuleRegistry()


# --8<-- [start:handler]
@rules.register(task, event_type="order-created", emit="order-accepted")
def accept_order(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": sum(line["price"] for line in uow.event["order"]["lines"])}


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""


# --8<-- [end:handler]


# --8<-- [start:options]
# The queue's redrive policy gives up on a message after its third receive.
queue = SQSSource(max_receive_count=3)


@stream_processor(rules=rules, source=queue)
def handler_of_a_queue_with_a_dead_letter_queue(
    event: dict[str, Any], context: LambdaContext
) -> None: ...


# --8<-- [end:options]


@rules.register(task, event_type="payment-requested")
def take_payment(uow: UnitOfWork) -> None:
    raise RetryableError("The bank is closed.")
