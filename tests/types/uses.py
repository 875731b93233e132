"""Right and wrong uses of the public signatures, for type checkers: `test_types` runs them on this file.

A wrong use has a comment that ignores its error. One that is no error, because a signature says too little, is an error
by that comment: it is unused. So is a right use that a signature refuses.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true, reportUnusedFunction=false

from __future__ import annotations

import logging
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from typing_extensions import assert_type

from powertools_stream import (
    Compact,
    EventType,
    FaultPolicy,
    Rule,
    RuleRegistry,
    StreamProcessor,
    UnitOfWork,
    flavor,
    stream_processor,
)
from powertools_stream.flavors import TaskRule, cdc, collect, evaluate, expired, materialize, task
from powertools_stream.matching import changed
from powertools_stream.requests import GetItems, PutEvent
from powertools_stream.testing import drive

rules = RuleRegistry()

# -- register ----------------------------------------------------------------------------------------------------------


@rules.register(task, event_type="order-created", emit="order-accepted")
def accept(uow: UnitOfWork) -> int:
    return len(uow.event["lines"])


assert_type(accept(UnitOfWork()), int)


@rules.register(task, id="other", event_type=["a", "b"], filters=[changed("status")], on_fault=FaultPolicy.PUBLISH)
def accept_all(uow: UnitOfWork, rule: TaskRule) -> Generator[Any, Any, str]:
    yield PutEvent({"type": rule.id})
    return rule.result_key


@rules.register(materialize, event_type=re.compile("^order-"), compact={"group_key": "event.order.id"}, rate=(10, 1))
async def to_view(uow: UnitOfWork) -> dict[str, Any]:
    return {"Key": {"pk": uow.event["id"]}}


@rules.register(evaluate, emit="order-completed", compact=Compact(sort_key="event.n"))
def is_complete(uow: UnitOfWork) -> bool:
    return True


@rules.register(task, event_typ="order-created")  # type: ignore[call-arg]
def misspells(uow: UnitOfWork) -> None: ...


@rules.register(task, event_type=EventType.SQS)  # type: ignore[arg-type]
def names_a_source(uow: UnitOfWork) -> None: ...


@rules.register(task, execute=accept)  # type: ignore[call-arg]
def gives_the_function_twice(uow: UnitOfWork) -> None: ...


@rules.register(cdc, execute=accept)  # type: ignore[call-arg]
def has_a_field_of_another_flavor(uow: UnitOfWork) -> None: ...


@rules.register(evaluate, event_type="order-created")  # type: ignore[call-arg]
def lacks_a_field(uow: UnitOfWork) -> bool:
    return True


@rules.register(task, ordered="yes")  # type: ignore[arg-type]
def has_a_field_of_another_type(uow: UnitOfWork) -> None: ...


rules.register(event_type="order-created")  # type: ignore[call-arg]
rules.register(accept)  # type: ignore[arg-type]
rules.register(expired)  # type: ignore[arg-type]

# -- add ---------------------------------------------------------------------------------------------------------------

assert_type(rules.add(id="a", flavor=collect, event_type="order-created", correlation_key="order.id"), Rule)
rules.add(id="b", flavor=task, execute=accept, emit="order-accepted", params={"table": "orders"})
rules.add(id="c", flavor=expired)
rules.add(TaskRule(id="d", event_type="order-created", execute=accept))
rules.add({"id": "e", "flavor": task, "execute": accept})

rules.add(flavor=task, execute=accept)  # type: ignore[call-overload]
rules.add(id="f", flavor=task, exectue=accept)  # type: ignore[call-overload]
rules.add(id="g", flavor=task, execute="accept")  # type: ignore[call-overload]
rules.add(id="h", flavor=materialize, event_type="order-created")  # type: ignore[call-overload]
rules.add(id="i", flavor=expired, to_event=accept)  # type: ignore[call-overload]
rules.add(task, id="j", execute=accept)  # type: ignore[call-overload]
rules.add(id="k", execute=accept)  # type: ignore[call-overload]

# -- models ------------------------------------------------------------------------------------------------------------

TaskRule(id="l", exectue=accept)  # type: ignore[call-arg]
TaskRule(id="m", execute=accept, emit=5)  # type: ignore[arg-type]
TaskRule(execute=accept)  # type: ignore[call-arg]

# -- flavors of one's own ----------------------------------------------------------------------------------------------


class GreetRule(Rule):
    to_name: str


@flavor(model=GreetRule, main="to_name", asks=[GetItems])
def greet(uow: UnitOfWork, rule: GreetRule) -> UnitOfWork:
    return uow.extend(name=rule.to_name)


@rules.register(greet, event_type="order-created", anything="goes")
def to_name(uow: UnitOfWork) -> str:
    return str(uow.event["name"])


def plain(uow: UnitOfWork, rule: Rule) -> UnitOfWork:
    return uow


rules.add(id="n", flavor=greet, event_type="order-created", to_name=to_name)
rules.add(id="o", flavor=plain, event_type="order-created", table="orders")
rules.add(id="p", flavor=lambda uow, rule: uow, anything="goes")
assert_type(greet(UnitOfWork(), GreetRule(id="q", to_name="name")), UnitOfWork)
drive(task, UnitOfWork(), TaskRule(id="r", execute=accept))
drive(greet, UnitOfWork())

greet(UnitOfWork(), TaskRule(id="s", execute=accept))  # type: ignore[arg-type]
task(UnitOfWork(), GreetRule(id="t", to_name="name"))  # type: ignore[arg-type]

# -- the processor -----------------------------------------------------------------------------------------------------


@stream_processor(rules=rules, logger=Logger(), tracer=Tracer(), metrics=Metrics(), bus_name="orders")
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...


@stream_processor(rules, event_type=EventType.SQS, logger=logging.getLogger(), keep_results=False)
def another(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return {"seen": True}


@stream_processor([{"id": "u", "flavor": task, "execute": accept}])
def of_dicts(event: dict[str, Any], context: LambdaContext) -> None: ...


@stream_processor(processor=StreamProcessor(EventType.SQS, rules=rules, on_fault=FaultPolicy.PUBLISH))
def with_a_processor(event: dict[str, Any], context: LambdaContext) -> None: ...


class OwnTracer:
    @property
    def provider(self) -> OwnTracer:
        return self

    @contextmanager
    def in_subsegment(self, name: str) -> Generator[None]:
        yield


class OwnMetrics:
    def add_metric(self, name: str, unit: str, value: float) -> None: ...


StreamProcessor(rules=rules, tracer=OwnTracer(), metrics=OwnMetrics())

response: dict[str, Any] = handler({"Records": []}, LambdaContext())
handler()  # type: ignore[call-arg]
handler("Records", LambdaContext())  # type: ignore[arg-type]

stream_processor(rules=rules, onfault=FaultPolicy.PUBLISH)  # type: ignore[call-overload]
stream_processor(rules=rules, keep_results="no")  # type: ignore[call-overload]
stream_processor(rules=rules, tracer=5)  # type: ignore[call-overload]
stream_processor(rules=rules, metrics="x")  # type: ignore[call-overload]
stream_processor(rules=rules, processor=StreamProcessor(rules=rules))  # type: ignore[call-overload]
stream_processor()  # type: ignore[call-overload]
StreamProcessor(rules)  # type: ignore[arg-type]
StreamProcessor(rules=rules, onfault=FaultPolicy.PUBLISH)  # type: ignore[call-arg]
StreamProcessor(rules=rules, logger="x")  # type: ignore[arg-type]
StreamProcessor(rules=rules, bus_name=5)  # type: ignore[arg-type]
RuleRegistry(task)  # type: ignore[arg-type]


async def awaits() -> None:
    await GetItems({"Keys": []})  # type: ignore[misc]


@stream_processor  # type: ignore[call-overload]
def without_parentheses(event: dict[str, Any], context: LambdaContext) -> None: ...
