from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import Rule, RuleRegistry, UnitOfWork
from powertools_stream.flavors import call, get_items
from powertools_stream.requests import PutEvent


# --8<-- [start:flavor]
def notify(uow: UnitOfWork, rule: Rule) -> Generator[Any, Any, UnitOfWork]:
    request = yield from call(rule["to_get_request"], uow)
    response = yield from get_items(request, "customers")
    (customer,) = response["Responses"]["customers"]

    event = {**uow.event, "type": "customer-notified", "name": customer["name"]}
    yield PutEvent(event)
    return uow.extend(emit=event)


# --8<-- [end:flavor]

rules = RuleRegistry(
    [
        {
            "id": "notify-customers",
            "flavor": notify,
            "event_type": "order-shipped",
            "filters": [lambda uow: uow.event["by_mail"]],
            "to_get_request": lambda uow: {"Keys": [{"pk": uow.event["customer_id"]}]},
        }
    ]
)
