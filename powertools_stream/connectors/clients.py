"""One boto3 client per service, made on first use and kept between invocations, with connections that can be cut."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powertools_stream.connectors.connector import Operation

__all__ = ["Clients"]

_CLOSED = "The connections were closed before the call was answered; nothing is sent for it any more."


class Clients:
    """Makes boto3 clients, keeps them, and cuts their connections.

    Unless `config` says otherwise: two seconds to connect and ten to wait for an answer, instead of botocore's sixty of
    each, which outlast most functions; a connection pool as wide as there are workers; a single attempt, since the
    library sends again by itself, with the deadline in mind; no validation of parameters on this side, since the
    connectors make the requests, and the service checks them anyway.

    Parameters
    ----------
    session
        A ``boto3.Session``; default: a new one, when the first client is made.
    config
        A ``botocore.config.Config``, whose settings win over the above.
    max_workers
        How many threads make calls at the same time.
    """

    def __init__(self, session: Any = None, config: Any = None, max_workers: int = 8) -> None:
        self._session = session
        self._config = config
        self._max_workers = max_workers
        self._roles: dict[str, Any] = {}
        self._line = _Line()
        self._making = threading.Lock()

    def client_for(self, operation: Operation) -> Any:
        """Return the client that makes the calls of an operation: of its service, its Region and its role."""
        return self.client(operation.service, region_name=operation.region_name, role_arn=operation.role_arn)

    def client(self, service_name: str, *, region_name: str | None = None, role_arn: str | None = None) -> Any:
        """Return a client, made on first use. Thread-safe; boto3 is imported here.

        Parameters
        ----------
        service_name
            As boto3 names it.
        region_name
            None: that of the session, so most often the function's.
        role_arn
            The role that the client takes on, e.g. of another account. Its credentials come from STS, and are renewed
            before they end. None: the session's own.
        """
        # Taken first: a client that is still being made while everything is closed belongs to what was closed.
        line = self._line
        wanted = (service_name, region_name, role_arn)
        client = line.clients.get(wanted)
        if client is not None:
            return client
        with self._making:  # neither sessions nor the making of clients are thread-safe
            client = line.clients.get(wanted)
            if client is None:
                session = self._own_session() if role_arn is None else self._session_of(role_arn)
                client = line.clients[wanted] = self._make(session, service_name, line, region_name=region_name)
        return client

    def close(self) -> None:
        """Cut every connection, so that calls under way end in an error at once, and nothing is sent for them any more.

        The next `client` makes new ones.
        """
        line, self._line = self._line, _Line()
        line.close()

    def _own_session(self) -> Any:
        import boto3

        if self._session is None:
            # Not boto3's default session: the function's own threads may be using that one, unlocked.
            self._session = boto3.Session()
        return self._session

    def _session_of(self, role_arn: str) -> Any:
        """Return the session of a role; botocore asks STS when credentials are needed, and again before they end."""
        if role_arn not in self._roles:
            import boto3
            from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
            from botocore.session import Session

            own = self._own_session()
            fetcher = AssumeRoleCredentialFetcher(
                lambda service_name, **credentials: self._make(own, service_name, self._line, **credentials),
                own.get_credentials(),
                role_arn,
                extra_args={"RoleSessionName": _role_session_name()},
            )
            session = Session()
            session._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
            self._roles[role_arn] = boto3.Session(botocore_session=session, region_name=own.region_name)
        return self._roles[role_arn]

    def _make(self, session: Any, service_name: str, line: _Line, **options: Any) -> Any:
        from botocore.config import Config

        config = Config(
            connect_timeout=2,
            read_timeout=10,
            max_pool_connections=self._max_workers,
            retries={"total_max_attempts": 1},
            parameter_validation=False,
        )
        client = session.client(service_name, config=config.merge(self._config) if self._config else config, **options)
        client.meta.events.register("before-send", line.refuse_if_closed)
        with contextlib.suppress(Exception):
            # Reaches into botocore. Where it has changed, connections end by their time-outs.
            _track_connections(client, line)
        return client


class _Line:
    """The clients and connections between one `Clients.close` and the next."""

    def __init__(self) -> None:
        self.clients: dict[tuple[str, str | None, str | None], Any] = {}
        self.closed = False
        self._sockets: dict[int, socket.socket] = {}
        self._lock = threading.Lock()

    def refuse_if_closed(self, **_: Any) -> None:
        """Keep botocore from sending: an attempt of a client that was closed, though its thread does not know yet."""
        if self.closed:
            raise ConnectionAbortedError(_CLOSED)

    def opened(self, connection: Any) -> None:
        """Take a new connection in; refused where everything is closed already."""
        with self._lock:
            if not self.closed:
                self._sockets[id(connection)] = connection.sock
                return
        connection.close()
        raise ConnectionAbortedError(_CLOSED)

    def ended(self, connection: Any) -> None:
        """Forget a connection."""
        with self._lock:
            self._sockets.pop(id(connection), None)

    def close(self) -> None:
        with self._lock:
            self.closed = True
            sockets = list(self._sockets.values())
            self._sockets.clear()
            for sock in sockets:
                with contextlib.suppress(OSError, AttributeError):
                    # The plain shutdown, also under TLS: it wakes the thread that waits for bytes, and touches nothing
                    # of the TLS layer, which that thread is using.
                    _shutdown(sock)
        for client in list(self.clients.values()):
            with contextlib.suppress(Exception):  # `close` came with botocore 1.21
                client.close()


def _role_session_name() -> str:
    """Return the name by which the other account's trail shows who it was: the function's."""
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    return re.sub(r"[^\w+=,.@-]", "-", os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or "powertools-stream")[:64]


def _shutdown(sock: Any) -> None:
    if isinstance(sock, socket.socket):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    else:
        sock.shutdown(socket.SHUT_RDWR)


def _track_connections(client: Any, line: _Line) -> None:
    """Have the line know a client's connections: botocore has no public way to reach one that is in use."""
    session = client._endpoint.http_session
    classes = {scheme: _tracked_pool(pool, line) for scheme, pool in session._pool_classes_by_scheme.items()}
    session._manager.pool_classes_by_scheme = classes
    session._pool_classes_by_scheme = classes  # for the managers of proxies, which are made later


def _tracked_pool(pool_class: Any, line: _Line) -> Any:
    class Connection(pool_class.ConnectionCls):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            line.opened(self)

        def close(self) -> None:
            line.ended(self)
            super().close()

    return type(pool_class.__name__, (pool_class,), {"ConnectionCls": Connection})
