from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, ClassVar

from powertools_stream import RuleRegistry, UnitOfWork, flavor
from powertools_stream.flavors import (
    PublishingRule,
    call,
    get_items,
    publish_all,
    split,
)

Asking = Generator[Any, Any, Any]


# --8<-- [start:model]
class NotifyRule(PublishingRule):
    """A rule of the flavor `notify`: its own fields, `bus_name` and `source`."""

    user_functions: ClassVar[dict[str, tuple[str, ...]]] = {"to_get_request": ()}

    split_on: str
    to_get_request: Callable[..., Any]


# --8<-- [end:model]


# --8<-- [start:flavor]
@flavor(model=NotifyRule, main="to_get_request")
def notify(uow: UnitOfWork, rule: NotifyRule) -> Asking:
    parts = split(uow, uow.event[rule.split_on], "split")
    done = yield [notify_of_line(part, rule) for part in parts]
    return [result for results in done for result in results]


def notify_of_line(uow: UnitOfWork, rule: NotifyRule) -> Asking:
    request = yield from call(rule.to_get_request, uow)
    response = yield from get_items(request, "customers")
    (customer,) = response["Responses"]["customers"]
    if not customer["by_mail"]:
        return []
    event = {
        "id": f"{uow.event['id']}.{uow['split']['sku']}",
        "type": "customer-notified",
        "timestamp": uow.event["timestamp"],
        "partition_key": uow.event["partition_key"],
        "name": customer["name"],
        "sku": uow["split"]["sku"],
    }
    return (yield from publish_all([event], uow, rule))


# --8<-- [end:flavor]

# --8<-- [start:rule]
rules = RuleRegistry()


@rules.register(
    notify, id="notify-customers", event_type="order-shipped", split_on="lines"
)
def customer_key(uow: UnitOfWork) -> dict[str, Any]:
    return {"Keys": [{"pk": uow.event["customer_id"]}]}


# --8<-- [end:rule]
