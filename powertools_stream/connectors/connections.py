"""Connections that can be cut: a thread that is stuck in a call gets an error at once, and sends nothing more."""

from __future__ import annotations

import contextlib
import socket
import threading
import weakref
from typing import Any

__all__ = ["ConnectionSet", "track_connections", "tracked_pool"]

_CLOSED = "The connections were closed before the call was answered; nothing is sent for it any more."


class ConnectionSet:
    """The connections that are closed together, with the clients and the sessions of roles that they belong to.

    Once it is closed it stays so: what is made after that belongs to a new set.
    """

    def __init__(self) -> None:
        self.clients: dict[Any, Any] = {}
        self.roles: dict[str, Any] = {}
        self.closed = False
        self._sockets: dict[int, socket.socket] = {}
        self._lock = threading.Lock()

    def raise_if_closed(self, **_: Any) -> None:
        """Keep botocore from sending once all is closed: a thread that makes another attempt may not know of it yet."""
        if self.closed:
            raise ConnectionAbortedError(_CLOSED)

    def add(self, connection: Any) -> None:
        """Keep track of a new connection; if all is closed already, cut it and raise."""
        with self._lock:
            if not self.closed:
                self._sockets[id(connection)] = connection.sock
                return
        connection.close()
        raise ConnectionAbortedError(_CLOSED)

    def remove(self, connection: Any) -> None:
        """Forget a connection that has ended."""
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


def track_connections(client: Any, connections: ConnectionSet) -> None:
    """Keep track of a client's connections: botocore has no public way to reach one that is in use."""
    session = client._endpoint.http_session
    classes = {scheme: tracked_pool(pool, connections) for scheme, pool in session._pool_classes_by_scheme.items()}
    session._manager.pool_classes_by_scheme = classes
    session._pool_classes_by_scheme = classes  # for the managers of proxies, which are made later


def tracked_pool(pool_class: Any, connections: ConnectionSet) -> Any:
    """Return a class of urllib3's connection pools whose connections are kept track of, and take less CPU."""
    # Imported here: they bring urllib3 and ssl with them.
    from powertools_stream.connectors.transport import swift
    from powertools_stream.connectors.trust import trust_bundle_once

    # A pool's `weakref.finalize` keeps its connections until the pool is gone. So they must not lead back to it, by way
    # of the clients that belong together: nothing of a processor that is dropped would ever go.
    tracked = weakref.ref(connections)

    class Connection(swift(pool_class.ConnectionCls)):  # type: ignore[misc]
        def connect(self) -> None:
            trust_bundle_once(self)
            super().connect()
            if (connections := tracked()) is None:  # they were closed, and nobody is left who knows them
                self.close()
                raise ConnectionAbortedError(_CLOSED)
            connections.add(self)

        def close(self) -> None:
            if (connections := tracked()) is not None:
                connections.remove(self)
            super().close()

    return type(pool_class.__name__, (pool_class,), {"ConnectionCls": _ConnectionClass(pool_class, Connection)})


class _ConnectionClass:
    """The class of a pool's connections: ours, unless somebody has put another one into the class that it derives from.

    What records and replays calls over HTTP, such as VCR.py, does that, also while a pool is in use.
    """

    def __init__(self, pool_class: Any, ours: Any) -> None:
        self._pool_class = pool_class
        self._original = pool_class.ConnectionCls
        self._ours = ours

    def __get__(self, pool: Any, owner: Any) -> Any:
        current = self._pool_class.ConnectionCls
        return self._ours if current is self._original else current


def _shutdown(sock: Any) -> None:
    if isinstance(sock, socket.socket):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    else:
        sock.shutdown(socket.SHUT_RDWR)
