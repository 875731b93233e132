from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from powertools_stream.cli.check.linting import Linting
from tests.cli.check.forms import FORMS, Form, assembly, cloudformation, found, found_in, places, sam, written

REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
DESTINATION = {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:123456789012:failed"}}}
STREAMS = ("Kinesis", "DynamoDB", "MSK")


# -- Partial responses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("source", ["SQS", *STREAMS])
def test_a_mapping_without_partial_responses(tmp_path: Path, form: Form, source: str) -> None:
    [(_, says)] = found(tmp_path, form(source, {}), "E9801")
    service = "Kafka" if source == "MSK" else source
    assert says == (
        f"The {service} mapping Records of Listener has no `FunctionResponseTypes: [ReportBatchItemFailures]`."
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("source", ["SQS", *STREAMS])
def test_a_mapping_with_partial_responses(tmp_path: Path, form: Form, source: str) -> None:
    assert found(tmp_path, form(source, REPORTS), "E9801") == []


@pytest.mark.parametrize(
    "types", [{"Ref": "Imported"}, [{"Fn::ImportValue": "types"}], {"Fn::If": ["Undeclared", [], []]}]
)
@pytest.mark.parametrize("form", FORMS)
def test_responses_that_cannot_be_told_are_no_finding(tmp_path: Path, form: Form, types: Any) -> None:
    template = {**form("SQS", {"FunctionResponseTypes": types}), "Parameters": {"Imported": {"Type": "String"}}}
    assert found(tmp_path, template, "E9801") == []


@pytest.mark.parametrize(
    "queued", [True, {"QueueArn": {"Fn::GetAtt": ["Source", "Arn"]}, "QueueUrl": {"Ref": "Source"}}]
)
def test_a_queue_that_sam_puts_behind_a_topic_has_no_partial_responses(tmp_path: Path, queued: Any) -> None:
    event = {"Type": "SNS", "Properties": {"Topic": "arn", "SqsSubscription": queued}}
    template = sam("SQS", REPORTS, {"Events": {}})
    template["Resources"]["Listener"]["Properties"]["Events"] = {"Records": event}
    [match] = [each for each in Linting().matches_in(written(tmp_path, template)) if each.rule.id == "E9801"]
    assert match.found.startswith("The SQS mapping Records of Listener has no")
    assert match.advice.startswith("`SqsSubscription` takes no `FunctionResponseTypes`: subscribe the queue")


def test_a_topic_without_a_queue_behind_it_is_no_mapping(tmp_path: Path) -> None:
    template = sam("SQS", REPORTS)
    event = {"Type": "SNS", "Properties": {"Topic": "arn", "SqsSubscription": False}}
    template["Resources"]["Listener"]["Properties"]["Events"]["Notified"] = event
    assert found(tmp_path, template, "E9801") == []


def test_what_cdk_synthesizes(tmp_path: Path) -> None:
    out = assembly(tmp_path / "cdk.out", Shop=cloudformation("SQS", {}), Billing=cloudformation("SQS", REPORTS))
    says = [text for rule, text in found_in(out) if rule == "E9801"]
    assert says == ["The SQS mapping Records of Listener has no `FunctionResponseTypes: [ReportBatchItemFailures]`."]


def test_the_stages_of_an_assembly(tmp_path: Path) -> None:
    out = assembly(tmp_path / "cdk.out")
    assembly(out / "assembly-prod", Shop=cloudformation("SQS", {}))
    (out / "manifest.json").write_text(
        '{"artifacts": {"prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-prod"}}}}'
    )
    assert "E9801" in dict(found_in(out))


@pytest.mark.parametrize(
    "properties",
    [
        {"EventSourceArn": {"Ref": "Broker"}, "Queues": ["orders"]},
        {"EventSourceArn": "arn:aws:mq:eu-west-1:123456789012:broker:orders:b-1"},
        {"EventSourceArn": {"Ref": "Cluster"}, "DocumentDBEventSourceConfig": {"DatabaseName": "shop"}},
    ],
)
def test_sources_without_partial_responses_are_left_alone(tmp_path: Path, properties: dict[str, Any]) -> None:
    template = {"Resources": {"Records": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}}}
    assert found(tmp_path, template, "E9801") == []


@pytest.mark.parametrize(
    ("properties", "service"),
    [
        ({"EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:orders"}, "SQS mapping"),
        (
            {"EventSourceArn": {"Fn::Sub": "arn:aws:kinesis:${AWS::Region}:123456789012:stream/orders"}},
            "Kinesis mapping",
        ),
        ({"EventSourceArn": {"Fn::ImportValue": "queue"}}, "mapping"),
        ({"SelfManagedEventSource": {"Endpoints": {}}, "Topics": ["orders"]}, "Kafka mapping"),
    ],
)
def test_a_source_that_another_template_makes(tmp_path: Path, properties: dict[str, Any], service: str) -> None:
    template = {"Resources": {"Records": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}}}
    [(_, says)] = found(tmp_path, template, "E9801")
    assert says.startswith(f"The {service} Records has no")


def test_kafka_is_told_what_it_needs(tmp_path: Path) -> None:
    path = written(tmp_path, sam("MSK", {}))
    advice = [match.advice for match in Linting().matches_in(path) if match.rule.id == "E9801"]
    assert "ProvisionedPollerConfig" in advice[0]


def test_conditions_are_followed_together(tmp_path: Path) -> None:
    mapping = {"FunctionResponseTypes": {"Fn::If": ["Prod", ["ReportBatchItemFailures"], {"Ref": "AWS::NoValue"}]}}
    conditions = {"Prod": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}
    template = {**sam("SQS", mapping), "Conditions": conditions}

    assert len(found(tmp_path, template, "E9801")) == 1

    template["Resources"]["Listener"]["Condition"] = "Prod"
    assert found(tmp_path, template, "E9801") == []


# -- Retries and destinations ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("source", STREAMS)
def test_a_stream_without_limits_and_destination(tmp_path: Path, form: Form, source: str) -> None:
    assert sorted(rule for rule, _ in found(tmp_path, form(source, {}), "W9811", "E9812")) == ["E9812", "W9811"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("limit", [{"MaximumRetryAttempts": 0}, {"MaximumRecordAgeInSeconds": "3600"}])
@pytest.mark.parametrize("source", STREAMS)
def test_one_limit_is_enough(tmp_path: Path, form: Form, source: str, limit: dict[str, Any]) -> None:
    assert found(tmp_path, form(source, {**limit, **DESTINATION}), "W9811", "E9812") == []


@pytest.mark.parametrize("limit", [-1, "-1"])
def test_minus_one_is_no_limit(tmp_path: Path, limit: Any) -> None:
    mapping = {"MaximumRetryAttempts": limit, "MaximumRecordAgeInSeconds": limit, **DESTINATION}
    assert len(found(tmp_path, sam("Kinesis", mapping), "W9811")) == 1


def test_kafka_with_a_destination_is_retried_ten_times(tmp_path: Path) -> None:
    assert found(tmp_path, sam("MSK", DESTINATION), "W9811") == []


def test_a_queue_has_neither(tmp_path: Path) -> None:
    assert found(tmp_path, sam("SQS", {}), "W9811", "E9812") == []


def test_a_finding_points_at_the_property_if_there_is_one(tmp_path: Path) -> None:
    event = "Resources/Listener/Properties/Events/Records"
    assert places(tmp_path, sam("Kinesis", {}), "W9811") == [event]
    mapping = {"MaximumRetryAttempts": -1}
    assert places(tmp_path, sam("Kinesis", mapping), "W9811") == [f"{event}/Properties/MaximumRetryAttempts"]
    assert places(tmp_path, cloudformation("Kinesis", {}), "W9811") == ["Resources/Records"]
