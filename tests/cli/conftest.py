from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.forked import Forks

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).with_name("powertools-stream")


@pytest.fixture(autouse=True, scope="session")
def ctrl_c() -> None:
    """Let commands hear Ctrl-C, even if the tests run in the background of a shell, where it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Finished:
    """A command that has ended, and what it wrote."""

    status: int
    output: str
    errors: str


Command = Callable[..., Finished]


@pytest.fixture
def installed(tmp_path: Path) -> Command:
    """Run the installed command in an empty directory, on a terminal of 100 columns without colours."""

    def run(*arguments: str, cwd: Path = tmp_path, **more: Any) -> Finished:
        return finished(*arguments, cwd=cwd, **more)

    return run


def finished(*arguments: str, cwd: Path, environment: Mapping[str, str] | None = None, **more: Any) -> Finished:
    """Run the installed command to its end."""
    done = subprocess.run(
        [COMMAND, *arguments],
        cwd=cwd,
        env=environment_of(environment),
        capture_output=True,
        text=True,
        timeout=120,
        **more,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def environment_of(more: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1", **(more or {})}


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    forks = Forks()
    yield forks
    forks.close()


@pytest.fixture
def command(request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Run the command as `installed` does, in a process that has less to import."""
    if not hasattr(os, "fork"):
        installed: Command = request.getfixturevalue("installed")
        return installed
    forks: Forks = request.getfixturevalue("forks")
    files = [tmp_path_factory.mktemp("streams") / name for name in ("input", "output", "errors")]

    def run(
        *arguments: str, cwd: Path = tmp_path, environment: Mapping[str, str] | None = None, **more: str
    ) -> Finished:
        for file, text in zip(files, (more.get("input", ""), "", ""), strict=True):
            file.write_text(text, encoding="utf-8")
        status = forks.run(arguments, list(map(str, files)), str(cwd), environment_of(environment))
        return Finished(status, *(file.read_text(encoding="utf-8") for file in files[1:]))

    return run
