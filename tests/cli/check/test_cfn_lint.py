"""The rule pack in cfn-lint itself, as in an editor or a build that has it already."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from cfnlint.rules import Rules

from powertools_stream.cli.check import rules
from powertools_stream.cli.check.rules.base import StackRule
from tests.cli.check.forms import found_in

ROOT = Path(__file__).resolve().parents[3]

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Listener:
    Type: AWS::Serverless::Function{metadata}
    Properties:
      CodeUri: src/
      Handler: listener.handler
      Runtime: python3.13
      Timeout: 5
      Events:
        Orders:
          Type: SQS
          Properties: {{Queue: !GetAtt Queue.Arn}}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      RedrivePolicy: {{deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}}
  Failed:
    Type: AWS::SQS::Queue
"""
IGNORED = "\n    Metadata: {cfn-lint: {config: {ignore_checks: [E9801]}}}"


def write(directory: Path, metadata: str = "") -> Path:
    path = directory / "template.yaml"
    path.write_text(TEMPLATE.format(metadata=metadata))
    return path


def cfn_lint(path: Path, *arguments: str) -> list[tuple[str, int]]:
    command = [str(Path(sys.executable).with_name("cfn-lint")), "-a", rules.__name__, "--format", "json"]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, *arguments, "--", str(path)], capture_output=True, text=True, env=variables)
    matches = json.loads(done.stdout)
    return [(match["Rule"]["Id"], match["Location"]["Start"]["LineNumber"]) for match in matches]


def test_cfn_lint_runs_the_rules_and_takes_their_settings(tmp_path: Path) -> None:
    found = cfn_lint(write(tmp_path), "-x", "W9831:milliseconds_per_record=1000")
    assert found == [("W9831", 9), ("E9801", 11)]


def test_metadata_of_a_resource_leaves_a_rule_out(tmp_path: Path) -> None:
    assert [rule for rule, _ in found_in(write(tmp_path))] == ["E9801"]
    assert found_in(write(tmp_path, IGNORED)) == []


def test_metadata_of_the_template_leaves_a_rule_out(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text("Metadata: {cfn-lint: {config: {ignore_checks: [E9801]}}}\n" + path.read_text())
    assert found_in(path) == []


def test_each_rule_says_what_why_what_to_do_and_where_aws_says_so() -> None:
    pack = Rules.create_from_module(rules.__name__)
    assert sorted(type(rule).__name__ for rule in pack.values()) == sorted(rules.__all__)
    for rule in pack.values():
        assert isinstance(rule, StackRule)
        assert rule.id[0] in "EW"
        assert 9801 <= int(rule.id[1:]) < 9900
        assert rule.source_url.startswith("https://docs.aws.amazon.com/")
        assert rule.why.endswith(".")
        assert rule.advice.endswith(".")
        assert not rule.shortdesc.endswith(".")
        assert rule.severity in ("error", "warning")
