from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import materialize, task
from powertools_stream.matching import out_source_is_self

rules = RuleRegistry()


# --8<-- [start:model]
class OrderCreated(BaseModel):
    id: str
    total: float


@rules.register(task, event_type="order-created", event_model=OrderCreated)
def with_tax(uow: UnitOfWork) -> float:
    return float(uow.model.total * 1.19)


# --8<-- [end:model]


# --8<-- [start:compact]
@rules.register(
    materialize, event_type="position-changed", compact=True, table_name="positions"
)
def keep_position(uow: UnitOfWork) -> dict[str, Any]:
    fields = {"at": uow.event["at"], "moves": len(uow.batch)}
    return {
        "Key": {"pk": uow.event["partition_key"], "sk": "position"},
        **update_expression(fields),
    }


rules.add(
    id="by_site",
    flavor=task,
    event_type="position-changed",
    compact={"group_key": "event.site", "sort_key": "event.sequence"},
    execute=lambda uow: [one.event["id"] for one in uow.batch],
)
# --8<-- [end:compact]


# --8<-- [start:filters]
@rules.register(
    task, event_type="order-shipped", filters=[out_source_is_self], emit="order-tracked"
)
def track(uow: UnitOfWork) -> dict[str, Any]:
    return {"parcel": uow.event["parcel"]}


# --8<-- [end:filters]
