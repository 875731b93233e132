from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from powertools_stream import EventType, RuleRegistry
from powertools_stream.errors import RuleError
from powertools_stream.flavors import task
from powertools_stream.matching import changed
from powertools_stream.rules.rule import flavor, make_rule
from powertools_stream.testing import run, to_sqs_records


def curried(rule: Any) -> Any:
    return lambda source: source


def of_the_unit_of_work_alone(uow: Any) -> Any:
    return uow


def of_three(uow: Any, rule: Any, context: Any) -> Any:
    return uow


def swapped(rule: Any, uow: Any) -> Any:
    return uow


def with_keywords(*, uow: Any, rule: Any) -> Any:
    return uow


async def later(uow: Any, rule: Any) -> Any:
    return uow


async def later_and_later(uow: Any, rule: Any) -> Any:
    yield uow


class Flavors:
    def method(self, uow: Any, rule: Any) -> Any:
        return uow

    def __call__(self, uow: Any, rule: Any) -> Any:
        return uow


@pytest.mark.parametrize(
    ("given", "found", "advice"),
    [
        (curried, "'curried' takes (rule)", "A flavor of aws-lambda-stream, `def f(rule): return lambda source: …`"),
        (of_the_unit_of_work_alone, "takes (uow)", "It is called for each unit of work, and returns it"),
        (of_three, "takes (uow, rule, context)", "It is called for each unit of work"),
        (Flavors.method, "takes (self, uow, rule)", "It is called for each unit of work"),
        (swapped, "takes (rule, uow)", "Put the unit of work first"),
        (lambda event, context: event, "takes (event, context)", "What it gets is a unit of work: name it uow"),
        (lambda record, rule: record, "takes (record, rule)", "What it gets is a unit of work: name it uow"),
        (lambda uow, context, k=1: uow, "takes (uow, context, k)", "Lambda's context is not passed to rules"),
        (lambda self, uow: uow, "takes (self, uow)", "A method needs its object"),
        (with_keywords, "takes (*, uow, rule)", "It is called for each unit of work"),
        (later, "takes (uow, rule)", "It is `async def`: write `def`, and yield the coroutine"),
        (later_and_later, "takes (uow, rule)", "It is `async def`"),
        (lambda: None, "'<lambda>' takes ()", "It is called for each unit of work"),
    ],
)
def test_a_flavor_that_cannot_take_a_unit_of_work_and_a_rule_is_an_error_at_import(
    given: Any, found: str, advice: str
) -> None:
    with pytest.raises(RuleError) as of_a_rule:
        make_rule({"id": "r", "flavor": given})
    with pytest.raises(RuleError) as of_the_decorator:
        flavor(main="compute")(given)

    for message in (str(of_a_rule.value), str(of_the_decorator.value)):
        assert found in message
        assert f"a flavor takes (uow, rule). {advice}" in message
    assert str(of_a_rule.value).startswith("Rule 'r': the flavor ")
    assert of_a_rule.value.rule_id == "r"


def test_a_curried_flavor_is_sent_to_the_page_on_moving() -> None:
    with pytest.raises(RuleError, match=r"see docs/migration/aws-lambda-stream-python\.md"):
        make_rule({"id": "r", "flavor": curried})
    with pytest.raises(RuleError, match=r"see docs/migration/aws-lambda-stream-python\.md"):
        RuleRegistry().register(curried, event_type="a")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        Flavors().method,
        Flavors(),
        partial(lambda table, uow, rule: uow, "table"),
        lambda unit, options: unit,
        lambda uow, rule, table="table": uow,
        lambda *args: args[0],
    ],
)
def test_whatever_can_take_them_is_a_flavor(given: Any) -> None:
    outcome = run([{"id": "r", "flavor": given}], to_sqs_records([{"id": "1", "type": "a"}]))

    assert [result.uow.event["id"] for result in outcome.results] == ["1"]


async def is_later(uow: Any) -> bool:
    return False


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (changed, "changed is not a filter: it makes one. Call it first: changed(…)."),
        (is_later, "'is_later' cannot be async"),
        (lambda event, context: True, "'<lambda>' takes (event, context)."),
        (lambda: True, "'<lambda>' takes ()."),
        (5, "5 is no function."),
    ],
)
def test_the_filters_of_a_flavor_and_what_prepares_for_it_are_checked(part: Any, says: str) -> None:
    with pytest.raises(RuleError, match=re.escape(says)) as of_filters:
        flavor(filters=[part])
    with pytest.raises(RuleError, match=re.escape(says)) as of_prepare:
        flavor(prepare=part)

    assert str(of_filters.value).startswith("flavor(filters=…)")
    assert str(of_prepare.value).startswith("flavor(prepare=…)")


@pytest.mark.parametrize("given", [EventType.SQS, [EventType.SQS], ["order-created", EventType.KinesisDataStreams]])
def test_the_type_of_a_source_is_no_type_of_an_event(given: Any) -> None:
    with pytest.raises(RuleError) as raised:
        RuleRegistry().add(id="r", flavor=task, event_type=given, execute=lambda uow: None)

    message = str(raised.value)
    assert "Rule 'r': the field 'event_type' takes the types of domain events, such as 'order-created'" in message
    assert re.search(r"stream_processor\(rules=rules, event_type=EventType\.(SQS|KinesisDataStreams)\)", message)
    assert raised.value.rule_id == "r"


@pytest.mark.parametrize("given", ["ticket-*", ["ticket-opened", "ticket-*"]])
def test_a_wildcard_in_a_text_is_an_error_that_says_what_to_write(given: Any) -> None:
    with pytest.raises(RuleError) as raised:
        make_rule({"id": "r", "flavor": task, "event_type": given, "execute": lambda uow: None})

    message = str(raised.value)
    assert "has the text 'ticket-*'" in message
    assert r"event_type=re.compile(r'^ticket\-.*$')" in message
    assert "event_pattern={'type': [{'wildcard': 'ticket-*'}]}" in message


def test_what_is_written_in_place_of_a_wildcard_matches() -> None:
    rules = RuleRegistry()
    rules.add(id="expression", flavor=task, event_type=re.compile(r"^ticket\-.*$"), execute=lambda uow: None)
    pattern = {"type": [{"wildcard": "ticket-*"}]}
    rules.add(id="pattern", flavor=task, event_pattern=pattern, execute=lambda uow: None)

    outcome = run(rules, to_sqs_records([{"type": "ticket-opened"}, {"type": "other"}]))

    assert [result.rule_id for result in outcome.results] == ["expression", "pattern"]


@pytest.mark.parametrize(
    "written",
    ["^order-.+$", "order-.*", "order-(created|paid)", r"order-\d", "order-[a-z]+", "order-a|order-b"],
)
@pytest.mark.parametrize("several", [False, True])
def test_a_regular_expression_in_a_text_is_an_error_that_says_what_to_write(written: str, several: bool) -> None:
    with pytest.raises(RuleError) as raised:
        make_rule({"id": "r", "flavor": task, "event_type": ["a", written] if several else written, "emit": "b"})

    assert f"has the text {written!r}, and a text is compared as it is" in str(raised.value)
    assert f"event_type=re.compile(r'{written}')" in str(raised.value)


@pytest.mark.parametrize(
    "name",
    ["order-created", "AWS API Call via CloudTrail", "a.b:c/d (x) #1", "EC2 State-change", "C++", "a+b", "ä"],
)
def test_a_name_with_other_signs_is_an_event_type(name: str) -> None:
    assert make_rule({"id": "r", "flavor": task, "event_type": name, "emit": "b"}).event_type == name
