"""What `powertools-stream filters` prints of it is in docs/cli/filters.md."""

from __future__ import annotations

import re
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import materialize, task

rules = RuleRegistry()


@rules.register(materialize, event_type=["order-submitted", "order-paid"])
def keep_order(uow: UnitOfWork) -> dict[str, Any]:
    key = {"pk": uow.event["order"]["id"], "sk": "order"}
    return {
        "Key": key,
        **update_expression({"status": uow.event["type"], "latched": True}),
    }


@rules.register(task, event_type=re.compile("^customer-"), emit="customer-noted")
def note_customer(uow: UnitOfWork) -> dict[str, Any]:
    return {"customer": uow.event["customer"]}


@stream_processor(rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
