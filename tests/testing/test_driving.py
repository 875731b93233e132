from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from typing import Any

import pytest

from powertools_stream import RuleRegistry
from powertools_stream.requests import Call, PutEvent
from powertools_stream.rules.rule import Rule
from powertools_stream.testing.driving import drive
from powertools_stream.testing.mutations import assert_unchanged, differences
from powertools_stream.uow import UnitOfWork

Steps = Generator[Any, Any, Any]
UOW = UnitOfWork(event={"id": "1", "tags": {"a": 1}, "items": [1, {"b": 2}]})


def ask(number: int) -> Steps:
    return (yield Call(abs, number))


def asks_twice(uow: UnitOfWork, rule: Any) -> Steps:
    first = yield Call(abs, 1)
    second = yield Call(abs, 2)
    return uow.extend(answers=[first, second])


def test_answers_come_in_order() -> None:
    outcome = drive(asks_twice, UOW, responses=["a", "b"])

    assert outcome.requests == (Call(abs, 1), Call(abs, 2))
    assert outcome.result["answers"] == ["a", "b"]


def test_a_function_may_answer() -> None:
    outcome = drive(asks_twice, UOW, responses=lambda request: request.args[0] * 10)

    assert outcome.result["answers"] == [10, 20]


def test_an_exception_is_raised_at_the_yield() -> None:
    def handles(uow: UnitOfWork, rule: Any) -> Steps:
        try:
            yield PutEvent({})
        except KeyError as error:
            return uow.extend(error=error.args[0])

    assert drive(handles, UOW, responses=[KeyError("k")]).result["error"] == "k"


def test_lists_generators_and_coroutines_are_settled() -> None:
    async def later() -> int:
        return 3

    def nested(uow: UnitOfWork, rule: Any) -> Steps:
        return uow.extend(answers=(yield [ask(1), (Call(abs, 2), later())]), one=(yield ask(4)))

    outcome = drive(nested, UOW, responses=["a", "b", "d"])

    assert outcome.result["answers"] == ["a", ["b", 3]]
    assert outcome.result["one"] == "d"


def test_all_of_a_list_settle_before_the_first_error_is_raised() -> None:
    def fails(uow: UnitOfWork, rule: Any) -> Steps:
        yield [ask(1), ask(2), ask(3)]

    asked: list[Any] = []

    def respond(request: Any) -> Any:
        asked.append(request)
        return KeyError(len(asked)) if len(asked) < 3 else 0

    with pytest.raises(KeyError, match="1"):
        drive(fails, UOW, responses=respond)
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("returned", "count"), [(None, 1), (UnitOfWork(), 1), ([], 0), ([UnitOfWork(), UnitOfWork()], 2)]
)
def test_results_are_those_that_the_flavor_returns(returned: Any, count: int) -> None:
    assert len(drive(lambda uow, rule: returned, UOW).results) == count


def test_the_one_result_is_an_error_where_there_are_more() -> None:
    with pytest.raises(AssertionError, match="Expected one result; got 0"):
        _ = drive(lambda uow, rule: [], UOW).result


def test_a_rule_may_be_a_rule_its_fields_or_nothing() -> None:
    def tells(uow: UnitOfWork, rule: Rule) -> UnitOfWork:
        return uow.extend(rule=rule.id, value=rule.get("value"))

    assert drive(tells, UOW).result["rule"] == "rule"
    assert drive(tells, UOW, {"value": 3}).result["value"] == 3
    outcome = drive(tells, UOW, Rule(id="r", flavor=tells, value=3))
    assert (outcome.result["rule"], outcome.result.rule_id, outcome.result["value"]) == ("r", "r", 3)


def test_too_few_and_too_many_responses_are_errors() -> None:
    with pytest.raises(AssertionError, match=r"request 2, Call.*no response"):
        drive(asks_twice, UOW, responses=["a"])
    with pytest.raises(AssertionError, match=r"Expected 3 requests, but the flavor made 2; left over: \['c'\]"):
        drive(asks_twice, UOW, responses=["a", "b", "c"])


def test_no_flavor_swallows_a_missing_response() -> None:
    def swallows(uow: UnitOfWork, rule: Any) -> Steps:
        try:
            yield [ask(1)]
        except Exception:
            return uow

    with pytest.raises(AssertionError, match="no response"):
        drive(swallows, UOW)


def test_what_cannot_be_asked_for_is_an_error_at_the_yield() -> None:
    def asks_a_number(uow: UnitOfWork, rule: Any) -> Steps:
        yield 5

    with pytest.raises(TypeError, match="it yielded a int"):
        drive(asks_a_number, UOW)


def test_a_flavor_that_changes_the_event_is_found() -> None:
    def changes(uow: UnitOfWork, rule: Any) -> None:
        uow.event["tags"]["a"] = 2

    with pytest.raises(AssertionError, match=r"event\.tags\.a: 1 became 2"):
        drive(changes, {"event": {"tags": {"a": 1}}})


def test_a_block_that_changes_nothing_passes() -> None:
    with assert_unchanged(UOW):
        UOW.extend(result=1)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": float("nan")}, {"a": float("nan")}, []),
        ({"a": 1}, {}, ["a: 1 was removed"]),
        ({}, {"a": 1}, ["a: 1 was added"]),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, ["a.b[1].c: 2 became 3"]),
        ([1], [1, 2], ["the value: [1] became [1, 2]"]),
        ({"a": 1}, {"a": True}, ["a: 1 became True"]),
        ({"a": 1}, {"a": Decimal(1)}, ["a: 1 became Decimal('1')"]),
    ],
)
def test_differences_are_named_by_their_paths(before: Any, after: Any, expected: list[str]) -> None:
    assert differences(before, after) == expected


def test_what_is_no_rule_is_an_error_that_says_what_to_pass() -> None:
    registry = RuleRegistry([{"id": "r", "flavor": asks_twice}])

    with pytest.raises(TypeError, match=r"got a RuleRegistry. Pass one of its rules: rules\['its id'\]"):
        drive(asks_twice, UOW, registry, [])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a dict with its fields; got a list"):
        drive(asks_twice, UOW, [], [])  # type: ignore[arg-type]
    assert drive(asks_twice, UOW, registry["r"], [1, 2]).requests
