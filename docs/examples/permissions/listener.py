"""Keeps orders, announces and charges them: docs/permissions.md shows its policy."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import (
    ClaimChecks,
    RuleRegistry,
    StreamProcessor,
    UnitOfWork,
    stream_processor,
)
from powertools_stream.checkpoints import DynamoDBCheckpointStore
from powertools_stream.flavors import materialize, task
from powertools_stream.requests import GetSecret, HttpRequest

rules = RuleRegistry()


@rules.register(materialize, event_type="order-created")
def keep_order(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "Key": {"pk": uow.event["id"], "sk": "order"},
        "UpdateExpression": "SET amount = :amount",
        "ExpressionAttributeValues": {":amount": uow.event["amount"]},
    }


@rules.register(task, event_type="order-created", emit="order-charged", idempotent=True)
def charge(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    key = yield GetSecret("payments-api-key")
    answer = yield HttpRequest(
        {
            "url": "https://payments.example.com/charges",
            "json": {"order": uow.event["id"], "amount": uow.event["amount"]},
            "headers": {"Authorization": f"Bearer {key}"},
        }
    )
    return {"receipt": answer.body["receipt"]}


processor = StreamProcessor(
    rules=rules,
    claim_checks=ClaimChecks({"large-events": "111122223333"}, "large-events"),
    checkpoint=DynamoDBCheckpointStore(table_name="checkpoints"),
    idempotency_store=DynamoDBPersistenceLayer("idempotency"),
)


@stream_processor(processor=processor)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""
