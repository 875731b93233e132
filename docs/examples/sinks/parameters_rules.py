from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import GetParameter, GetSecret, HttpRequest

rules = RuleRegistry()


# --8<-- [start:parameter]
@rules.register(task, event_type="order-created", emit="order-priced")
def price(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    rates = yield GetParameter("/shop/vat-rates", transform="json", max_age=60)
    net = sum(line["price"] for line in uow.event["lines"])
    return {"gross": round(net * (1 + rates[uow.event["country"]]), 2)}


# --8<-- [end:parameter]


# --8<-- [start:secret]
@rules.register(task, event_type="order-shipped")
def announce(uow: UnitOfWork) -> Generator[Any, Any, None]:
    token = yield GetSecret("shop/carrier-token")
    yield HttpRequest(
        {
            "url": "https://carrier.example.com/parcels",
            "headers": {"Authorization": f"Bearer {token}"},
            "json": {"order": uow.event["order_id"]},
        }
    )


# --8<-- [end:secret]
