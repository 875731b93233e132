"""Runs a command again and again, and kills each run after its own time, but the last one.

A process of its own, that has imported what the command imports: ``python -m tests.cli.killed '<JSON>'`` with the
arguments, the folder, the environment and the times in seconds. Prints the statuses, -9 for a run that was killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

import boto3

from tests.cli import forked

__all__ = ["main"]


def main(arguments: list[str], folder: str, environment: dict[str, str], seconds: list[float]) -> list[int]:
    os.environ.update(environment)
    for service in ("lambda", "events"):
        boto3.client(service)  # its model is read by now
    return [_status(arguments, folder, environment, after) for after in (*seconds, None)]


def _status(arguments: list[str], folder: str, environment: dict[str, str], seconds: float | None) -> int:
    child = os.fork()
    if child == 0:
        nowhere = os.devnull
        forked.run(arguments, [nowhere, nowhere, nowhere], folder, environment)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    given: dict[str, Any] = json.loads(sys.argv[1])
    print(json.dumps(main(**given)))
