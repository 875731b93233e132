from __future__ import annotations

import re
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import TaskRule, task
from powertools_stream.matching import out_source_is_self

rules = RuleRegistry()


# --8<-- [start:register]
@rules.register(task, event_type="order-created", params={"limit": 100})
def check_limit(uow: UnitOfWork, rule: TaskRule) -> bool:
    return bool(uow.event["total"] <= rule.params["limit"])


# --8<-- [end:register]


# --8<-- [start:ways]
def log(uow: UnitOfWork) -> None: ...


rules.add(id="as-fields", flavor=task, event_type="order-created", execute=log)
rules.add(TaskRule(id="as-a-model", event_type="order-created", execute=log))
rules.add(
    {"id": "as-a-dict", "flavor": task, "event_type": "order-created", "execute": log}
)
# --8<-- [end:ways]


# --8<-- [start:matching]
def is_large(uow: UnitOfWork) -> bool:
    return bool(uow.event["total"] > 1000)


rules.add(
    id="two-types", flavor=task, event_type=["order-paid", "order-shipped"], execute=log
)
rules.add(id="pattern", flavor=task, event_type=re.compile("^order-"), execute=log)
rules.add(
    id="function",
    flavor=task,
    event_type=lambda uow: uow.event["type"].endswith("-paid"),
    execute=log,
)
rules.add(
    id="filters",
    flavor=task,
    event_type="order-created",
    filters=[out_source_is_self, is_large],
    execute=log,
)
rules.add(id="everything", flavor=task, execute=log)
# --8<-- [end:matching]


# --8<-- [start:flavor]
def shout(uow: UnitOfWork, rule: Any) -> UnitOfWork:
    return uow.extend(text=uow.event["text"].upper() + rule["sign"])


rules.add(id="shout", flavor=shout, event_type="said", sign="!")
# --8<-- [end:flavor]
