from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from powertools_stream.classification import classify, is_retryable
from powertools_stream.connectors import Clients
from powertools_stream.connectors.opensearch.connector import OpenSearchConnector
from powertools_stream.connectors.opensearch.domains import Domain, domain_of
from powertools_stream.errors import RequestFailedError, SettingError
from powertools_stream.outcomes import Reason
from powertools_stream.requests import IndexDocument
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws
from tests.connectors.http.http_service import Asked, HttpService, Said, http_service
from tests.connectors.opensearch.bulk_api import BulkApi

THING = IndexDocument({"index": "things", "id": "1", "body": {}})


@pytest.fixture
def service() -> Iterator[HttpService]:
    with http_service() as service:
        BulkApi(service)
        yield service


def host_of(connector: OpenSearchConnector, request: IndexDocument = THING) -> str:
    (entry,) = connector.entries(request)
    assert isinstance(entry.operation.target, Domain)
    return entry.operation.target.host


def send(connector: OpenSearchConnector) -> Any:
    try:
        return connector.send(connector.entries(THING))
    finally:
        connector.close()


def test_names_are_those_of_the_request_then_the_connector_then_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ES_DOMAIN_HOST", "second")
    assert host_of(OpenSearchConnector(Clients())) == "second"

    monkeypatch.setenv("OPENSEARCH_DOMAIN_HOST", "first")
    assert host_of(OpenSearchConnector(Clients())) == "first"
    assert host_of(OpenSearchConnector(Clients(), domain_host="own")) == "own"
    assert host_of(OpenSearchConnector(Clients(), domain_host="own"), replace(THING, domain_host="asked")) == "asked"


def test_a_missing_domain_is_a_setting_error() -> None:
    with pytest.raises(SettingError, match="OPENSEARCH_DOMAIN_HOST or ES_DOMAIN_HOST is not set"):
        OpenSearchConnector(Clients()).entries(THING)


@pytest.mark.parametrize("size", ["10 MB", "-1", "0"])
def test_a_limit_that_is_no_number_is_a_setting_error(monkeypatch: pytest.MonkeyPatch, size: str) -> None:
    monkeypatch.setenv("OPENSEARCH_MAX_REQ_SIZE", size)

    with pytest.raises(SettingError, match="OPENSEARCH_MAX_REQ_SIZE"):
        OpenSearchConnector(Clients(), domain_host="host").entries(THING)


@pytest.mark.parametrize(
    ("host", "service", "region"),
    [
        ("search-shop-abc.eu-west-1.es.amazonaws.com", "es", "eu-west-1"),
        ("vpc-shop-abc.cn-north-1.es.amazonaws.com.cn", "es", "cn-north-1"),
        ("abc.us-east-1.aoss.amazonaws.com", "aoss", "us-east-1"),
        ("search-shop-abc.aos.eu-west-1.on.aws", "es", "eu-west-1"),
        ("abc.aoss.us-east-1.on.aws", "aoss", "us-east-1"),
        ("search.example.com", "es", None),
        ("es.amazonaws.com.example.com", "es", None),
    ],
)
def test_the_name_of_a_domain_tells_service_and_region(host: str, service: str, region: str | None) -> None:
    assert domain_of(host) == Domain("https", host, 443, "", service, region)


@pytest.mark.parametrize(
    ("address", "scheme", "port", "prefix"),
    [
        ("host", "https", 443, ""),
        ("host:9200", "https", 9200, ""),
        ("https://host/", "https", 443, ""),
        ("http://host", "http", 80, ""),
        ("http://host:9200/search/", "http", 9200, "/search"),
    ],
)
def test_a_domain_is_a_host_or_an_address(address: str, scheme: str, port: int, prefix: str) -> None:
    assert domain_of(address) == Domain(scheme, "host", port, prefix, "es", None)


@pytest.mark.parametrize("address", ["ftp://host", "https://", "host:port", "https://user:secret@host", "http://["])
def test_what_is_no_domain_is_a_setting_error(address: str) -> None:
    with pytest.raises(SettingError, match="Expected the host of an OpenSearch domain"):
        domain_of(address)


# -- Credentials -------------------------------------------------------------------------------------------------------


def test_calls_are_signed_with_the_credentials_of_the_function(service: HttpService) -> None:
    send(OpenSearchConnector(Clients(), domain_host=service.url))

    (asked,) = service.asked
    assert asked.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=testing/")
    assert "/eu-central-1/es/aws4_request" in asked.headers["authorization"]


def test_what_is_signed_for_is_settable(service: HttpService) -> None:
    send(OpenSearchConnector(Clients(), domain_host=service.url, service="aoss", region_name="us-east-1"))

    assert "/us-east-1/aoss/aws4_request" in service.asked[0].headers["authorization"]


def test_a_user_and_a_password_take_the_place_of_a_signature(service: HttpService) -> None:
    send(OpenSearchConnector(Clients(), domain_host=service.url, http_auth=("user", "secret")))

    assert service.asked[0].headers["authorization"] == f"Basic {b64encode(b'user:secret').decode()}"


def test_calls_in_another_role_are_signed_with_its_credentials(aws: Aws, service: HttpService) -> None:
    connector = OpenSearchConnector(Clients(), domain_host=service.url)
    (entry,) = connector.entries(THING)
    role = "arn:aws:iam::210987654321:role/search"

    connector.send([replace(entry, operation=replace(entry.operation, role_arn=role))])
    connector.send([entry])
    connector.close()

    in_role, own = (asked.headers for asked in service.asked)
    assert "Credential=testing/" not in in_role["authorization"]
    assert in_role["x-amz-security-token"]
    assert "Credential=testing/" in own["authorization"]


def test_without_credentials_it_is_the_deployment_that_is_at_fault(
    service: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(Exception, match="credentials") as raised:
        send(OpenSearchConnector(Clients(), domain_host=service.url))

    assert classify(raised.value) is Reason.CONFIGURATION
    assert service.asked == []


def test_without_a_region_it_says_what_to_set(service: HttpService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION")

    with pytest.raises(SettingError, match=r"the Region of 127\.0\.0\.1"):
        send(OpenSearchConnector(Clients(), domain_host=service.url))


def test_without_opensearch_py_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opensearchpy", None)

    with pytest.raises(SettingError, match=r"Install powertools-stream\[opensearch\]"):
        send(OpenSearchConnector(Clients(), domain_host="host"))


def test_opensearch_py_is_imported_with_the_first_call() -> None:
    code = """
import sys
from powertools_stream.connectors import Clients
from powertools_stream.connectors.opensearch.connector import OpenSearchConnector
from powertools_stream.requests import IndexDocument

OpenSearchConnector(Clients(), domain_host="host").entries(IndexDocument({"index": "i", "body": {}}))
print({"boto3", "opensearchpy", "urllib3"} & set(sys.modules))
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "set()"


# -- Connections -------------------------------------------------------------------------------------------------------


def test_a_domain_that_is_not_there_is_a_passing_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    with pytest.raises(ConnectionError):
        send(OpenSearchConnector(Clients(), domain_host=url))


def test_a_domain_that_speaks_no_tls_is_no_passing_error(service: HttpService) -> None:
    with pytest.raises(RequestFailedError, match=r"^SSLError") as raised:
        send(OpenSearchConnector(Clients(), domain_host=service.url.replace("http:", "https:"), timeout=2))

    assert classify(raised.value) is Reason.FAULT


def test_a_domain_that_does_not_answer_in_time_is_a_time_out(service: HttpService) -> None:
    ended = threading.Event()
    service.script = lambda asked: Said(200 if ended.wait(5) else 500)

    started = time.monotonic()
    with pytest.raises(TimeoutError):
        send(OpenSearchConnector(Clients(), domain_host=service.url, timeout=0.1))
    ended.set()

    assert time.monotonic() - started < 2
    assert len(service.asked) == 1


def test_closing_ends_a_call_that_is_under_way(service: HttpService) -> None:
    asked, ended = threading.Event(), threading.Event()

    def hang(_: Asked) -> Said:
        asked.set()
        ended.wait(10)
        return Said(200, {"items": []})

    service.script = hang
    connector = OpenSearchConnector(Clients(), domain_host=service.url)
    errors: list[BaseException] = []

    def call() -> None:
        try:
            connector.send(connector.entries(THING))
        except ConnectionError as error:
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    asked.wait(5)
    connector.close()
    thread.join(5)
    ended.set()

    assert not thread.is_alive()
    assert len(errors) == 1


def test_closing_does_not_wait_for_a_client_that_is_being_made(service: HttpService) -> None:
    import boto3

    started, ended = threading.Event(), threading.Event()

    class Slow(boto3.Session):  # type: ignore[misc]
        def get_credentials(self) -> Any:
            started.set()
            ended.wait(10)
            return super().get_credentials()

    connector = OpenSearchConnector(Clients(Slow()), domain_host=service.url)
    errors: list[BaseException] = []

    def call() -> None:
        try:
            connector.send(connector.entries(THING))
        except ConnectionError as error:
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    started.wait(5)

    closing = time.monotonic()
    connector.close()
    took = time.monotonic() - closing
    ended.set()
    thread.join(5)

    assert took < 2
    assert (len(errors), service.asked) == (1, [])


def test_closing_ends_a_call_that_waits_for_its_role(endpoint: ScriptedEndpoint, service: HttpService) -> None:
    asked, ended = threading.Event(), threading.Event()

    def hang(operation: str, body: dict[str, Any]) -> Answer:
        asked.set()
        ended.wait(10)
        return 503, {}

    endpoint.script = hang
    connector = OpenSearchConnector(Clients(), domain_host=service.url)
    (entry,) = connector.entries(THING)
    errors: list[Exception] = []

    def call() -> None:
        role = "arn:aws:iam::210987654321:role/search"
        try:
            connector.send([replace(entry, operation=replace(entry.operation, role_arn=role))])
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    asked.wait(5)
    connector.close()
    thread.join(5)
    ended.set()

    assert not thread.is_alive()
    assert [is_retryable(error) for error in errors] == [True]
    assert service.asked == []


def test_connections_are_kept(service: HttpService) -> None:
    connector = OpenSearchConnector(Clients(), domain_host=service.url)

    for _ in range(5):
        connector.send(connector.entries(THING))
    connector.close()

    assert service.connections == 1
