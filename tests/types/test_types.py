"""What type checkers see of the public signatures: it is right, and it is what the models say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

USES = Path(__file__).with_name("uses.py")


def output_of(*command: str) -> str:
    """Run a Python program; return what it wrote if it failed, and nothing if it succeeded."""
    run = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "."}
    )
    return f"{run.stdout}{run.stderr}" if run.returncode else ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "checker", [["mypy"], ["pyright", "--pythonpath", sys.executable]], ids=lambda command: str(command[0])
)
def test_right_uses_are_accepted_and_wrong_ones_are_not(checker: list[str]) -> None:
    assert output_of("-m", *checker, str(USES)) == ""


@pytest.mark.slow
def test_pyright_notices_a_comment_that_ignores_no_error(tmp_path: Path) -> None:
    """As mypy does in its strict mode; without that, a wrong use that is accepted would go unnoticed."""
    unnoticed = tmp_path / "unnoticed.py"
    unnoticed.write_text(f"{USES.read_text()}\nprint(rules)  # type: ignore[call-arg]\n")

    output = output_of("-m", "pyright", "--pythonpath", sys.executable, str(unnoticed))

    assert 'error: Unnecessary "# type: ignore" comment' in output
    assert "1 error, " in output


def test_the_signatures_have_the_fields_of_the_models() -> None:
    assert output_of(".ci/signatures.py", "--check") == ""
