from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Command

EXAMPLE = ROOT / "docs" / "examples" / "cli" / "filters"


@pytest.fixture(autouse=True)
def shop(tmp_path: Path) -> Path:
    for name in ("listener.py", "trigger.py", "template.yaml"):
        shutil.copy(EXAMPLE / name, tmp_path / name)
    return tmp_path


@pytest.mark.slow
def test_the_filters_of_a_template_can_be_pasted_into_it(installed: Command, command: Command, shop: Path) -> None:
    done = installed("filters", "template.yaml")
    assert done.status == 0
    assert done.output == (
        """\
# Listener, Orders (SQS)
FilterCriteria:
  Filters:
    # keep_order, note_customer
    - Pattern: '{"body": {"type": ["order-submitted", "order-paid", {"prefix": "customer-"}]}}'
    # keep_order, note_customer: in EventBridge's envelope
    - Pattern: '{"body": {"detail": {"type": ["order-submitted", "order-paid", {"prefix": "customer-"}]}}}'
    # keep_order, note_customer: in EventBridge's envelope
    - Pattern: '{"body": {"detail-type": ["order-submitted", "order-paid", {"prefix": "customer-"}]}}'
    # keep_order, note_customer: what no filter can look into, as in SNS's envelope
    - Pattern: '{"body": {"type": [{"exists": false}], "detail": {"type": [{"exists": false}]}}}'
---
# Trigger, Changes (DynamoDB)
FilterCriteria:
  Filters:
    # publish_order
    - Pattern: '{"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"discriminator": """
        """{"S": ["order", "", {"exists": false}]}, "latched": {"BOOL": [false, {"exists": false}]}}}}'
"""
    )
    unread, hint = done.errors.splitlines()
    assert unread == "note: What is no JSON is discarded as well, and no fault event tells of it."
    assert hint == (
        "note: Events may come in any envelope. If only the template sends any, --envelope eventbridge makes the "
        "filters narrower."
    )

    # What was printed, in place of what was there.
    pasted = (shop / "template.yaml").read_text().splitlines()
    start = next(number for number, line in enumerate(pasted) if "FilterCriteria" in line)
    made = done.output.split("---")[0].splitlines()[1:]
    pasted[start : start + 3] = [" " * 12 + line for line in made]
    (shop / "pasted.yaml").write_text("\n".join(pasted))
    checked = command("filters", "--check", "pasted.yaml")
    assert (checked.status, checked.output) == (0, "The filters of 2 mappings let through what the rules take.\n")


def test_the_filters_of_a_module_are_for_one_source(command: Command) -> None:
    done = command("filters", "listener.py", "--source", "kinesis", "--envelope", "eventbridge", "--json")
    assert done.status == 0
    (found,) = json.loads(done.output)
    assert {**found, "FilterCriteria": None} == {
        "function": "listener",
        "source": "kinesis",
        "mapping": None,
        "FilterCriteria": None,
        "notes": [],
    }
    types = ["order-submitted", "order-paid", {"prefix": "customer-"}]
    assert [json.loads(each["Pattern"]) for each in found["FilterCriteria"]["Filters"]] == [
        {"data": {"detail": {"type": types}}},
        {"data": {"detail-type": types}},
        {"data": {"detail": [{"exists": True}]}},
    ]


def test_a_check_shows_what_is_discarded(command: Command) -> None:
    done = command("filters", "--check", "template.yaml")
    assert done.status == 1
    first, second, *record, last = done.output.splitlines()
    assert (first, last) == ("Listener, Orders (SQS)", "1 finding in 2 mappings.")
    assert second.strip() == "keep_order takes this record, in EventBridge's envelope, which the filters discard:"
    assert json.loads(" ".join(record))["body"]["detail-type"] == "order-paid"

    document = json.loads(command("filters", "--check", "template.yaml", "--json").output)
    assert [each["rule"] for each in document["findings"]] == ["keep_order"]

    of_module = command("filters", "trigger.py", "--check", "template.yaml")
    assert (of_module.status, of_module.output) == (0, "The filters of 1 mapping let through what the rules take.\n")
    of_function = command("filters", "--check", "template.yaml", "--function", "Trigger")
    assert (of_function.status, of_function.output) == (0, of_module.output)


def test_why_there_are_no_filters(command: Command, shop: Path) -> None:
    (shop / "any.py").write_text(
        "from powertools_stream import RuleRegistry\n"
        "from powertools_stream.flavors import collect\n"
        "rules = RuleRegistry()\n"
        "rules.add(id='collect-all', flavor=collect, filters=[lambda uow: True])\n"
    )
    done = command("filters", "any.py", "--source", "sqs")
    assert (done.status, done.output) == (0, "")
    assert done.errors.splitlines() == [
        "note: any (SQS): no filters. collect-all may take a record whatever is in it.",
        "note: any (SQS): collect-all: its filters are functions.",
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["listener.py"], "Expected --source beside a module, one of sqs, kinesis, dynamodb, kafka, found none."),
        (["--json"], "Expected a TARGET, or --check TEMPLATE, found neither."),
        (
            ["listener.py", "--source", "sqss"],
            "Expected a source that Lambda polls (sqs, kinesis, dynamodb",
        ),
        (["listener.py", "--source", "sqs", "--envelope", "sms"], "Did you mean sns?"),
        (["template.yaml", "--check", "template.yaml"], "Expected a module beside --check, found template.yaml."),
        (
            ["template.yaml", "--function", "Lister"],
            "Expected a function Lister in a template, found Listener",
        ),
        (
            ["listener.py", "--check", "template.yaml", "--function", "X"],
            "Expected a function X in template.yaml",
        ),
        (["--check", "missing.yaml"], "Expected a template, found no file missing.yaml."),
        (["missing.py", "--source", "sqs"], "Expected a Python file, found none at missing.py."),
        (["bare.yaml"], "Expected an event source mapping of SQS, Kinesis, DynamoDB Streams or Kafka in the template"),
        (["other.py", "--check", "template.yaml"], "Expected a function with a handler in other in template.yaml"),
    ],
)
def test_what_cannot_run_is_told_in_one_line(command: Command, shop: Path, arguments: list[str], error: str) -> None:
    (shop / "bare.yaml").write_text("Resources: {Queue: {Type: 'AWS::SQS::Queue'}}")
    shutil.copy(shop / "listener.py", shop / "other.py")
    done = command("filters", *arguments)
    assert (done.status, done.output) == (2, "")
    (line,) = done.errors.splitlines()
    assert error in line


def test_the_command_knows_all_envelopes_and_sources_without_importing_them() -> None:
    from powertools_stream.cli.filters import command
    from powertools_stream.cli.filters.implied import SOURCES
    from powertools_stream.cli.filters.payloads import ENVELOPES

    assert (command._ENVELOPES, command._SOURCES) == (ENVELOPES, SOURCES)
