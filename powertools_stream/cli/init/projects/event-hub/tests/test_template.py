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


def published(event_type: str) -> dict[str, Any]:
    """Return the event as the rules of the bus see it."""
    return to_eventbridge_envelope({"id": "1", "type": event_type, "timestamp": 1_700_000_000_000})


def test_the_template_is_sound() -> None:
    assert lint_file(TEMPLATE) == []


@pytest.mark.parametrize(
    ("event_type", "on_the_stream"),
    [
        ("order-submitted", True),
        ("fault-repaired", True),
        ("fault", False),
    ],
)
def test_all_domain_events_are_on_the_stream(event_type: str, on_the_stream: bool, resources: Any) -> None:
    matches = compile_event_pattern(resources["DomainEvents"]["Properties"]["EventPattern"])

    assert matches(published(event_type)) is on_the_stream


def test_the_partition_key_of_an_event_is_that_of_its_record(resources: Any) -> None:
    (target,) = resources["DomainEvents"]["Properties"]["Targets"]

    assert target["KinesisParameters"] == {"PartitionKeyPath": "$.detail.partition_key"}
    assert "InputPath" not in target  # mappings filter by the detail-type in the envelope


def test_what_cannot_be_delivered_is_kept(resources: Any) -> None:
    (target,) = resources["DomainEvents"]["Properties"]["Targets"]
    (statement,) = resources["DeadLettersOfRules"]["Properties"]["PolicyDocument"]["Statement"]

    assert target["DeadLetterConfig"]["Arn"] == statement["Resource"]
