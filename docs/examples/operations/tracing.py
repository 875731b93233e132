from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

tracer = Tracer(service="orders")
rules = RuleRegistry()


@rules.register(task, event_type="order-created", emit="order-priced")
@tracer.capture_method(capture_response=False)
def price(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": sum(line["price"] for line in uow.event["lines"])}


@tracer.capture_lambda_handler(capture_response=False)
@stream_processor(rules, tracer=tracer)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
