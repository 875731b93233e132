from __future__ import annotations

import subprocess
import sys

import powertools_stream
from tests.cli.conftest import Command


def test_the_version(installed: Command) -> None:
    done = installed("--version")
    assert (done.status, done.output) == (0, f"powertools-stream {powertools_stream.__version__}\n")


def test_without_a_command_it_shows_its_help(command: Command) -> None:
    done = command()
    assert done.status == 2
    assert "Usage: powertools-stream" in done.output


def test_an_unknown_command(command: Command) -> None:
    done = command("chekc")
    assert done.status == 2
    assert "No such command 'chekc'" in done.errors


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "powertools_stream", "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"powertools-stream ")


def test_ctrl_c_while_it_starts() -> None:
    code = (
        "from powertools_stream.cli import app, main\n"
        "def interrupted(): raise KeyboardInterrupt\n"
        "app.run = interrupted; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "")


def test_without_the_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['typer'] = None; from powertools_stream.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "error: The command line needs typer: pip install 'powertools-stream[cli]'.\n"
