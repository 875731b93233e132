from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powertools_stream.errors import RuleError
from powertools_stream.rules.binding import bind, is_async
from powertools_stream.rules.rule import Rule

RULE = Rule(id="r", flavor=lambda uow, rule: uow)
UOW: dict[str, Any] = {"event": {}}
TEMPLATE = {"id": "1"}


class Callable2:
    def __call__(self, uow: Any, rule: Any) -> Any:
        return uow, rule

    def method(self, uow: Any) -> Any:
        return uow

    async def later(self, uow: Any) -> None: ...


def keywords_only(uow: Any, *, rule: Any) -> Any:
    return uow, rule


def optional_rule(uow: Any, k: int = 7, rule: Any = None) -> Any:
    return uow, k, rule


def takes_args(*args: Any) -> Any:
    return args


def takes_all(uow: Any, *args: Any, **kwargs: Any) -> Any:
    return (uow, *args, kwargs)


def nothing() -> str:
    return "nothing"


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda uow: uow, UOW),
        (lambda item: item, UOW),
        (lambda uow, rule: (uow, rule), (UOW, RULE)),
        (lambda a, b: (a, b), (UOW, RULE)),
        (lambda rule, uow: (rule, uow), (RULE, UOW)),
        (lambda uow, k=7: (uow, k), (UOW, 7)),
        (lambda uow, rule, k=7: (uow, rule, k), (UOW, RULE, 7)),
        (optional_rule, (UOW, 7, RULE)),
        (keywords_only, (UOW, RULE)),
        (takes_args, (UOW, RULE)),
        (takes_all, (UOW, RULE, {})),
        (nothing, "nothing"),
        (Callable2(), (UOW, RULE)),
        (Callable2().method, UOW),
        (partial(lambda k, uow: (k, uow), 3), (3, UOW)),
        (partial(lambda uow, k: (uow, k), k=3), (UOW, 3)),
        (partial(lambda uow, rule: (uow, rule), rule="mine"), (UOW, "mine")),
        (dict, UOW),
        (len, 1),
        (bool, True),
    ],
)
def test_a_function_gets_what_its_signature_asks_for(function: Any, expected: Any) -> None:
    assert bind(function, RULE, field="execute")(UOW) == expected


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda uow: uow, UOW),
        (lambda uow, rule: (uow, rule), (UOW, RULE)),
        (lambda uow, template: (uow, template), (UOW, TEMPLATE)),
        (lambda uow, rule, template: (uow, rule, template), (UOW, RULE, TEMPLATE)),
        (lambda a, b, c: (a, b, c), (UOW, RULE, TEMPLATE)),
        (lambda uow, *, template: (uow, template), (UOW, TEMPLATE)),
        (takes_args, (UOW, RULE, TEMPLATE)),
        (dict, UOW),
    ],
)
def test_emit_gets_the_template_as_well(function: Any, expected: Any) -> None:
    assert bind(function, RULE, field="emit", extra=("template",))(UOW, TEMPLATE) == expected


def test_a_function_of_the_unit_of_work_alone_is_used_as_it_is() -> None:
    def execute(uow: Any) -> Any:
        return uow

    assert bind(execute, RULE, field="execute") is execute


def test_a_function_that_was_bound_is_bound_anew_to_another_rule() -> None:
    other = Rule(id="other", flavor=lambda uow, rule: uow)
    bound = bind(lambda uow, rule: rule.id, RULE, field="execute")

    assert bind(bound, other, field="execute")(UOW) == "other"


@pytest.mark.parametrize("function", [lambda a, b, c: None, lambda uow, *, logger: None])
def test_a_function_that_needs_more_is_an_error_that_says_what_it_may_take(function: Any) -> None:
    with pytest.raises(
        RuleError, match=r"Rule 'r': .*'execute' needs '(c|logger)'.*\(uow\) or \(uow, rule\)"
    ) as raised:
        bind(function, RULE, field="execute")

    assert raised.value.rule_id == "r"


def test_async_functions_are_told_from_others() -> None:
    async def later(uow: Any) -> None: ...

    class Later:
        async def __call__(self, uow: Any) -> None: ...

    assert all(is_async(function) for function in (later, partial(later, 1), Later(), Callable2().later))
    assert not any(is_async(function) for function in (len, Callable2(), lambda uow: uow))
