"""The pages of the command line show what its commands print."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for folder in ("cli", "migration") for path in (ROOT / "docs" / folder).glob("*.md"))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_what_the_commands_print(page: Path) -> None:
    check = [sys.executable, ".ci/cli_docs.py", "--check", str(page)]

    done = subprocess.run(check, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=120)

    assert (done.returncode, done.stderr) == (0, "")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
