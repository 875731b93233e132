from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from powertools_stream.errors import RuleError
from powertools_stream.flavors import MaterializeRule, TaskRule, cdc, collect, materialize, task
from powertools_stream.outcomes import FaultPolicy
from powertools_stream.rules.rule import Rule, flavor, make_rule, spec_of
from powertools_stream.uow import UnitOfWork


def plain(uow: UnitOfWork, rule: Rule) -> None: ...


def execute(uow: UnitOfWork) -> int:
    return 1


async def asks_async(uow: UnitOfWork) -> AsyncIterator[int]:
    yield 1


def test_a_rule_reads_as_attributes_and_as_a_mapping() -> None:
    rule = TaskRule(id="r", event_type="a", execute=execute)

    assert isinstance(rule, Mapping)
    assert (rule.id, rule["id"], rule.get("id")) == ("r", "r", "r")
    assert rule["result_key"] == "result"
    assert "emit" not in rule
    assert rule.get("emit", "none") == "none"
    assert list(rule) == ["id", "flavor", "event_type", "filters", "compact", "params", "execute", "result_key"]
    assert len(rule) == 8
    assert {**rule}["execute"] is execute
    with pytest.raises(KeyError):
        rule["emit"]


def test_extra_fields_come_before_the_methods_of_the_model() -> None:
    rule: Any = Rule(id="r", flavor=plain, copy=1, get=2, schema=3, other=4, items=None)

    assert (rule.copy, rule.get, rule.schema, rule.other) == (1, 2, 3, 4)
    assert (rule["copy"], rule["get"], rule["items"]) == (1, 2, None)
    assert "items" in rule


def test_a_rule_does_not_change() -> None:
    rule = TaskRule(id="r", execute=execute)

    with pytest.raises(ValueError, match="frozen"):
        rule.id = "other"


def test_the_functions_of_a_copy_get_the_copy() -> None:
    rule = TaskRule(id="r", execute=lambda uow, rule: rule.id, filters=[lambda uow, rule: rule.id == "copy"])
    copy = rule.model_copy(update={"id": "copy"})

    assert copy.execute is not None
    assert copy.execute({}) == "copy"
    assert copy.filters[0]({})
    assert not rule.filters[0]({})


def test_a_model_knows_its_flavor_and_a_dict_is_of_the_model_of_its_flavor() -> None:
    assert TaskRule(id="r", execute=execute).flavor is task
    assert type(make_rule({"id": "r", "flavor": task, "execute": execute})) is TaskRule
    assert type(make_rule({"id": "r", "flavor": plain})) is Rule


def test_a_fault_policy_may_be_written_as_its_value() -> None:
    assert make_rule({"id": "r", "flavor": plain, "on_fault": "publish"}).on_fault is FaultPolicy.PUBLISH


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"flavor": task, "execute": execute}, "A rule of the flavor 'task': the field 'id' is missing."),
        ({"id": "", "flavor": task, "execute": execute}, "'id' takes a string that is not empty; got '' (str)"),
        ({"id": 5, "flavor": task, "execute": execute}, "'id' takes a string that is not empty; got 5 (int)"),
        ({"id": "r"}, "Rule 'r': the field 'flavor' takes a function, e.g. task; it is missing."),
        (
            {"id": "r", "flavour": task},
            "the field 'flavor' takes a function, e.g. task; it is missing (there is 'flavour', which is not a field).",
        ),
        ({"id": "a,b", "flavor": task, "execute": execute}, "Rule 'a,b': the field 'id' takes a string without commas"),
        ({"id": " a", "flavor": task, "execute": execute}, "Rule ' a': the field 'id' takes a string without commas"),
        ({"id": "r", "flavor": plain, "ordered": "no"}, "'ordered' takes True or False; got 'no' (str)."),
        ({"id": "r", "flavor": plain, "ordered": 1}, "'ordered' takes True or False; got 1 (int)."),
        ({"id": "r", "flavor": plain, "idempotent": "no"}, "'idempotent' takes True, or Powertools' IdempotencyConfig"),
        ({"id": "r", "flavor": plain, "compact": "yes"}, "'compact' takes True, or a Compact (a dict)"),
        ({"id": "r", "flavor": plain, "compact": 1}, "'compact' takes True, or a Compact (a dict)"),
        ({"id": "r", "flavor": cdc, "include_raw": "no"}, "'include_raw' takes True or False; got 'no' (str)."),
        ({"id": "r", "flavor": cdc, "query_related": "no"}, "'query_related' takes True or False; got 'no' (str)."),
        ({"id": "r", "flavor": collect, "include_raw": "no"}, "'include_raw' takes True or False; got 'no' (str)."),
        (
            {"id": "r", "flavor": "task"},
            "Rule 'r': the field 'flavor' takes a function, e.g. task; it is 'task' (str).",
        ),
        ({"id": "r", "flavor": task, "exectue": execute}, "TaskRule has no field 'exectue'. Did you mean 'execute'?"),
        (
            {"id": "r", "flavor": task, "eventType": "a"},
            "TaskRule has no field 'eventType'. Did you mean 'event_type'?",
        ),
        ({"id": "r", "flavor": task, "xyz": 1}, "TaskRule has no field 'xyz'. It has id, flavor, event_type,"),
        (
            {"id": "r", "flavor": plain, "eventType": "a"},
            "Rule 'r': unknown field 'eventType'. Did you mean 'event_type'?",
        ),
        ({"id": "r", "flavor": task}, "Rule 'r': a task needs 'execute', 'emit' or both."),
        ({"id": "r", "flavor": task, "execute": 5}, "'execute' takes a function; got 5 (int)."),
        (
            {"id": "r", "flavor": task, "emit": 5},
            "'emit' takes a string, the event's type, or a function; got 5 (int).",
        ),
        ({"id": "r", "flavor": materialize}, "Rule 'r': the field 'to_update_request' is missing."),
        (
            {"id": "r", "flavor": materialize, "to_updaterequest": execute},
            "'to_update_request' is missing (there is 'to_updaterequest', which is not a field).",
        ),
        (
            {"id": "r", "flavor": plain, "event_type": ["a", 1]},
            "'event_type' takes a string, a list of strings, a compiled pattern or a function; got ['a', 1] (list).",
        ),
        ({"id": "r", "flavor": plain, "event_type": re.compile(b"a")}, "'event_type' takes a string, a list"),
        ({"id": "r", "flavor": plain, "event_type": []}, "the list of the field 'event_type' is empty"),
        ({"id": "r", "flavor": plain, "filters": execute}, "'filters' takes a list of functions; got <function"),
        ({"id": "r", "flavor": plain, "filters": [1]}, "'filters' takes a list of functions; got [1] (list)."),
        (
            {"id": "r", "flavor": plain, "on_fault": "drop"},
            "'on_fault' takes a FaultPolicy: REPORT_AND_PUBLISH, PUBLISH or REPORT; got 'drop' (str).",
        ),
        ({"id": "r", "flavor": plain, "rate": "10/s"}, "takes (calls, seconds), e.g. (10, 1); got '10/s' (str)."),
        ({"id": "r", "flavor": plain, "rate": (10,)}, "takes (calls, seconds), e.g. (10, 1); got (10,) (tuple)."),
        ({"id": "r", "flavor": plain, "rate": (math.nan, 1)}, "'rate' takes (calls, seconds), both above 0; got (nan,"),
        ({"id": "r", "flavor": plain, "role_arn": ""}, "'role_arn' takes the ARN of a role, 'arn:aws:iam::<account"),
        ({"id": "r", "flavor": plain, "role_arn": "writer"}, "role/<name>'; got 'writer' (str)."),
        ({"id": "r", "flavor": task, "execute": asks_async}, "'execute' is `async def` with a yield, which nobody"),
        ({"id": "r", "flavor": plain, "params": 1}, "'params' takes a dict with keys that are strings; got 1 (int)."),
        ({"id": "r", "flavor": materialize, "to_update_request": execute, "split_on": "a..b"}, "is not a valid path"),
        (
            {"id": "r", "flavor": cdc, "query_related": True, "to_query_request": execute},
            "it takes 'query_related' or 'to_query_request', not both",
        ),
    ],
)
def test_a_mistake_is_told_with_the_rule_the_field_and_the_right_name(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError) as raised:
        make_rule(fields)

    assert message in str(raised.value)
    assert raised.value.rule_id == (fields.get("id") if isinstance(fields.get("id"), str) else None)
    assert "pydantic" not in str(raised.value)


def test_all_mistakes_of_a_rule_are_told_at_once() -> None:
    with pytest.raises(RuleError, match=r"'filters' takes(.|\n)*no field 'emitt'"):
        make_rule({"id": "r", "flavor": task, "filters": 1, "emitt": "x"})


@pytest.mark.parametrize("field", ["filters", "event_type"])
def test_matching_functions_cannot_be_async(field: str) -> None:
    async def later(uow: UnitOfWork) -> bool:
        return True

    with pytest.raises(RuleError, match=f"'{field}' cannot be async"):
        make_rule({"id": "r", "flavor": plain, field: [later] if field == "filters" else later})


def test_publish_and_logger_are_ignored_with_a_warning() -> None:
    with (
        pytest.warns(UserWarning, match="'publish' is ignored"),
        pytest.warns(UserWarning, match="'logger' is ignored"),
    ):
        rule = make_rule({"id": "r", "flavor": task, "emit": "x", "publish": execute, "logger": 1})

    assert "publish" not in rule


def test_a_rule_of_one_flavor_cannot_be_of_the_model_of_another() -> None:
    with pytest.raises(RuleError, match="the flavor 'materialize' takes a MaterializeRule"):
        TaskRule(id="r", flavor=materialize, execute=execute)


def test_a_flavor_of_ones_own_may_use_a_model_and_names_its_main_field() -> None:
    @flavor(model=MaterializeRule, main="to_update_request", ordered=True)
    def own(uow: UnitOfWork, rule: MaterializeRule) -> None: ...

    assert spec_of(own).ordered
    assert make_rule({"id": "r", "flavor": own, "to_update_request": execute}).flavor is own
    assert MaterializeRule(id="r", to_update_request=execute).flavor is materialize


def test_the_main_field_of_a_flavor_without_a_model_is_bound_as_well() -> None:
    @flavor(main="compute")
    def own(uow: UnitOfWork, rule: Rule) -> None: ...

    rule = Rule(id="r", flavor=own, compute=lambda uow, rule: rule.id)

    assert rule["compute"]({}) == "r"


def test_a_flavor_cannot_name_a_model_that_is_none_or_a_field_that_there_is_not() -> None:
    with pytest.raises(RuleError, match="takes a class derived from Rule"):
        flavor(model=int)  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="TaskRule has no such field"):
        flavor(model=TaskRule, main="exec")
