"""An AWS in this process: moto's server on a free port, and an environment that points to it and nowhere else."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from powertools_stream.local.one_at_a_time import one_at_a_time
from powertools_stream.local.shortcuts import quicker_moto, shared_descriptions
from powertools_stream.local.variables import variables

__all__ = ["EmbeddedAWS"]

_HOST = "127.0.0.1"
_DUMMY = "embedded"

# These would point a client to another endpoint, or make it read other credentials.
_MISLEADING = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")


class EmbeddedAWS:
    """Moto's server, started in this process; a context manager.

    Inside the context, every new boto3 client uses it: the environment has ``AWS_ENDPOINT_URL``, the region and dummy
    credentials. On exit the environment is restored. A client keeps the endpoint that it was made with, so make clients
    inside.

    Moto keeps its data in the process: entering empties it, and only one embedded AWS may run at a time.

    Parameters
    ----------
    region
        The region in the environment.

    Raises
    ------
    ModuleNotFoundError
        Moto is not installed.
    """

    def __init__(self, *, region: str = "us-east-1") -> None:
        self.region = region
        self.url = ""
        self._clients: dict[str, Any] = {}
        self._stack = ExitStack()

    def __enter__(self) -> EmbeddedAWS:
        server = _new_server()
        with ExitStack() as stack:
            stack.enter_context(_quiet_server())
            stack.enter_context(shared_descriptions())
            stack.enter_context(quicker_moto())
            stack.enter_context(one_at_a_time())
            server.start()
            stack.callback(server.stop)
            host, port = server.get_host_and_port()
            self.url = f"http://{host}:{port}"
            stack.enter_context(variables(self._environment()))
            stack.callback(self._close_clients)
            self.reset()
            # Entering has succeeded, so from here on __exit__ cleans up.
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def client(self, service: str) -> Any:
        """Return a boto3 client of this service: the same one each time, since it is expensive to create."""
        if service not in self._clients:
            from boto3.session import Session

            # A session of its own: boto3's default session may have been made before, with other credentials.
            session = Session(_DUMMY, _DUMMY, region_name=self.region)
            self._clients[service] = session.client(service, endpoint_url=self.url)
        return self._clients[service]

    def reset(self) -> None:
        """Empty every service."""
        # Never through a proxy, whatever the environment says.
        build_opener(ProxyHandler({})).open(Request(f"{self.url}/moto-api/reset", method="POST"), timeout=10).close()

    def _close_clients(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _environment(self) -> dict[str, str | None]:
        no_proxy = ",".join(filter(None, (os.environ.get("NO_PROXY"), os.environ.get("no_proxy"), _HOST)))
        misleading = [name for name in os.environ if name in _MISLEADING or name.startswith("AWS_ENDPOINT_URL_")]
        return {
            **dict.fromkeys(misleading),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": _DUMMY,
            "AWS_SECRET_ACCESS_KEY": _DUMMY,
            "NO_PROXY": no_proxy,
            "no_proxy": no_proxy,
            # Hides configuration files from clients, since a profile may name other endpoints.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


@contextmanager
def _quiet_server() -> Iterator[None]:
    """Keep the server from logging a line per request."""
    logger = logging.getLogger("werkzeug")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _new_server() -> Any:
    try:
        from moto.server import ThreadedMotoServer
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"Expected moto's server for the embedded AWS, but {error.name!r} is not installed. "
            "Install it with: pip install 'powertools-stream[local]'",
            name=error.name,
        ) from error
    return ThreadedMotoServer(ip_address=_HOST, port=0, verbose=False)
