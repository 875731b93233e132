from __future__ import annotations

from typing import Any

import pytest

from powertools_stream import RuleRegistry
from powertools_stream.errors import RuleError
from powertools_stream.flavors import TaskRule, task
from powertools_stream.rules.rule import make_rule
from powertools_stream.testing import Outcome, run, to_dynamodb_records, to_sqs_records


def run_rule(event: Any, **fields: Any) -> Outcome:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, execute=lambda uow: uow.event["id"], **fields)
    return run(rules, event)


def results(outcome: Outcome) -> list[Any]:
    return [result.uow["result"] for result in outcome.results]


def test_an_event_pattern_is_asked_of_the_event() -> None:
    events = [
        {"id": "1", "type": "order-updated", "order": {"status": "PAID"}},
        {"id": "2", "type": "order-updated", "order": {"status": "OPEN"}},
        {"id": "3", "type": "other", "order": {"status": "PAID"}},
    ]

    outcome = run_rule(
        to_sqs_records(events), event_type="order-updated", event_pattern={"order": {"status": [{"prefix": "PA"}]}}
    )

    assert results(outcome) == ["1"]


def test_a_record_pattern_is_asked_of_the_raw_record() -> None:
    changes = [
        {"new_image": {"pk": "1", "status": "COMPLETED"}},
        {"new_image": {"pk": "2", "status": "STARTED"}},
        {"new_image": {"pk": "3", "status": "COMPLETED"}, "old_image": {"pk": "3", "status": "STARTED"}},
    ]
    pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"status": {"S": ["COMPLETED"]}}}}

    outcome = run_rule(to_dynamodb_records(changes, key=("pk",)), record_pattern=pattern)

    assert [result.uow.event["partition_key"] for result in outcome.results] == ["1"]


def test_both_patterns_and_the_filters_must_agree() -> None:
    event = to_sqs_records([{"id": str(n), "type": "t", "n": n} for n in range(6)])
    event["Records"][5]["eventSource"] = "aws:other"

    outcome = run_rule(
        event,
        source=None,
        event_pattern={"n": [{"numeric": [">", 2]}]},
        record_pattern={"eventSource": ["aws:sqs"]},
        filters=[lambda uow: uow.event["n"] != 3],
    )

    assert results(outcome) == ["4"]


@pytest.mark.parametrize("field", ["event_pattern", "record_pattern"])
def test_a_mistake_in_a_pattern_names_the_rule_the_field_the_path_and_the_operator(field: str) -> None:
    pattern = {"detail": {"status": [{"prefix": 5}]}}

    with pytest.raises(RuleError, match=rf"'r'.*'{field}'.*'detail\.status'.*'prefix'.*a string.*found 5") as caught:
        make_rule({"id": "r", "flavor": task, "execute": print, field: pattern})

    assert caught.value.rule_id == "r"


@pytest.mark.parametrize("pattern", ['{"a": ["x"]}', [{"a": ["x"]}]])
def test_a_pattern_of_a_rule_is_a_dict(pattern: Any) -> None:
    with pytest.raises(RuleError, match=r"'event_pattern' takes an event pattern \(a dict\)"):
        TaskRule(id="r", execute=print, event_pattern=pattern)


def test_a_rule_with_patterns_is_still_a_rule_when_it_is_copied() -> None:
    rule = TaskRule(id="r", execute=print, event_pattern={"a": ["x"]})

    copy = rule.model_copy(update={"id": "s"})

    assert copy.event_pattern == {"a": ["x"]}
    assert len(list(copy.tests())) == 1
