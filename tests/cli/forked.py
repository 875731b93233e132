"""Runs commands, each in a process of its own which has imported beforehand what commands need.

Importing takes most of the time of a short command: more than a second, where a template is read. A request is a line
of JSON on standard input, and the response is a line with the exit status.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

IMPORTED = (
    "boto3.session",
    "cfnlint.decode",
    "powertools_stream.cli.app",
    "powertools_stream.cli.check.linting",
    "powertools_stream.cli.check.rules",
    "powertools_stream.cli.event.chain",
    "powertools_stream.cli.events.views",
    "powertools_stream.cli.faults.views",
    "powertools_stream.cli.lake.commands",
    "powertools_stream.cli.lake.objects",
    "powertools_stream.cli.lake.queues",
    "powertools_stream.cli.graph.building",
    "powertools_stream.cli.graph.terminal",
    "powertools_stream.cli.local.session",
    "powertools_stream.cli.policy.report",
    "powertools_stream.cli.needs.rules",
    "powertools_stream.cli.redrive.moving",
    "powertools_stream.cli.replay.destinations",
    "powertools_stream.cli.replay.report",
    "powertools_stream.cli.resubmit.report",
    "powertools_stream.connectors.eventbridge",
    "samtranslator.parser.parser",
    "samtranslator.translator.translator",
)
SECONDS = 120
ROOT = str(Path(__file__).resolve().parents[2])


class Forks:
    """The process that the processes of commands are made of."""

    def __init__(self) -> None:
        # Not by -m: a command would call itself by the name of this module.
        command = [sys.executable, "-c", f"from {__name__} import main; main()"]
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, text=True, env={**os.environ, "PYTHONPATH": ROOT})

    def run(self, arguments: Sequence[str], files: Sequence[str], cwd: str, environment: Mapping[str, str]) -> int:
        """Run a command whose standard input, output and errors are these files, and return its exit status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"arguments": list(arguments), "files": list(files), "cwd": cwd, "environment": dict(environment)}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def main() -> None:
    for name in IMPORTED:
        import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            run(**request)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run(arguments: list[str], files: list[str], cwd: str, environment: dict[str, str]) -> None:
    """Become the command."""
    signal.alarm(SECONDS)
    for number, name in enumerate(files):
        os.dup2(os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND), number)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["powertools-stream", *arguments]
    os._exit(status())


def status() -> int:
    from powertools_stream.cli import main as command

    try:
        command()
    except SystemExit as error:
        return code(error.code)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def code(given: Any) -> int:
    return given if isinstance(given, int) else int(given is not None)
