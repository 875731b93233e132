from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task

rules = RuleRegistry()


@rules.register(task, event_type="order-submitted")
def print_label(uow: UnitOfWork) -> dict[str, Any]:
    return {"to": uow.event["order"].get("email", "nobody")}  # was ["email"]
