from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()
store = DynamoDBPersistenceLayer(table_name="idempotency")


# --8<-- [start:rule]
@rules.register(task, event_type="order-paid")
@idempotent_function(
    data_keyword_argument="uow",
    config=IdempotencyConfig(event_key_jmespath="event.id"),
    persistence_store=store,
)
def charge(uow: UnitOfWork) -> dict[str, Any]:
    return {"charged": uow.event["order"]["total"]}


# --8<-- [end:rule]


@stream_processor(rules)
def handler(event: dict[str, Any], context: Any) -> None: ...
