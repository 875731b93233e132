"""The templates on the page of installation are valid, and say what a function with two layers needs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import hcl2
import pytest

FOLDER = Path("docs/examples/installation")
LAYER = re.compile(r"powertools_stream-[\d.]+-layer-alone-python3\.13\.zip")
POWERTOOLS = "/aws/service/powertools/python/arm64/python3.13/latest"


@pytest.mark.slow
def test_the_template_for_sam_is_valid_and_loses_no_events() -> None:
    lint = Path(sys.executable).with_name("cfn-lint")
    command = [str(lint), "-a", "powertools_stream.cli.check.rules", "--regions", "eu-west-1", "--"]

    done = subprocess.run(
        [*command, str(FOLDER / "template.yaml")], check=False, capture_output=True, text=True, timeout=60
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_terraform_says_the_same() -> None:
    parsed = hcl2.loads((FOLDER / "main.tf").read_text(encoding="utf-8"))

    assert "ReportBatchItemFailures" in str(parsed["resource"])
    assert POWERTOOLS in str(parsed["data"])


@pytest.mark.parametrize("name", ["template.yaml", "main.tf", "cdk_stack.py"])
def test_each_form_has_both_layers_and_reports_failures(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")

    assert LAYER.search(text)
    assert POWERTOOLS in text
    assert re.search(r"ReportBatchItemFailures|report_batch_item_failures=True", text)


def test_the_image_is_of_the_same_python() -> None:
    assert (FOLDER / "Dockerfile").read_text().startswith("FROM public.ecr.aws/lambda/python:3.13\n")
