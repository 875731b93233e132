import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file
from powertools_stream.matching import compile_event_pattern
from powertools_stream.testing import to_eventbridge_envelope
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).parents[1] / "template.yaml"


@pytest.fixture(scope="module")
def resources() -> Any:
    return yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]


@pytest.fixture(scope="module")
def destination(resources: Any) -> Any:
    return resources["Firehose"]["Properties"]["ExtendedS3DestinationConfiguration"]


@pytest.fixture(scope="module")
def table(resources: Any) -> Any:
    return resources["EventTable"]["Properties"]["TableInput"]


def test_the_template_is_sound() -> None:
    assert lint_file(TEMPLATE) == []


@pytest.mark.parametrize("event_type", ["order-submitted", "fault"])
def test_every_event_is_kept(event_type: str, resources: Any) -> None:
    matches = compile_event_pattern(resources["AllEvents"]["Properties"]["EventPattern"])

    assert matches(to_eventbridge_envelope({"id": "1", "type": event_type, "timestamp": 1_700_000_000_000}))


def test_there_is_one_event_per_line_without_its_envelope(destination: Any, resources: Any) -> None:
    (target,) = resources["AllEvents"]["Properties"]["Targets"]

    assert target["InputPath"] == "$.detail"
    assert destination["ProcessingConfiguration"]["Processors"] == [{"Type": "AppendDelimiterToRecord"}]


def test_athena_looks_where_firehose_writes(destination: Any, table: Any) -> None:
    parameters = table["Parameters"]
    location = parameters["storage.location.template"]["Fn::Sub"]
    written = destination["Prefix"].replace("!{timestamp:yyyy/MM/dd/HH}", "${!hour}")

    assert location == f"s3://${{Lake}}/{written}"
    assert (parameters["projection.hour.format"], table["PartitionKeys"][0]["Name"]) == ("yyyy/MM/dd/HH", "hour")


def test_firehose_may_write_where_it_writes(destination: Any, resources: Any) -> None:
    statement, *_ = resources["FirehoseRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    allowed = [each["Fn::Sub"].removeprefix("${Lake.Arn}/").removesuffix("*") for each in statement["Resource"]]

    written = [prefix.split("!")[0] for prefix in (destination["Prefix"], destination["ErrorOutputPrefix"])]

    assert written == allowed == ["events/", "errors/"]


@pytest.mark.parametrize("query", ["StoryOfAnOrder", "EventsOfADay"])
def test_queries_read_some_hours_and_columns_that_there_are(query: str, resources: Any, table: Any) -> None:
    text = resources[query]["Properties"]["QueryString"]
    columns = {each["Name"] for each in table["StorageDescriptor"]["Columns"] + table["PartitionKeys"]}

    assert 'WHERE "hour" >= ' in text
    assert set(re.findall(r'"(\w+)"', text)) <= columns
