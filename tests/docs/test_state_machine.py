"""The state machine on the page of Step Functions is valid, as cfn-lint sees it, which comes with moto."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MACHINE = Path(__file__).resolve().parents[2] / "docs/examples/sources/backfill.asl.json"


def definition() -> dict[str, Any]:
    machine: dict[str, Any] = json.loads(MACHINE.read_text(encoding="utf-8"))
    return machine


def lint(machine: dict[str, Any], path: Path) -> str:
    role = "arn:aws:iam::123456789012:role/backfill"
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": role, "Definition": machine}}
    template = path / "template.json"
    template.write_text(json.dumps({"Resources": {"Backfill": resource}}), encoding="utf-8")
    command = [sys.executable, "-c", "from cfnlint.runner import main; main()", "--regions", "eu-west-1", "--"]
    done = subprocess.run([*command, str(template)], capture_output=True, text=True, check=False, timeout=60)
    assert not done.stderr
    return done.stdout


def test_the_state_machine_is_valid(tmp_path: Path) -> None:
    pytest.importorskip("cfnlint", reason="It comes with moto.")
    broken = definition()
    del broken["States"]["Backfill"]["ItemProcessor"]["States"]["Process"]["Type"]

    assert "'Type' is a required property" in lint(broken, tmp_path)
    assert lint(definition(), tmp_path) == ""


def test_the_function_gets_a_batch_as_it_is() -> None:
    state = definition()["States"]["Backfill"]
    processor = state["ItemProcessor"]

    assert processor["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert state["ItemBatcher"]["MaxInputBytesPerBatch"] <= 256 * 1024
    assert processor["States"][processor["StartAt"]]["Parameters"]["Payload.$"] == "$"
