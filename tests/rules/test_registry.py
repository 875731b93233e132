from __future__ import annotations

import re
from typing import Any

import pytest

from powertools_stream.errors import RuleError
from powertools_stream.flavors import TaskRule, cdc, task
from powertools_stream.matching import out_latched
from powertools_stream.rules.registry import RuleRegistry
from powertools_stream.rules.rule import Rule, flavor
from powertools_stream.uow import UnitOfWork


def plain(uow: UnitOfWork, rule: Rule) -> None: ...


def ids(registry: RuleRegistry, event_type: Any) -> list[str]:
    return [compiled.id for compiled in registry.candidates(event_type)]


def test_register_names_the_rule_after_the_function_and_gives_the_function_back() -> None:
    rules = RuleRegistry()

    @rules.register(task, event_type="a", emit="b")
    def accept(uow: UnitOfWork, rule: TaskRule) -> str:
        return rule.id

    assert accept.__name__ == "accept"
    assert rules["accept"]["emit"] == "b"
    assert rules["accept"]["execute"]({}) == "accept"


def test_register_takes_another_id_and_refuses_the_main_field() -> None:
    rules = RuleRegistry()
    rules.register(task, id="other")(plain)

    assert list(rules) == [rules["other"]]
    with pytest.raises(RuleError, match="cannot be given as well"):
        rules.register(task, execute=plain)  # type: ignore[call-arg]
    with pytest.raises(RuleError, match="'plain' does not say which field its main function is"):
        rules.register(plain)  # type: ignore[arg-type]
    with pytest.raises(RuleError, match=r"takes a flavor, a function such as task; got 'task' \(str\)"):
        rules.register("task")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "write"),
    [
        ({}, "@rules.register(task)"),
        ({"event_type": "a", "emit": "b"}, "@rules.register(task, event_type=…, emit=…)"),
        ({"flavor": cdc, "event_type": "a"}, "@rules.register(cdc, event_type=…)"),
    ],
)
def test_register_without_a_flavor_says_what_to_write(fields: dict[str, Any], write: str) -> None:
    with pytest.raises(RuleError) as raised:
        RuleRegistry().register(**fields)  # type: ignore[call-arg]

    assert f"register() takes the rule's flavor first, and found none. Write {write}" in str(raised.value)


def test_register_takes_fields_by_name_alone() -> None:
    with pytest.raises(RuleError, match=r"and its fields by name; got also 'order-created' \(str\)"):
        RuleRegistry().register(task, "order-created")  # type: ignore[call-arg]


def test_register_without_parentheses_says_of_which_flavor_the_function_is_to_be() -> None:
    with pytest.raises(RuleError, match=r"say of which flavor: @rules.register\(task, …\)"):
        RuleRegistry().register(lambda uow: None)  # type: ignore[arg-type]


def test_a_flavor_by_position_is_told_its_place() -> None:
    with pytest.raises(RuleError, match=r"a dict with its fields; got a function\. .* add\(flavor=task, id=…, …\)"):
        RuleRegistry().add(task, event_type="a")  # type: ignore[call-overload]


def test_a_registry_is_made_of_rules() -> None:
    rules = RuleRegistry([TaskRule(id="a", emit="x"), {"id": "b", "flavor": plain}])

    copy = RuleRegistry(rules)
    copy.add(id="c", flavor=plain)

    assert [rule.id for rule in rules] == ["a", "b"]
    assert [rule.id for rule in copy] == ["a", "b", "c"]
    assert copy["a"] is rules["a"]


@pytest.mark.parametrize(("given", "found"), [(RuleRegistry, "the class RuleRegistry"), (None, "None")])
def test_rules_are_a_registry_or_a_list(given: Any, found: str) -> None:
    with pytest.raises(RuleError, match=rf"a list of rules or dicts; got {found}"):
        RuleRegistry.of(given)
    with pytest.raises(RuleError, match=rf"a list of rules or dicts; got {found}"):
        RuleRegistry(given)


def test_register_wants_an_id_for_a_function_without_a_name() -> None:
    with pytest.raises(RuleError, match="'id' takes a string"):
        RuleRegistry().register(task)(UnitOfWork())  # type: ignore[type-var]


def test_two_rules_with_one_id_are_an_error() -> None:
    rules = RuleRegistry.of([{"id": "r", "flavor": plain}])

    with pytest.raises(RuleError, match="two rules with the id 'r'"):
        rules.add(id="r", flavor=plain)


def test_a_registry_is_taken_as_a_registry_as_rules_or_as_dicts() -> None:
    rules = RuleRegistry.of([TaskRule(id="a", emit="x"), {"id": "b", "flavor": plain}])

    assert [rule.id for rule in rules] == ["a", "b"]
    assert len(rules) == 2
    assert "a" in rules
    assert RuleRegistry.of(rules) is rules


@pytest.mark.parametrize("given", [{"id": "r"}, "rules", 5, [5], [None]])
def test_what_is_no_list_of_rules_is_refused(given: Any) -> None:
    with pytest.raises(RuleError):
        RuleRegistry.of(given)


def test_an_unknown_id_is_an_error_with_the_nearest_one() -> None:
    rules = RuleRegistry.of([{"id": "accept-order", "flavor": plain}])

    with pytest.raises(KeyError, match="Did you mean 'accept-order'"):
        rules["accept-orders"]


def test_a_rule_with_fields_beside_it_is_refused() -> None:
    with pytest.raises(RuleError, match="not both"):
        RuleRegistry().add(TaskRule(id="a", emit="x"), id="b")  # type: ignore[call-overload]


def test_candidates_come_in_the_order_of_registration_whatever_their_types() -> None:
    rules = RuleRegistry.of(
        [
            {"id": "any", "flavor": plain},
            {"id": "one", "flavor": plain, "event_type": "order-created"},
            {"id": "pattern", "flavor": plain, "event_type": re.compile("^order-")},
            {"id": "other", "flavor": plain, "event_type": "x"},
            {"id": "function", "flavor": plain, "event_type": lambda uow: True},
            {"id": "list", "flavor": plain, "event_type": ["x", "order-created", "x"]},
        ]
    )

    assert ids(rules, "order-created") == ["any", "one", "pattern", "function", "list"]
    assert ids(rules, "x") == ["any", "other", "function", "list"]
    assert ids(rules, "fault") == ["function"]
    assert ids(rules, "") == ["any", "function"]
    assert ids(rules, "order-created") == ["any", "one", "pattern", "function", "list"]


@pytest.mark.parametrize("event_type", [None, 5, ["order-created"], {}])
def test_a_type_that_is_no_string_matches_only_what_is_open_to_all(event_type: Any) -> None:
    rules = RuleRegistry.of(
        [{"id": "any", "flavor": plain}, {"id": "p", "flavor": plain, "event_type": re.compile(".")}]
    )

    assert ids(rules, event_type) == ["any"]


def test_a_rule_added_later_is_seen() -> None:
    rules = RuleRegistry()
    assert ids(rules, "a") == []

    rules.add(id="r", flavor=plain, event_type="a")

    assert ids(rules, "a") == ["r"]


def test_what_the_index_has_decided_is_not_asked_again() -> None:
    (exact,) = RuleRegistry.of([{"id": "r", "flavor": plain, "event_type": "a"}]).candidates("a")
    (latched,) = RuleRegistry.of([{"id": "r", "flavor": cdc}]).candidates("a")

    assert exact.condition is None
    assert latched.condition is out_latched


def test_the_residual_asks_all_in_order_and_stops_at_the_first_no() -> None:
    asked: list[str] = []

    def says(name: str, answer: bool) -> Any:
        def test(uow: UnitOfWork) -> bool:
            asked.append(name)
            return answer

        return test

    fields = {"id": "r", "flavor": plain, "event_type": says("type", True)}
    rules = RuleRegistry.of([{**fields, "filters": [says("first", False), says("second", True)]}])
    (compiled,) = rules.candidates("a")

    assert compiled.condition is not None
    assert not compiled.condition(UnitOfWork())
    assert asked == ["type", "first"]


def test_order_comes_from_the_flavor_unless_the_rule_says_so() -> None:
    rules = RuleRegistry.of(
        [
            TaskRule(id="a", emit="x"),
            TaskRule(id="b", emit="x", ordered=False),
            {"id": "c", "flavor": plain, "ordered": True},
            {"id": "d", "flavor": plain},
        ]
    )

    assert [compiled.ordered for compiled in rules.candidates("t")] == [True, False, True, False]


def test_rules_with_a_prepare_are_a_group_of_their_own() -> None:
    def prepare(uow: UnitOfWork) -> UnitOfWork | None:
        return None

    @flavor(prepare=prepare)
    def prepared(uow: UnitOfWork, rule: Rule) -> None: ...

    rules = RuleRegistry.of([{"id": "p", "flavor": prepared}, {"id": "r", "flavor": plain}])
    plain_group, prepared_group = rules.groups()

    assert (plain_group.prepare, prepared_group.prepare) == (None, prepare)
    assert [(compiled.id, compiled.position) for compiled in prepared_group.candidates("a")] == [("p", 0)]
    assert ids(rules, "a") == ["r"]
    assert RuleRegistry().groups() == ()
    assert RuleRegistry.of([{"id": "p", "flavor": prepared}]).candidates("a") == ()
