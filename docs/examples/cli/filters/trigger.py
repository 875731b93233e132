"""Publishes the changes of orders, but for those that the listener has made."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import cdc

rules = RuleRegistry()


@rules.register(cdc, event_type=["order-created", "order-updated"])
def publish_order(uow: UnitOfWork) -> dict[str, Any]:
    return {"type": "order-submitted", "order": uow.event["raw"]["new"]}


@stream_processor(rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
