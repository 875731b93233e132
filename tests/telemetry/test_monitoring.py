"""The alarms and the dashboard that the documentation ships."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.outcomes import BatchSummary, CallDetails
from powertools_stream.telemetry.metrics import MetricsObserver

DIRECTORY = Path("docs/operations")
TEMPLATES = [DIRECTORY / "alarms.yaml", DIRECTORY / "dashboard.yaml"]
PAGE = (DIRECTORY / "metrics.md").read_text()


def lint(path: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give the unit of each metric that there is."""
    monkeypatch.setenv("BATCH_SIZE", "10")
    units: dict[str, str] = {}

    class Counting:
        def add_metric(self, *, name: str, unit: Any, value: float) -> None:
            units[name] = unit

    class Unpublished:
        publishing_error = ValueError("no")
        rule_id = "r"

    fault: Any = Unpublished()
    call = CallDetails("events", "PutEvents", 1, 1, 0.1, 1, 1)
    MetricsObserver(Counting()).on_batch(BatchSummary("sqs", 1, 1, 1, {"r": 1}, (fault,), 1, 1, (call,), 1.0, 1.0, 1))
    return units


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_cfn_lint_finds_nothing(path: Path) -> None:
    linted = lint(path)

    assert (linted.returncode, linted.stdout) == (0, "")


def test_cfn_lint_would_find_something(tmp_path: Path) -> None:
    broken = tmp_path / "alarms.yaml"
    broken.write_text(TEMPLATES[0].read_text().replace("EvaluationPeriods", "EvaluationPeriod", 1))

    assert "EvaluationPeriod" in lint(broken).stdout


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_a_template_names_metrics_that_there_are(path: Path, known: dict[str, str]) -> None:
    text = path.read_text()
    of_alarms = re.findall(r"Namespace: !Ref Namespace\n +MetricName: (\w+)", text)
    bodies = re.findall(r"DashboardBody: !Sub \|\n(.*)", text, re.DOTALL)

    named = {*of_alarms, *(name for body in bodies for name in _of_dashboard(body))}

    assert named
    assert named <= set(known)


def _of_dashboard(body: str) -> list[str]:
    """Return the metrics of this library in a dashboard: those under its namespace, and what follows with ``.``."""
    names: list[str] = []
    for widget in json.loads(body)["widgets"]:
        namespace = ""
        for metric in widget["properties"].get("metrics", ()):
            namespace = namespace if metric[0] in (".", "...") else metric[0]
            if namespace == "${Namespace}" and metric[0] != "...":
                names.append(metric[1])
    return names


def test_every_alarm_tells_somebody() -> None:
    resources = re.split(r"\n  (?=\w+:\n    Type: AWS::CloudWatch::Alarm)", TEMPLATES[0].read_text())[1:]

    assert len(resources) >= 10
    for resource in resources:
        assert "AlarmActions: [!Ref AlarmTopicArn]" in resource
        assert "AlarmDescription: " in resource
        assert "TreatMissingData: notBreaching" in resource, "what is 0 is not sent"


def test_the_page_lists_every_metric_with_its_unit(known: dict[str, str]) -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| (Count|Milliseconds|Percent) \|", PAGE, re.MULTILINE))

    assert listed == known
