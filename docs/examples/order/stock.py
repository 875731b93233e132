from __future__ import annotations

from powertools_stream import FaultPolicy, RuleRegistry, UnitOfWork
from powertools_stream.flavors import task

rules = RuleRegistry()
moving_on = RuleRegistry()


def whole_number(by: object) -> int:
    if not isinstance(by, int):
        raise TypeError(f"Expected a number, found {by!r}.")
    return by


# --8<-- [start:ordered]
@rules.register(task, event_type="stock-moved")
def move_stock(uow: UnitOfWork) -> int:
    return whole_number(uow.event["by"])


# --8<-- [end:ordered]
# --8<-- [start:unordered]
@rules.register(task, event_type="stock-moved", ordered=False)
def count_movement(uow: UnitOfWork) -> str:
    return str(uow.event["item"])


# --8<-- [end:unordered]
# --8<-- [start:aside]
moving_on.add(
    id="move_stock",
    flavor=task,
    event_type="stock-moved",
    execute=move_stock,
    on_fault=FaultPolicy.PUBLISH,
)
# --8<-- [end:aside]
