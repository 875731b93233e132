"""The function as deployed next: without an e-mail address, the receipt is a letter."""

from __future__ import annotations

from typing import Any

from docs.examples.operations.poison_record.listener import (
    handler_of,
    logger,
    print_label,
)
from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task

rules = RuleRegistry()
rules.register(task, event_type="order-paid")(print_label)


# --8<-- [start:mended]
@rules.register(task, event_type="order-paid", emit="receipt-sent")
def send_receipt(uow: UnitOfWork) -> dict[str, Any]:
    to = uow.event["customer"].get("email", "the parcel")
    logger.info("Receipt written")
    return {"to": to}


# --8<-- [end:mended]

handler = handler_of(rules)
