from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import HttpRequest

rules = RuleRegistry()

CARRIER = "https://carrier.example.com"


@rules.register(task, event_type="order-packed", emit="parcel-priced")
def price_parcel(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    url = f"{CARRIER}/rates/{uow.event['country']}"
    answer = yield HttpRequest({"url": url}, timeout=3)
    return {"price": answer.body["price"]}
