from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.check.forms import assembly, cloudformation, sam
from tests.cli.check.test_cfn_lint import write
from tests.cli.conftest import ROOT, Command

SHOWN = """\
E9801  An event source mapping without ReportBatchItemFailures
  template.yaml:11:9
    The SQS mapping Orders of Listener has no FunctionResponseTypes: [ReportBatchItemFailures].
    → Add FunctionResponseTypes: [ReportBatchItemFailures].
  Why: Lambda then ignores which records the function reports: it takes the whole batch for done,
  and the failed records are gone.
  https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html

1 finding in template.yaml: 1 error.
"""


def test_what_a_person_sees(installed: Command, tmp_path: Path) -> None:
    write(tmp_path)
    done = installed("check")
    assert (done.status, done.output, done.errors) == (1, SHOWN, "")


def test_a_narrow_terminal(command: Command, tmp_path: Path) -> None:
    write(tmp_path)
    done = command("check", environment={"COLUMNS": "60"})
    lines = [line for line in done.output.splitlines() if "https:" not in line]
    assert max(map(len, lines)) <= 60
    assert not any(line.endswith(" ") for line in lines)
    assert "\x1b" not in done.output


def test_a_template_without_findings(command: Command, tmp_path: Path) -> None:
    write(tmp_path)
    done = command("check", "--ignore", "E9801")
    assert (done.status, done.output) == (0, "No findings in template.yaml.\n")


def test_the_template_of_getting_started_loses_nothing(command: Command) -> None:
    template = ROOT / "docs" / "examples" / "getting_started" / "template.yaml"
    done = command("check", str(template))
    assert (done.status, done.errors) == (0, "")


def test_one_document_for_machines(command: Command, tmp_path: Path) -> None:
    write(tmp_path)
    done = command("check", "template.yaml", "--json")
    document = json.loads(done.output)
    [finding] = document["findings"]
    assert done.status == 1
    assert document["templates"] == ["template.yaml"]
    assert list(finding) == [
        "id", "severity", "file", "line", "column", "path", "found", "why", "advice", "source",
    ]  # fmt: skip
    assert (finding["id"], finding["line"], finding["path"][-1]) == ("E9801", 11, "Orders")


def test_a_format_of_cfn_lint(command: Command, tmp_path: Path) -> None:
    write(tmp_path)
    done = command("check", "--format", "parseable")
    assert done.status == 1
    assert done.output.startswith("template.yaml:11:9:11:15:E9801:The SQS mapping Orders of Listener has no")


def test_all_stacks_of_an_assembly(command: Command, tmp_path: Path) -> None:
    assembly(tmp_path / "cdk.out", Shop=cloudformation("SQS", {}), Billing=cloudformation("SQS", {}))
    done = command("check", "--ignore", "W", "--ignore", "E9823")
    assert "cdk.out/Shop.template.json:" in done.output
    assert done.output.endswith("2 findings in cdk.out/Shop.template.json, cdk.out/Billing.template.json: 2 errors.\n")


@pytest.mark.slow
def test_cfn_lints_own_rules_see_what_sam_makes(command: Command, tmp_path: Path) -> None:
    template = sam("SQS", {}, {"CodeUri": "src/", "Timeout": 100}, {"VisibilityTimeout": 50})
    (tmp_path / "template.json").write_text(json.dumps(template, indent=1))

    done = command("check", "--all", "--json", environment={"COLUMNS": "60"})

    findings = {finding["id"]: finding for finding in json.loads(done.output)["findings"]}
    assert {"E3505", "E9801"} <= findings.keys()
    assert findings["E3505"]["found"].startswith("Queue visibility timeout (50) is less than Function timeout (100)")
    assert findings["E3505"]["line"] > 1


# -- What it cannot run on ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Resources: [", "template.yaml:2:1: did not find expected node content."),
        ("Resources: {}", "Expected a template with Resources, found none in template.yaml."),
    ],
)
def test_a_template_that_cannot_be_read(command: Command, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "template.yaml").write_text(text + "\n")
    done = command("check")
    assert (done.status, done.output, done.errors) == (2, "", f"error: {says}\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(command: Command, tmp_path: Path) -> None:
    write(tmp_path).chmod(0)
    done = command("check")
    assert (done.status, done.errors) == (2, "error: Cannot read template.yaml: Permission denied.\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.yaml"], "Expected a template, found no file nowhere.yaml."),
        (
            [],
            "Expected a template, found none of template.yaml, template.yml, template.json, cdk.out in this directory.",
        ),
        (["--ignore", "W98x"], "Expected the id of a rule, such as W9831, or how ids begin, found 'W98x'."),
        (["--json", "--format", "json"], "Expected --json or --format, found both: leave one out."),
    ],
)
def test_arguments_that_lead_nowhere(command: Command, arguments: list[str], says: str) -> None:
    done = command("check", *arguments)
    assert (done.status, done.output, done.errors) == (2, "", f"error: {says}\n")


def test_an_assembly_that_is_broken(command: Command, tmp_path: Path) -> None:
    (tmp_path / "cdk.out").mkdir()
    (tmp_path / "cdk.out" / "manifest.json").write_text("{")
    done = command("check")
    assert done.status == 2
    assert done.errors.startswith("error: Cannot read cdk.out/manifest.json: ")
    assert done.errors.endswith("Run `cdk synth` again.\n")


def test_a_configuration_of_cfn_lint_that_is_wrong(command: Command, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: 5\n")
    done = command("check")
    assert done.status == 2
    assert done.errors.startswith("error: cfn-lint cannot run on template.yaml: ")
    assert done.errors.count("\n") == 1
