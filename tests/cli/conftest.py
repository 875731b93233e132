from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).with_name("powertools-stream")


@dataclass(frozen=True)
class Finished:
    """A command that has ended, and what it wrote."""

    status: int
    output: str
    errors: str


Command = Callable[..., Finished]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run the installed command in an empty directory, on a terminal of 100 columns without colours."""

    def run(*arguments: str, cwd: Path = tmp_path, **more: Any) -> Finished:
        return finished(*arguments, cwd=cwd, **more)

    return run


def finished(*arguments: str, cwd: Path, environment: Mapping[str, str] | None = None, **more: Any) -> Finished:
    """Run the installed command to its end."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1", **(environment or {})}
    done = subprocess.run(
        [COMMAND, *arguments], cwd=cwd, env=variables, capture_output=True, text=True, timeout=120, **more
    )
    return Finished(done.returncode, done.stdout, done.stderr)
