"""An AWS in a process of its own, on a free port of this machine: MiniStack, or another one that runs already."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from powertools_stream.local.ministack import EmulatorError, installed, server_script

__all__ = ["Emulator", "EmulatorError", "is_region", "reaching"]

_HOST = "127.0.0.1"
_ACCOUNT = "123456789012"
_START_SECONDS = 30.0
_ENDPOINT = "POWERTOOLS_STREAM_EMULATOR"


class Emulator:
    """An endpoint that serves AWS's APIs; a context manager.

    Entering starts MiniStack, unless another endpoint is named. With the first start it is installed into the user's
    cache directory, which takes some seconds and a network.

    Parameters
    ----------
    endpoint_url
        An emulator that runs already; default: the environment variable ``POWERTOOLS_STREAM_EMULATOR``, else MiniStack
        is started. It is used as it is, and not stopped.
    region
        The region of the clients, and of what they make.
    on_progress
        Is told in a sentence what takes some time.

    Raises
    ------
    EmulatorError
        It cannot be installed, started or reached.
    """

    def __init__(
        self,
        endpoint_url: str | None = None,
        *,
        region: str = "us-east-1",
        on_progress: Callable[[str], object] = lambda text: None,
    ) -> None:
        self.region = region
        self.url = endpoint_url or os.environ.get(_ENDPOINT) or ""
        self._on_progress = on_progress
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Any = None
        self._clients: dict[str, Any] = {}
        self._session: Any = None
        self._lock = threading.Lock()

    @property
    def is_ours(self) -> bool:
        """Whether it was started here, as a MiniStack."""
        return self._process is not None

    def __enter__(self) -> Emulator:
        if self.url:
            _require_listener(self.url)
            return self
        python = installed(self._on_progress)
        try:
            self._start(python)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self._stop()

    def client(self, service: str) -> Any:
        """Return a boto3 client of this service: the same one each time."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._new_client(service)
            return self._clients[service]

    def flush(self) -> int:
        """Let Firehose write at once what it has collected, and return how many records that were.

        Another emulator than MiniStack does so when it does so: 0.
        """
        headers = {"X-Amz-Target": "Firehose_20150804.Flush", "Content-Type": "application/x-amz-json-1.1"}
        try:
            response = build_opener(ProxyHandler({})).open(Request(self.url, b"{}", headers), timeout=30)
            with response:
                return int(json.load(response)["Records"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def _new_client(self, service: str) -> Any:
        from boto3.session import Session
        from botocore.config import Config

        if self._session is None:
            # Whatever the environment says: no profile, no other endpoint, no credentials of a real account.
            self._session = Session("test", "test", region_name=self.region)
        config = Config(
            max_pool_connections=50,
            proxies={},
            retries={"mode": "standard", "max_attempts": 3},
            s3={"addressing_style": "path"},
            read_timeout=120,
        )
        return self._session.client(service, endpoint_url=self.url, config=config)

    def _start(self, python: Path) -> None:
        port = _free_port()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            [str(python), str(server_script())],
            cwd=tempfile.gettempdir(),
            env=_environment(port, self.region),
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the process that started it, which stops it last
        )
        self.url = f"http://{_HOST}:{port}"
        self._await_start(self._process)

    def _await_start(self, process: subprocess.Popen[bytes]) -> None:
        limit = time.monotonic() + _START_SECONDS
        while not _is_healthy(self.url):
            if process.poll() is not None or time.monotonic() > limit:
                raise EmulatorError(f"Expected MiniStack to start, but it did not. It says:\n{self._last_lines()}")
            time.sleep(0.02)

    def _last_lines(self) -> str:
        self._log.seek(0)
        return "\n".join(self._log.read().decode("utf-8", "replace").splitlines()[-5:])

    def _stop(self) -> None:
        if self._process is None:
            return
        _end(self._process)
        self._log.close()
        self._process = None
        self.url = ""


@contextmanager
def reaching(emulator: Emulator) -> Iterator[None]:
    """Say what an error of a call means: that a resource has vanished, or the emulator has ended."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise EmulatorError(f"Expected the emulator at {emulator.url} to go on, but: {error}") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _environment(port: int, region: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "BIND_HOST": _HOST,
        "MINISTACK_HOST": _HOST,
        "MINISTACK_ACCOUNT_ID": _ACCOUNT,
        "MINISTACK_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "GATEWAY_PORT": str(port),
        # Listeners of their own on fixed ports, for services that no event source is.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        # An asynchronous invocation that failed is tried again after a minute in AWS.
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_healthy(url: str) -> bool:
    try:
        # Never through a proxy, whatever the environment says.
        build_opener(ProxyHandler({})).open(f"{url}/_ministack/health", timeout=5).close()
    except OSError:
        return False
    return True


def is_region(name: str) -> bool:
    """Return whether boto3 takes a name for that of a Region."""
    from botocore.exceptions import InvalidRegionError
    from botocore.utils import validate_region_name

    try:
        validate_region_name(name)
    except InvalidRegionError:
        return False
    return True


def _require_listener(url: str) -> None:
    try:
        build_opener(ProxyHandler({})).open(url, timeout=5).close()
    except urllib.error.HTTPError:
        return  # any response will do
    except (OSError, ValueError) as error:
        raise EmulatorError(
            f"Expected an emulator of AWS at {url}, but it cannot be reached: {getattr(error, 'reason', error)}. "
            "Start it, or leave out --endpoint-url to start MiniStack."
        ) from error
