"""Which types of events rules are for, and which they publish: none of these functions is run."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

import pytest

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.cli.graph.event_types import (
    Taken,
    emitted_by,
    expiring,
    latches,
    may_be_equal,
    sources_of,
    taken_by,
)
from powertools_stream.flavors import cdc, collect, evaluate, job, materialize, publish, task
from powertools_stream.flavors.steps.publishing import PublishingRule
from powertools_stream.requests import PutEvent, PutItem
from powertools_stream.rules.rule import Rule, flavor

Asked = Generator[Any, Any, Any]
Event = dict[str, Any]
SHIPPED = "order-shipped"


def one_of_two(uow: UnitOfWork, template: Event) -> Event:
    return {**template, "type": "order-sent" if uow.event["paid"] else "order-held"}


def a_constant(uow: UnitOfWork, template: Event) -> Event:
    return {**template, "type": SHIPPED, "payment": {"type": "card"}}


def a_variable(uow: UnitOfWork, template: Event) -> Event:
    kind = "order-late"
    return {**template, "id": kind, "type": kind}


def set_afterwards(uow: UnitOfWork, template: Event) -> Event:
    template["type"] = "order-set"
    return template


def made_elsewhere(uow: UnitOfWork, template: Event) -> list[Event]:
    return [_made(template), dict(template, type="order-b")]


def _made(template: Event) -> Event:
    return {**template, "type": "order-a"}


def partly_known(uow: UnitOfWork, template: Event) -> Event:
    return {**template, "type": f"order-{uow.event['outcome']}"}


def unknown(uow: UnitOfWork, template: Event) -> Event:
    return {**template, "type": uow.event["next"]}


def published(uow: UnitOfWork) -> Asked:
    yield PutItem({"Item": {"pk": "1", "type": "row"}})
    yield PutEvent({"id": "1", "type": "order-published", "payment": {"type": "card"}})


def published_later(uow: UnitOfWork) -> Asked:
    event = {"id": "1", "type": "order-later"}
    yield PutEvent(event)


def only_a_row(uow: UnitOfWork) -> Asked:
    yield PutItem({"Item": {"pk": "1", "type": "row"}})


def is_large(uow: UnitOfWork) -> bool:
    return bool(uow.event["total"] > 1)


@flavor(model=PublishingRule)
def announce(uow: UnitOfWork, rule: PublishingRule) -> Asked:
    yield from publish({"id": "1", "type": "order-announced"}, uow, rule)


def rule_of(kind: Any, **fields: Any) -> Rule:
    registry = RuleRegistry()
    registry.add(id="r", flavor=kind, **fields)
    return next(iter(registry))


def emitted(rule: Rule) -> tuple[str, ...]:
    return emitted_by(rule, sources_of(rule), taken_by(rule))


@pytest.mark.parametrize(
    ("emit", "types"),
    [
        ("order-accepted", ("order-accepted",)),
        (one_of_two, ("order-sent", "order-held")),
        (a_constant, ("order-shipped",)),
        (a_variable, ("order-late",)),
        (set_afterwards, ("order-set",)),
        (made_elsewhere, ("order-a", "order-b")),
        (partly_known, ("order-*",)),
        (unknown, ("?",)),
        (lambda uow, rule, template: {**template, "type": "order-l"}, ("order-l",)),
        (lambda uow, rule, template: None, ("?",)),
    ],
)
def test_the_types_that_a_task_emits(emit: Any, types: tuple[str, ...]) -> None:
    assert set(emitted(rule_of(task, event_type="order-submitted", emit=emit))) == set(types)
    assert set(emitted(rule_of(evaluate, event_type="order-submitted", emit=emit))) == set(types)


@pytest.mark.parametrize(
    ("execute", "types"),
    [(published, ("order-published",)), (published_later, ("order-later",)), (only_a_row, ())],
)
def test_the_types_that_a_function_publishes_itself(execute: Any, types: tuple[str, ...]) -> None:
    assert emitted(rule_of(task, event_type="order-submitted", execute=execute)) == types


def test_the_types_of_changes_are_published_as_they_are_unless_to_event_sets_another() -> None:
    assert emitted(rule_of(cdc, event_type=["order-created", "order-deleted"])) == ("order-created", "order-deleted")
    assert emitted(rule_of(cdc)) == ("?",)
    to_event: Any = lambda uow: {"type": "order-submitted"}  # noqa: E731
    assert emitted(rule_of(cdc, event_type="order-created", to_event=to_event)) == ("order-submitted",)
    assert emitted(rule_of(job, to_scan_request=lambda uow: {}, to_event=to_event)) == ("order-submitted",)


def test_what_publishes_nothing_and_a_flavor_of_the_users_own() -> None:
    assert emitted(rule_of(materialize, event_type="order-created", to_update_request=lambda uow: None)) == ()
    assert emitted(rule_of(announce, event_type="order-created")) == ("order-announced",)


def test_the_types_that_rows_get_when_they_expire() -> None:
    def types(**fields: Any) -> tuple[str, ...]:
        rule = rule_of(collect, **fields)
        return expiring(rule, taken_by(rule))

    assert types(event_type=["order-created", "shop.order"], expire=True) == (
        "order-created-expired",
        "shop.order.expired",
    )
    assert types(event_type="order-created", expire="order-lost") == ("order-lost",)
    assert types(expire=True) == ("?-expired",)
    assert types(event_type="order-created") == ()


def test_the_types_that_a_rule_is_for() -> None:
    def taken(**fields: Any) -> Taken:
        return taken_by(rule_of(task, execute=only_a_row, **fields))

    one = taken(event_type="order-created")
    assert (one.names, one.shown, one.may_be("order-created"), one.may_be("order-paid")) == (
        ("order-created",),
        ("order-created",),
        True,
        False,
    )
    assert (one.may_be("?"), one.may_be("order-*"), one.may_be("fault-*")) == (True, True, False)
    pattern = taken(event_type=re.compile("^order-"))
    assert (pattern.shown, pattern.may_be("order-x"), pattern.may_be("x")) == (("/^order-/",), True, False)
    anything = taken()
    assert (anything.shown, anything.may_be("x"), anything.may_be("fault")) == ((), True, False)
    assert taken(event_type=is_large).shown == ("by is_large()",)
    assert taken(event_type=lambda uow: True).shown == ("by a function",)
    by_pattern = taken(event_pattern={"type": ["order-a", "order-b"], "total": [{"numeric": [">", 1]}]})
    assert (by_pattern.names, by_pattern.may_be("order-b"), by_pattern.may_be("c")) == (
        ("order-a", "order-b"),
        True,
        False,
    )


def test_types_of_which_parts_are_not_known() -> None:
    assert may_be_equal("order-*", "order-created")
    assert may_be_equal("order-created-expired", "?-expired")
    assert not may_be_equal("order-[a]", "order-a")


def test_rows_that_are_latched() -> None:
    def is_latched(row: Any) -> bool:
        return latches(sources_of(rule_of(materialize, event_type="a", to_update_request=row)))

    assert is_latched(lambda uow: {"Key": {}, "Item": {"latched": True}})
    assert not is_latched(lambda uow: {"Key": {}, "Item": {"latched": False}})
