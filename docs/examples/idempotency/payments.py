from __future__ import annotations

from collections.abc import Generator
from typing import Any

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import HttpRequest

rules = RuleRegistry()


# --8<-- [start:rules]
@rules.register(task, event_type="order-paid", idempotent=True)
def charge(uow: UnitOfWork) -> Generator[Any, Any, None]:
    yield HttpRequest(
        {
            "url": "https://payments.example.com/charges",
            "json": {"order": uow.event["id"]},
        }
    )


@rules.register(
    task,
    event_type="order-paid",
    idempotent=IdempotencyConfig(
        event_key_jmespath="event.customer.id",
        payload_validation_jmespath="event.customer.email",
        expires_after_seconds=86_400,
    ),
)
async def welcome(uow: UnitOfWork) -> None: ...


# --8<-- [end:rules]
