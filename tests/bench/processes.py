"""The processes that the bench talks to: a worker for each contestant, and the endpoint."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from types import TracebackType
from typing import Any

from tests.bench.cases import LATENCY, Case, environment

__all__ = ["Contestants", "Endpoint", "has_lambda_stream"]


def has_lambda_stream() -> bool:
    """Return whether aws-lambda-stream, which only the extra ``bench`` installs, is available."""
    return importlib.util.find_spec("aws_lambda_stream") is not None


class _Child:
    """A Python module that runs in a process of its own and answers each line with a line of JSON."""

    def __init__(self, module: str, *args: str, env: Mapping[str, str] | None = None) -> None:
        self._name = " ".join((module, *args))
        command = [sys.executable, "-m", module, *args]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=None if env is None else dict(env)
        )
        self.greeting = self._read()

    def ask(self, command: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._read()

    def end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"Expected {self._name} to answer, but it has ended.")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self._name} failed:\n{answer['error']}")
        return answer


class Contestants:
    """Starts a contestant's worker on first use; a context manager."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._env = environment(endpoint.url, endpoint.plain_url, endpoint.bundle)
        self._children: dict[str, _Child] = {}

    def run(self, case: Case, times: int = 1) -> dict[str, float]:
        """Run a case several times; return the seconds of one run, ``wall`` and ``cpu``."""
        return self._child(case).ask({"do": "run", "case": asdict(case), "times": times})

    def memory(self, case: Case) -> float:
        """Run a case; return its peak in bytes."""
        peak: float = self._child(case).ask({"do": "memory", "case": asdict(case)})["peak"]
        return peak

    def forget(self) -> None:
        """Make all workers drop their handlers and batches."""
        for child in self._children.values():
            child.ask({"do": "forget"})

    def __enter__(self) -> Contestants:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children.values():
            child.end()

    def _child(self, case: Case) -> _Child:
        child = self._children.get(case.contestant)
        if child is None:
            child = self._children[case.contestant] = _Child("tests.bench.worker", case.contestant, env=self._env)
        return child


class Endpoint:
    """Starts the endpoint; a context manager. It speaks TLS; `bundle` is its CA's, and `plain_url` is without TLS."""

    def __init__(self, latency: float = LATENCY) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-")
        self.bundle = f"{self._folder.name}/bundle.pem"
        self._child = _Child("tests.bench.endpoint", str(latency), self.bundle)
        self.url: str = self._child.greeting["url"]
        self.plain_url: str = self._child.greeting["plain_url"]

    def calls(self) -> dict[str, int]:
        """Return the number of calls of each operation since the last time."""
        calls: dict[str, int] = self._child.ask(None)["calls"]
        return calls

    def cpu(self) -> float:
        """Return the endpoint's CPU time in seconds; resets the number of calls."""
        cpu: float = self._child.ask(None)["cpu"]
        return cpu

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.end()
        self._folder.cleanup()
