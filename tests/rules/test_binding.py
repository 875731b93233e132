from __future__ import annotations

import functools
from functools import partial
from typing import Any

import pytest

from powertools_stream.errors import RuleError
from powertools_stream.matching import appeared, changed, compile_event_pattern, disappeared
from powertools_stream.rules.binding import bind, bind_filter, is_async
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


def by_keyword(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(**kwargs: Any) -> Any:
        return function(**kwargs)

    return wrapper


def transparent(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


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
        (by_keyword(keywords_only), (UOW, RULE)),
        (by_keyword(lambda item: item), UOW),
        (transparent(by_keyword(optional_rule)), (UOW, 7, RULE)),
        (takes_args, (UOW, RULE)),
        (takes_all, (UOW, RULE, {})),
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


class Orders:
    def accept(self, uow: Any) -> None: ...

    @classmethod
    def refuse(cls, uow: Any) -> None: ...


def takes_keywords(**fields: Any) -> None: ...


@pytest.mark.parametrize(
    ("function", "takes", "advice"),
    [
        (lambda event, context: None, "(event, context)", "name it uow, and read the event as uow.event"),
        (lambda event: None, "(event)", "name it uow, and read the event as uow.event"),
        (lambda event, rule: None, "(event, rule)", "name it uow"),
        (lambda record: None, "(record)", "name it uow, and read the record as uow.record"),
        (lambda record, lambda_context: None, "(record, lambda_context)", "name it uow"),
        (lambda uow, context: None, "(uow, context)", "Lambda's context is not passed to rules"),
        (lambda uow, lambda_context: None, "(uow, lambda_context)", "Lambda's context is not passed to rules"),
        (Orders.accept, "(self, uow)", "pass that of an object"),
        (vars(Orders)["refuse"].__func__, "(cls, uow)", "pass that of an object"),
        (nothing, "()", "def …(uow)"),
        (lambda k=7: k, "(k)", "def …(uow)"),
        (lambda event=None: event, "(event)", "def …(uow)"),
        (takes_keywords, "(**fields)", "def …(uow)"),
        (partial(lambda event, context: None, context=1), "(event, *, context)", "name it uow"),
    ],
)
def test_a_function_that_was_written_for_something_else_is_an_error_that_says_what_it_gets(
    function: Any, takes: str, advice: str
) -> None:
    with pytest.raises(RuleError) as raised:
        bind(function, RULE, field="execute")

    assert f"Rule 'r': the function of the field 'execute' takes {takes}. It may take (uow) or" in str(raised.value)
    assert advice in str(raised.value)
    assert raised.value.rule_id == "r"


def test_a_template_may_have_any_name() -> None:
    emit = bind(lambda uow, rule, event: event, RULE, field="emit", extra=("template",))

    assert emit(UOW, TEMPLATE) is TEMPLATE


def test_an_object_of_a_class_and_what_a_partial_has_bound_are_left_alone() -> None:
    assert bind(partial(lambda event, uow: event, "mine"), RULE, field="execute")(UOW) == "mine"
    assert bind(partial(lambda uow, event: event, event="mine"), RULE, field="execute")(UOW) == "mine"
    assert bind(Orders().accept, RULE, field="execute")(UOW) is None


@pytest.mark.parametrize("maker", [changed, appeared, disappeared, compile_event_pattern])
def test_what_makes_a_filter_is_not_taken_for_one(maker: Any) -> None:
    with pytest.raises(
        RuleError, match=rf"'filters', {maker.__name__} is not a .*Call it first: {maker.__name__}\(…\)"
    ):
        bind_filter(maker, RULE, "filters")


def test_async_functions_are_told_from_others() -> None:
    async def later(uow: Any) -> None: ...

    class Later:
        async def __call__(self, uow: Any) -> None: ...

    assert all(is_async(function) for function in (later, partial(later, 1), Later(), Callable2().later))
    assert not any(is_async(function) for function in (len, Callable2(), lambda uow: uow))
