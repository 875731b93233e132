"""The clients of OpenSearch domains and collections: `opensearch-py`, its calls signed as AWS wants them."""

from __future__ import annotations

import contextlib
import re
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.connections import ConnectionSet, tracked_pool
from powertools_stream.errors import SettingError

__all__ = ["Domain", "DomainClients", "domain_of"]

# `search-shop-abc.eu-central-1.es.amazonaws.com`, `abc.eu-central-1.aoss.amazonaws.com`
# https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-signing-service-requests.html
_CLASSIC = re.compile(r"\.(?P<region>[a-z0-9-]+)\.(?P<service>es|aoss)\.amazonaws\.com(\.cn)?$")
# `search-shop-abc.aos.eu-central-1.on.aws`, `abc.aoss.eu-central-1.on.aws`
# https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-collection-endpoints.html
_DUAL_STACK = re.compile(r"\.(?P<service>aos|aoss)\.(?P<region>[a-z0-9-]+)\.on\.aws$")


@dataclass(frozen=True, slots=True)
class Domain:
    """The address of a domain or a collection.

    Parameters
    ----------
    scheme, host, port, prefix
        The parts of its address.
    service
        What its calls are signed for: ``"es"`` or, of a serverless collection, ``"aoss"``.
    region_name
        The Region that its name says; None: it says none.
    """

    scheme: str
    host: str
    port: int
    prefix: str
    service: str
    region_name: str | None


def domain_of(host: str) -> Domain:
    """Read the name of a domain: a host, ``host:port`` or an address. Without a scheme it is https.

    Raises
    ------
    SettingError
        It is none of these.
    """
    try:
        parts = urlsplit(host if "://" in host else f"https://{host}")
        port = parts.port
    except ValueError as error:
        raise SettingError(_no_domain(host)) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise SettingError(_no_domain(host))
    found = _CLASSIC.search(parts.hostname) or _DUAL_STACK.search(parts.hostname)
    return Domain(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or (443 if parts.scheme == "https" else 80),
        prefix=parts.path.rstrip("/"),
        service="aoss" if found and found["service"] == "aoss" else "es",
        region_name=found["region"] if found else None,
    )


class DomainClients:
    """One client for each domain and role, made on first use, with connections that can be cut.

    Parameters
    ----------
    clients
        Where credentials come from.
    http_auth
        ``(user, password)`` instead of a signature.
    service, region_name
        What calls are signed for, if the name of the domain does not say.
    timeout, connect_timeout
        Seconds to wait for an answer, and for a connection.
    max_connections
        How many connections to a domain are kept.
    """

    def __init__(
        self,
        clients: Clients,
        *,
        http_auth: tuple[str, str] | None,
        service: str | None,
        region_name: str | None,
        timeout: float,
        connect_timeout: float,
        max_connections: int,
    ) -> None:
        self._clients = clients
        self._http_auth = http_auth
        self._service = service
        self._region_name = region_name
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._max_connections = max_connections
        self._making = threading.Lock()
        self._connections = ConnectionSet()

    def client(self, domain: Domain, role_arn: str | None) -> Any:
        """Return the client of a domain. Thread-safe; opensearch-py is imported here.

        Raises
        ------
        SettingError
            opensearch-py is not installed, or nothing gives the Region.
        """
        # Taken first: a client that is still being made while everything is closed belongs to what was closed.
        connections = self._connections
        with self._making:
            client = connections.clients.get((domain, role_arn))
            if client is None:
                client = connections.clients[domain, role_arn] = self._make(domain, role_arn, connections)
            return client

    def close(self) -> None:
        """Cut every connection, so that calls under way end in an error at once. The next `client` makes new ones."""
        connections, self._connections = self._connections, ConnectionSet()
        connections.close()

    def _make(self, domain: Domain, role_arn: str | None, connections: ConnectionSet) -> Any:
        opensearchpy = _opensearchpy()
        from urllib3 import Timeout

        return opensearchpy.OpenSearch(
            hosts=[{"host": domain.host, "port": domain.port}],
            use_ssl=domain.scheme == "https",
            url_prefix=domain.prefix,
            http_auth=self._http_auth or self._signer(opensearchpy, domain, role_arn),
            connection_class=_connection_class(opensearchpy, connections),
            timeout=Timeout(connect=self._connect_timeout, read=self._timeout),
            pool_maxsize=self._max_connections,
            max_retries=0,  # what fails is sent again by the library, with the deadline in mind
        )

    def _signer(self, opensearchpy: Any, domain: Domain, role_arn: str | None) -> Any:
        session = self._clients.session(role_arn)
        region_name = self._region_name or domain.region_name or session.region_name
        if not region_name:
            raise SettingError(
                f"Expected to know the Region of {domain.host}, but neither its name nor AWS_REGION gives it. Pass "
                "OpenSearchConnector(…, region_name=…)."
            )
        credentials = session.get_credentials()
        if credentials is None:
            from botocore.exceptions import NoCredentialsError

            raise NoCredentialsError
        return opensearchpy.Urllib3AWSV4SignerAuth(credentials, region_name, self._service or domain.service)


def _opensearchpy() -> Any:
    try:
        import opensearchpy
    except ImportError as error:
        raise SettingError(
            "Expected opensearch-py, which calls of OpenSearch are made with, but it is not installed. Install "
            "powertools-stream[opensearch]."
        ) from error
    return opensearchpy


def _connection_class(opensearchpy: Any, connections: ConnectionSet) -> Any:
    class Connection(opensearchpy.Urllib3HttpConnection):  # type: ignore[misc]
        def _create_urllib3_pool(self) -> None:
            super()._create_urllib3_pool()
            # Reaches into opensearch-py. If that has changed, connections end by their time-outs.
            with contextlib.suppress(AttributeError):
                self.pool.ConnectionCls = tracked_pool(type(self.pool), connections).ConnectionCls

        def perform_request(self, *args: Any, **kwargs: Any) -> Any:
            connections.raise_if_closed()
            return super().perform_request(*args, **kwargs)

    return Connection


def _no_domain(host: str) -> str:
    return f"Expected the host of an OpenSearch domain, 'search-….es.amazonaws.com', but found {host!r}."
