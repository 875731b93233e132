from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from powertools_stream import RuleRegistry
from powertools_stream.cli.filters.checking import Checked, check_mapping
from powertools_stream.cli.filters.implied import implied_filters
from powertools_stream.cli.handlers import Part
from powertools_stream.cli.stack import mappings_of, stack_of
from powertools_stream.flavors import cdc, correlate, evaluate, expired, task, update
from powertools_stream.local.mappings.filters import Source
from powertools_stream.options import ProcessorOptions
from powertools_stream.templates import Template

SOURCES: dict[Source, Any] = {
    "sqs": {"Fn::GetAtt": ["Queue", "Arn"]},
    "kinesis": "arn:aws:kinesis:eu-west-1:123456789012:stream/hub",
    "dynamodb": "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/1",
    "kafka": "arn:aws:kafka:eu-west-1:123456789012:cluster/c/1",
}


def checked(
    rules: Any, *filters: Any, source: Source = "sqs", envelopes: Any = (), options: Any = None, **resources: Any
) -> Checked:
    """Check a mapping with these filters, in a template with these other resources."""
    criteria = {"Filters": [{"Pattern": each if isinstance(each, str) else json.dumps(each)} for each in filters]}
    mapping = {"FunctionName": {"Ref": "F"}, "EventSourceArn": SOURCES[source], "FilterCriteria": criteria}
    made = {
        "F": {"Type": "AWS::Lambda::Function", "Properties": {}},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "M": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
        **resources,
    }
    (found,) = mappings_of(stack_of(Template(Path("template.yaml"), {"Resources": made})))
    registry = RuleRegistry(rules)
    part = Part(registry, ProcessorOptions(rules=registry, **options) if options else None)
    return check_mapping(found, [part], source, envelopes)


def a_task(id: str = "r", **fields: Any) -> dict[str, Any]:  # noqa: A002
    return {"id": id, "flavor": task, "execute": lambda uow: None, **fields}


ROUTE = {
    "Type": "AWS::Events::Rule",
    "Properties": {"Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}]},
}
SUBSCRIPTION: dict[str, Any] = {
    "Type": "AWS::SNS::Subscription",
    "Properties": {"Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]}},
}


@pytest.mark.parametrize(
    "pattern",
    [
        {"body": {"type": ["a", "b"]}},
        {"body": {"type": [{"prefix": ""}]}},
        {"body": {"type": [{"anything-but": ["c"]}]}},
        {"body": {"$or": [{"type": ["a"]}, {"type": ["b"]}, {"kind": ["x"]}]}},
        {"body": {"detail-type": ["a", "b"]}},
        {"body": {"detail": {"type": [{"exists": True}]}}},
    ],
)
def test_filters_that_let_everything_through_are_fine(pattern: Any) -> None:
    assert checked([a_task(event_type=["a", "b"])], pattern) == Checked()


@pytest.mark.parametrize("source", ["sqs", "kinesis", "kafka"])
def test_a_type_that_no_filter_lets_through_is_a_finding(source: Source) -> None:
    key = {"sqs": "body", "kinesis": "data", "kafka": "value"}[source]
    (finding,) = checked([a_task(event_type=["a", "b", "c"])], {key: {"type": ["a"]}}, source=source).findings

    assert (finding.rule, finding.record[key]["type"]) == ("r", "b")
    assert finding.problem == "takes this record, which the filters discard (and 1 more that were tried)"


def test_a_filter_that_asks_for_more_than_the_rule_is_a_finding() -> None:
    pattern = {"order": {"total": [{"numeric": [">", 5, "<", 7]}]}}
    rules = [a_task(event_type="a", event_pattern=pattern)]

    (finding,) = checked(rules, {"body": {"type": ["a"], "order": {"total": [{"numeric": [">", 100]}]}}}).findings
    assert finding.record == {
        "body": {"id": "1", "type": "a", "timestamp": 1767225600000, "partition_key": "1", "order": {"total": 6.0}}
    }

    same = checked(rules, {"body": {"type": ["a"], **pattern}})
    assert same.findings == []
    (note,) = same.notes
    assert note == (
        "r: it cannot be told whether the filters let through all that it takes of "
        '{"body": {"type": ["a"], "order": [{"prefix": "COMPRESSEDH4sI"}]}}'
    )


def test_the_envelope_is_told_by_what_the_template_sends_then_by_the_filters() -> None:
    rules, plain = [a_task(event_type="a")], {"body": {"type": ["a"]}}
    assert checked(rules, plain) == Checked()

    (from_bus,) = checked(rules, plain, Route=ROUTE).findings
    assert from_bus.problem == "takes this record, in EventBridge's envelope, which the filters discard"
    assert from_bus.record["body"]["detail"]["type"] == "a"

    (from_topic,) = checked(rules, plain, Subscription=SUBSCRIPTION).findings
    assert from_topic.problem == "takes this record, in SNS's envelope, which the filters discard"

    raw = {"Type": SUBSCRIPTION["Type"], "Properties": {**SUBSCRIPTION["Properties"], "RawMessageDelivery": True}}
    assert checked(rules, plain, Subscription=raw) == Checked()
    assert checked(rules, {"body": {"TopicArn": [{"exists": True}]}}, Subscription=SUBSCRIPTION) == Checked()

    (named,) = checked(rules, plain, envelopes=["eventbridge"]).findings
    assert named == from_bus


@pytest.mark.parametrize(
    ("rules", "note"),
    [
        ([a_task(event_type="a", filters=[lambda uow: False])], "r: no record could be made up that it takes"),
        ([a_task(event_type="a", filters=[lambda uow: uow.event["x"]["y"]])], "r: no record could be made up"),
        ([a_task(event_type=re.compile("^x.*z$"))], "r: no record could be made up"),
    ],
)
def test_what_only_a_function_knows_cannot_be_told(rules: Any, note: str) -> None:
    found = checked(rules, {"body": {"type": ["b"]}})
    assert found.findings == []
    assert found.notes[0].startswith(note)


def test_a_rule_for_everything_misses_whatever_is_discarded() -> None:
    (finding,) = checked([a_task()], {"body": {"type": ["b"]}}).findings
    assert finding.record["body"]["type"] == "event-happened"

    found = checked([a_task(event_type="b")], {"body": {"type": ["b"]}}, options={"on_unmatched": "fault"})
    assert found == Checked(
        [], ['an event that no rule takes is a fault (on_unmatched="fault"), so whatever its filters discard is missed']
    )


def test_filters_that_lambda_does_not_take_are_a_finding() -> None:
    (finding,) = checked([a_task(event_type="a")], {"body": {"type": [{"wildcard": "a*"}]}}).findings
    assert (finding.rule, finding.record) == ("", None)
    assert "which only EventBridge has" in finding.problem


def test_filters_that_a_deployment_makes_are_not_known() -> None:
    assert checked([a_task(event_type="a")]) == Checked()
    mapping = {
        "FunctionName": {"Ref": "F"},
        "EventSourceArn": SOURCES["sqs"],
        "FilterCriteria": {"Filters": [{"Pattern": {"Fn::Sub": '{"body": {"type": ["${Queue}"]}}'}}]},
    }
    found = checked([a_task(event_type="a")], M={"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping})
    assert found == Checked([], ["its filters are only known once it is deployed"])


ROWS = [
    {"id": "c", "flavor": correlate, "correlation_key": "id", "event_type": "a"},
    {"id": "e", "flavor": evaluate, "emit": "done", "event_type": "a"},
    {"id": "u", "flavor": update, "to_update_request": lambda uow: None, "event_type": ["thing-updated", "a"]},
    {"id": "x", "flavor": expired},
    {"id": "cdc", "flavor": cdc, "event_type": ["thing-created", "thing-deleted", "thing-undeleted"]},
]


def test_changes_are_tried_one_by_one() -> None:
    found = checked(ROWS, {"eventName": ["INSERT"]}, source="dynamodb")
    assert [(each.rule, each.record["eventName"]) for each in found.findings] == [
        ("u", "MODIFY"),
        ("x", "REMOVE"),
        ("cdc", "REMOVE"),
    ]

    sort_keys = {"dynamodb": {"NewImage": {"sk": {"S": ["EVENT"]}}}}
    found = checked(ROWS[:2], sort_keys, source="dynamodb")
    assert [each.rule for each in found.findings] == ["e"]
    assert found.findings[0].record["dynamodb"]["NewImage"]["discriminator"] == {"S": "CORREL"}


@pytest.mark.parametrize("source", ["sqs", "kinesis", "kafka", "dynamodb"])
@pytest.mark.parametrize(
    "rules",
    [
        ROWS,
        [a_task(event_type=["thing-created", "thing-updated"]), a_task("s", event_type=re.compile("^order-"))],
        [a_task(event_type="thing-created", event_pattern={"x": [{"prefix": "y"}, {"anything-but": 5}, None]})],
        [a_task(record_pattern={"eventName": ["MODIFY"]}, event_type="thing-updated")],
    ],
)
def test_what_is_printed_is_fine(rules: Any, source: Source) -> None:
    criteria = implied_filters([Part(RuleRegistry(rules))], source).criteria
    assert criteria is not None
    found = checked(rules, *(each["Pattern"] for each in criteria["Filters"]), source=source)
    assert found.findings == []
    assert all("no record could be made up" in note for note in found.notes)
