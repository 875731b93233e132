from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import FaultPolicy, RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()
labels: list[str] = []
receipts: list[str] = []


# --8<-- [start:rules]
@rules.register(task, event_type="order-paid")
def print_label(uow: UnitOfWork) -> None:
    labels.append(uow.event["order"]["id"])


@rules.register(task, event_type="order-paid")
def send_receipt(uow: UnitOfWork) -> None:
    receipts.append(uow.event["order"]["email"])


@stream_processor(rules=rules, on_fault=FaultPolicy.PUBLISH, bus_name="event-hub")
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...


# --8<-- [end:rules]
