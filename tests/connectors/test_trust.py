"""The CA bundle is read once, for all clients that trust it; whoever is not in it is not trusted."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.httpsession
import pytest
import trustme
from botocore.config import Config
from botocore.exceptions import SSLError

from powertools_stream.connectors import Clients, trust
from powertools_stream.testing.endpoint import ScriptedEndpoint

Put = Callable[..., None]


class Authority:
    """A CA whose bundle is a file, and an endpoint that it vouches for."""

    def __init__(self, folder: Path, name: str = "127.0.0.1") -> None:
        self.ca = trustme.CA()
        self.bundle = folder / f"{id(self)}.pem"
        self.ca.cert_pem.write_to_path(self.bundle)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(name).configure_cert(self.tls)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def endpoint(authority: Authority, _descriptions: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint(tls=authority.tls) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.bundle))
        yield endpoint


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the bundles that are read, as they are read."""
    read: list[str] = []

    class Context(ssl.SSLContext):
        def load_verify_locations(self, cafile: Any = None, *others: Any, **more: Any) -> None:
            read.append(str(cafile))
            super().load_verify_locations(cafile, *others, **more)

    monkeypatch.setattr(botocore.httpsession, "SSLContext", Context)
    return read


@pytest.fixture
def put() -> Iterator[Put]:
    """Make calls with clients that are closed after the test."""
    every: list[Clients] = []

    def put(clients: Clients, service: str = "events") -> None:
        every.append(clients)
        if service == "events":
            clients.client("events").put_events(Entries=[])
        else:
            clients.client("dynamodb").scan(TableName="table")

    yield put
    for clients in every:
        clients.close()


def test_a_bundle_is_read_once_for_all_clients_connections_and_threads(
    endpoint: ScriptedEndpoint, authority: Authority, loads: list[str], put: Put
) -> None:
    several = [Clients() for _ in range(3)]
    barrier = threading.Barrier(6)
    errors: list[BaseException] = []

    def call(clients: Clients, service: str) -> None:
        barrier.wait(10)
        try:
            put(clients, service)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=call, args=(each, name)) for each in several for name in ("events", "dynamodb")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    for clients in several:
        clients.close()
        put(clients)

    assert errors == []
    assert endpoint.count() == 9
    assert loads == [str(authority.bundle)]


def test_botocore_itself_reads_it_for_each_connection(endpoint: ScriptedEndpoint, loads: list[str]) -> None:
    """If this fails, urllib3 has learned it, and `trust.py` can go."""
    for _ in range(2):
        client = boto3.Session().client("dynamodb")
        client.scan(TableName="table")
        client.close()

    assert len(loads) == 2


def test_who_is_not_in_the_bundle_is_not_trusted(
    endpoint: ScriptedEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Put
) -> None:
    put(Clients())
    monkeypatch.setenv("AWS_CA_BUNDLE", str(Authority(tmp_path).bundle))

    with pytest.raises(SSLError, match="certificate verify failed"):
        put(Clients())


def test_botocores_own_bundle_does_not_trust_it_either(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch, put: Put
) -> None:
    put(Clients())
    monkeypatch.delenv("AWS_CA_BUNDLE")

    with pytest.raises(SSLError, match="certificate verify failed"):
        put(Clients())


def test_the_name_of_the_host_is_still_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Put) -> None:
    authority = Authority(tmp_path, "elsewhere.example")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.bundle))
    with ScriptedEndpoint(tls=authority.tls) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)

        for _ in range(2):
            with pytest.raises(SSLError, match=r"127\.0\.0\.1|mismatch"):
                put(Clients())


def test_a_bundle_that_was_replaced_is_read_again(
    endpoint: ScriptedEndpoint, authority: Authority, loads: list[str], put: Put
) -> None:
    put(Clients())
    authority.bundle.write_bytes(authority.bundle.read_bytes() + trustme.CA().cert_pem.bytes())

    put(Clients())

    assert len(loads) == 2


def test_a_bundle_that_cannot_be_read_is_an_error(
    endpoint: ScriptedEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Put
) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    for path in (broken, tmp_path / "missing.pem"):
        monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
        with pytest.raises(Exception, match=r"PEM|No such file|no certificate|NO_CERTIFICATE|bundle"):
            put(Clients())


def test_a_certificate_of_the_clients_own_is_shown_to_its_hosts_only(
    endpoint: ScriptedEndpoint, authority: Authority, tmp_path: Path, loads: list[str], put: Put
) -> None:
    own = tmp_path / "own.pem"
    authority.ca.issue_cert("client.example").private_key_and_cert_chain_pem.write_to_path(own)

    put(Clients(config=Config(client_cert=str(own))))
    shared = len(trust._contexts)
    put(Clients())

    assert len(loads) == 2
    assert len(trust._contexts) == shared + 1


def test_an_object_arrives_whole_over_tls(endpoint: ScriptedEndpoint) -> None:
    """boto3 then sends it in chunks, with its checksum behind it."""
    clients = Clients()
    for body in (b"x" * 70_000, b"", b"y"):
        clients.client("s3").put_object(Bucket="bucket", Key="key", Body=body)
    clients.close()

    sent = [body for operation, body in endpoint.calls]
    assert [len(body.get("content", "")) for body in sent] == [70_000, 0, 1]
