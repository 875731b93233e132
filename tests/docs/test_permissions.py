"""The template of the page on permissions grants what its policy says, and loses no events."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "examples" / "permissions"


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["policy", "listener.py", "--check", "template.yaml"], ["check", "template.yaml"]], ids=" ".join
)
def test_the_command_finds_nothing(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "powertools_stream", *command], cwd=FOLDER, capture_output=True, text=True, timeout=60
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
