from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import Rule, RuleRegistry, UnitOfWork
from powertools_stream.requests import GetItems, PutEvent


def announce(uow: UnitOfWork, rule: Rule) -> Generator[Any, Any, UnitOfWork]:
    """Publish the event together with the customer's name."""
    key = {"pk": uow.event["customer_id"], "sk": "customer"}
    response = yield GetItems({"Keys": [key]}, table_name=rule["table_name"])
    (customer,) = response["Responses"][rule["table_name"]]

    event = {**uow.event, "type": "order-announced", "customer": customer["name"]}
    published = yield PutEvent(event)

    return uow.extend(emit=event, publish_response=published)


rules = RuleRegistry()
rules.add(
    id="announce-orders",
    flavor=announce,
    event_type="order-created",
    table_name="customers",
)
