"""One execution environment of a function: a process in which AWS's own runtime client serves one event at a time.

Where that cannot be installed, a small client of ours stands in for it.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from powertools_stream.local.runtime.api import Posted, RuntimeAPI, Work
from powertools_stream.local.runtime.errors import FunctionError

__all__ = ["ProcessGoneError", "RuntimeProcess"]

# Lambda gives it 10 s, and as long as the function's timeout in a second attempt. Several processes that start on one
# small machine take longer. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
_INIT_SECONDS = 60.0
_EXITED = "exited"

# The rest of the shell's variables would hide that the template lacks one.
_INHERITED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "PYTHONPATH", "VIRTUAL_ENV"),
    *("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NO_COLOR"),
)


class ProcessGoneError(Exception):
    """The process had ended before it took the event: another one can take it."""


class RuntimeProcess:
    """A process that serves invocations until it is closed, one at a time.

    Parameters
    ----------
    handler
        As in a function's configuration: ``app.handler``.
    folder
        The folder of the handler's module; the process is started there.
    environment
        The function's environment variables. Of those of this process it has only a few, such as ``PATH``.
    log
        Is called with each line that the function writes, on a thread of its own.
    """

    def __init__(
        self,
        handler: str,
        folder: Path,
        environment: Mapping[str, str],
        log: Callable[[str], object] = lambda line: None,
    ) -> None:
        self._api = RuntimeAPI()
        self._log = log
        try:
            self._process = subprocess.Popen(
                [sys.executable, *_client(), handler],
                cwd=folder,
                env=_environment(folder, environment, self._api.address),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,  # so that Ctrl-C does not reach it, and its own children end with it
            )
        except BaseException:
            self._api.close()
            raise
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can serve another invocation."""
        return self._process.poll() is None

    def invoke(
        self, request_id: str, event: bytes, timeout: float, function_arn: str, client_context: str | None = None
    ) -> Any:
        """Hand over an event (JSON), and return the response.

        Time starts once the handler's module is imported, as with Lambda.

        Raises
        ------
        FunctionError
            The function raised, timed out, could not be imported, or its process ended. Unless it raised, the process
            is closed.
        ProcessGoneError
            The process had ended before.
        """
        self._await_init()
        work = Work(request_id, event, time.time() + timeout, function_arn, client_context)
        self._api.next.put(work)
        try:
            posted = self._api.posted.get(timeout=timeout)
        except queue.Empty:
            self.close()
            raise FunctionError.timed_out(timeout) from None
        if posted.path.endswith("/response"):
            return posted.body
        if posted.path == _EXITED and self._api.has(work):
            self.close()
            raise ProcessGoneError
        raise self._error(posted)

    def close(self) -> None:
        """End the process, and those that it started."""
        if self.is_alive:
            with suppress(ProcessLookupError, PermissionError):
                _kill_group(self._process)
        self._process.wait()
        self._reader.join(timeout=1)
        self._api.close()

    def _await_init(self) -> None:
        limit = time.monotonic() + _INIT_SECONDS
        while not self._api.is_ready.wait(0.01):
            if time.monotonic() > limit:
                self.close()
                raise FunctionError.timed_out(_INIT_SECONDS)
            with suppress(queue.Empty):
                raise self._error(self._api.posted.get_nowait())

    def _error(self, posted: Posted) -> FunctionError:
        if posted.path == _EXITED:
            error = FunctionError.exited(posted.body)
        else:
            error = FunctionError.of(posted.body)
        if not posted.path.startswith("invocation/"):
            self.close()
        return error

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self._log(line.rstrip("\n"))
        self._api.posted.put(Posted(_EXITED, self._process.wait()))


def _client() -> list[str]:
    if find_spec("awslambdaric") is not None:
        return ["-m", "awslambdaric"]
    return [str(Path(__file__).with_name("client.py"))]


def _kill_group(process: subprocess.Popen[str]) -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _environment(folder: Path, environment: Mapping[str, str], api: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    searched = [str(folder), *_entries(environment), *map(os.path.abspath, _entries(inherited))]
    return {
        **inherited,
        **environment,
        "PYTHONPATH": os.pathsep.join(searched),
        "PYTHONUNBUFFERED": "1",
        "AWS_LAMBDA_RUNTIME_API": api,
        "LAMBDA_TASK_ROOT": str(folder),
        "TZ": ":UTC",
    }


def _entries(environment: Mapping[str, str]) -> list[str]:
    return [entry for entry in environment.get("PYTHONPATH", "").split(os.pathsep) if entry]
