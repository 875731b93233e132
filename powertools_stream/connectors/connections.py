"""Connections that can be cut: whoever is stuck in a call gets an error at once, and nothing more is sent for it."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

__all__ = ["Line", "track_connections", "tracked_pool"]

_CLOSED = "The connections were closed before the call was answered; nothing is sent for it any more."


class Line:
    """The clients, sessions of roles and connections between one `Clients.close` and the next."""

    def __init__(self) -> None:
        self.clients: dict[Any, Any] = {}
        self.roles: dict[str, Any] = {}
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
        """Cut the connections, and refuse new ones."""
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


def track_connections(client: Any, line: Line) -> None:
    """Have the line know a client's connections: botocore has no public way to reach one that is in use."""
    session = client._endpoint.http_session
    classes = {scheme: tracked_pool(pool, line) for scheme, pool in session._pool_classes_by_scheme.items()}
    session._manager.pool_classes_by_scheme = classes
    session._pool_classes_by_scheme = classes  # for the managers of proxies, which are made later


def tracked_pool(pool_class: Any, line: Line) -> Any:
    """Return a class of urllib3's connection pools whose connections the line knows."""

    class Connection(pool_class.ConnectionCls):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            line.opened(self)

        def close(self) -> None:
            line.ended(self)
            super().close()

    return type(pool_class.__name__, (pool_class,), {"ConnectionCls": Connection})


def _shutdown(sock: Any) -> None:
    if isinstance(sock, socket.socket):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    else:
        sock.shutdown(socket.SHUT_RDWR)
