"""The connections to HTTP services: urllib3's pools, whose connections can be cut."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.connectors.connections import ConnectionSet, tracked_pool
from powertools_stream.connectors.http.calls import HttpCall
from powertools_stream.errors import InvalidRequestError, RequestFailedError

__all__ = ["Answer", "HttpPools"]

# As many hosts keep their connections; the limit of calls to a host holds for those that were called last. A function
# has 1,024 file descriptors, and a host up to eight connections.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MAX_HOSTS = 100
# Bytes as they come. urllib3 before 2.6 inflates a part as a whole, and gzip makes up to a thousand bytes of one.
# https://github.com/urllib3/urllib3/security/advisories/GHSA-2xpw-w6gg-jr37
_PART = 16_384


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered, unread.

    Parameters
    ----------
    status
        The status code.
    headers
        Their names in lower case.
    content
        The bytes, as they are once a ``Content-Encoding`` is undone.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes


class HttpPools:
    """Makes calls over connections that are kept, a pool for each host.

    Parameters
    ----------
    timeout
        Seconds to wait for an answer to begin, and for each further part of it.
    connect_timeout
        Seconds to wait for a connection.
    max_per_host
        How many connections to a host there are at most.
    max_response_bytes
        How long an answer may be.
    """

    def __init__(self, timeout: float, connect_timeout: float, max_per_host: int, max_response_bytes: int) -> None:
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._max_per_host = max_per_host
        self._max_response_bytes = max_response_bytes
        self._lock = threading.Lock()
        self._connections = ConnectionSet()
        self._manager: Any = None

    def exchange(self, call: HttpCall) -> Answer:
        """Make one call.

        Raises
        ------
        ConnectionError, TimeoutError
            There is no connection, or none that lasts; no answer in time.
        RequestFailedError
            The certificate of the host is not trusted, or the answer is longer than it may be.
        """
        from urllib3 import exceptions

        connections, manager = self._opened()
        connections.raise_if_closed()
        try:
            return self._exchange(manager, call)
        except exceptions.HTTPError as error:
            raise _translated(call, error) from error

    def close(self) -> None:
        """Cut every connection, so that calls under way end in an error at once. The next call makes new ones."""
        with self._lock:
            connections, self._connections = self._connections, ConnectionSet()
            manager, self._manager = self._manager, None
        connections.close()
        if manager is not None:
            manager.clear()

    def _opened(self) -> tuple[ConnectionSet, Any]:
        with self._lock:
            if self._manager is None:
                self._manager = self._make(self._connections)
            return self._connections, self._manager

    def _make(self, connections: ConnectionSet) -> Any:
        import urllib3

        # `block`: a pool makes no more connections than these, and a call that finds none free waits for one.
        manager = urllib3.PoolManager(num_pools=_MAX_HOSTS, maxsize=self._max_per_host, block=True)
        manager.pool_classes_by_scheme = {
            scheme: tracked_pool(pool, connections) for scheme, pool in manager.pool_classes_by_scheme.items()
        }
        return manager

    def _exchange(self, manager: Any, call: HttpCall) -> Answer:
        from urllib3 import Timeout

        timeout = call.timeout or self._timeout
        response = manager.urlopen(
            call.method,
            call.url,
            body=call.content,
            headers=dict(call.headers),
            redirect=False,
            retries=False,
            preload_content=False,
            enforce_content_length=True,  # urllib3 1.26, which Lambda's older runtimes have, would not mind half of it
            pool_timeout=timeout,
            timeout=Timeout(connect=min(self._connect_timeout, timeout), read=timeout),
        )
        try:
            content = self._content(response, call)
        except BaseException:
            response.close()  # what is left of the answer must not be taken for the next one
            raise
        response.release_conn()
        return Answer(response.status, {name.lower(): text for name, text in response.headers.items()}, content)

    def _content(self, response: Any, call: HttpCall) -> bytes:
        encoding = response.headers.get("Content-Encoding", "")
        if "," in encoding:
            # Each layer makes a thousand bytes of one, and only those of the last would be counted.
            # https://github.com/urllib3/urllib3/security/advisories/GHSA-gm62-xv2j-4w53
            raise RequestFailedError(
                "UnsupportedEncoding",
                f"Expected an answer to {call.name} with one Content-Encoding, found {encoding!r}.",
            )
        content = bytearray()
        for part in response.stream(_PART, decode_content=True):
            content += part
            if len(content) > self._max_response_bytes:
                raise RequestFailedError(
                    "ResponseTooLarge",
                    f"Expected an answer of at most {self._max_response_bytes} bytes to {call.name}, but it has more. "
                    "Ask for less, or raise max_response_bytes.",
                )
        return bytes(content)


def _translated(call: HttpCall, error: Exception) -> Exception:
    from urllib3 import exceptions

    reason = f"{call.name}: {error}"
    if isinstance(error, exceptions.EmptyPoolError):
        return TimeoutError(f"{call.name}: all connections to the host were in use for too long.")
    if isinstance(error, exceptions.SSLError):
        return RequestFailedError("SSLError", reason)
    if isinstance(error, exceptions.DecodeError):
        return RequestFailedError("MalformedResponse", reason)
    # A refused connection is one of urllib3's time-outs too.
    if isinstance(error, exceptions.TimeoutError) and not isinstance(error, exceptions.NewConnectionError):
        return TimeoutError(reason)
    if isinstance(error, exceptions.LocationValueError):
        # Its own words would show the query, which may hold a key.
        return InvalidRequestError(f"{call.name}: expected a host, but there is none that can have such a name.")
    return ConnectionError(reason)
