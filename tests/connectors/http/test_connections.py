from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.classification import classify
from powertools_stream.connectors.http.connector import HttpConnector
from powertools_stream.errors import InvalidRequestError, RequestFailedError
from powertools_stream.outcomes import Reason
from powertools_stream.requests import HttpRequest
from tests.connectors.http.http_service import Asked, HttpService, Said, http_service


@pytest.fixture
def service() -> Iterator[HttpService]:
    with http_service() as service:
        yield service


def fetch(connector: HttpConnector, url: str, **options: Any) -> Any:
    (response,) = connector.send(connector.entries(HttpRequest({"url": url}, **options)))
    return response


def test_a_host_that_does_not_answer_in_time_is_a_time_out(service: HttpService) -> None:
    ended = threading.Event()
    service.script = lambda asked: Said(200 if ended.wait(5) else 500)

    started = time.monotonic()
    with pytest.raises(TimeoutError, match=r"GET http://127.0.0.1"):
        fetch(HttpConnector(timeout=0.1), service.url)
    ended.set()

    assert time.monotonic() - started < 2


def test_the_time_out_of_a_request_comes_first(service: HttpService) -> None:
    ended = threading.Event()
    service.script = lambda asked: Said(200 if ended.wait(5) else 500)
    connector = HttpConnector()

    with pytest.raises(TimeoutError):
        fetch(connector, service.url, timeout=0.1)
    ended.set()
    connector.close()


def test_a_host_that_is_not_there_is_a_passing_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    connector = HttpConnector()

    with pytest.raises(ConnectionError, match=f"GET {url}") as raised:
        fetch(connector, url)

    assert classify(raised.value) is Reason.RETRYABLE


def test_a_connection_that_breaks_off_is_a_passing_error(service: HttpService) -> None:
    service.script = lambda asked: Said(200, b"half", {"Content-Length": "100", "Connection": "close"})

    with pytest.raises(ConnectionError):
        fetch(HttpConnector(timeout=1), service.url)


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"", {"Content-Length": "1"}),
        (b'{"a": 1', {"Content-Length": "8", "Content-Type": "application/json"}),
        (gzip.compress(b"x" * 1000, mtime=0)[:-1], {"Content-Length": "29", "Content-Encoding": "gzip"}),
        (b"5\r\nwho", {"Transfer-Encoding": "chunked"}),
        (b"5\r\nwhole\r\n", {"Transfer-Encoding": "chunked"}),
        (b"5\r\nwhole\r\nx", {"Transfer-Encoding": "chunked"}),
    ],
    ids=["nothing", "all but a byte", "gzip", "half a chunk", "no end", "half an end"],
)
@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_is_not_whole_is_a_passing_error(
    service: HttpService, method: str, status: int, content: bytes, headers: dict[str, str]
) -> None:
    service.script = lambda asked: Said(status, content, {**headers, "Connection": "close"})
    connector = HttpConnector()

    with pytest.raises(ConnectionError) as raised:
        connector.send(connector.entries(HttpRequest({"url": service.url, "method": method})))

    assert classify(raised.value) is Reason.RETRYABLE


def test_content_that_cannot_be_decoded_is_a_passing_error(service: HttpService) -> None:
    service.script = lambda asked: Said(200, b"no gzip", {"Content-Encoding": "gzip"})

    with pytest.raises(RequestFailedError, match=r"^MalformedResponse") as raised:
        fetch(HttpConnector(), service.url)

    assert classify(raised.value) is Reason.RETRYABLE


def test_a_name_that_no_host_can_have_is_an_error_of_the_request() -> None:
    with pytest.raises(InvalidRequestError, match="GET http://") as raised:
        fetch(HttpConnector(), f"http://{'x' * 64}.example/?key=secret")

    assert "secret" not in str(raised.value)


def test_a_call_does_not_wait_for_ever_for_a_place(service: HttpService) -> None:
    asked, ended = threading.Event(), threading.Event()

    def hang(_: Asked) -> Said:
        asked.set()
        ended.wait(10)
        return Said()

    service.script = hang
    connector = HttpConnector(max_per_host=1)
    thread = threading.Thread(target=fetch, args=(connector, service.url))
    thread.start()
    asked.wait(5)

    with pytest.raises(TimeoutError, match="all connections to the host were in use"):
        fetch(connector, service.url, timeout=0.1)

    ended.set()
    thread.join(5)
    connector.close()
    assert not thread.is_alive()


def test_closing_ends_a_call_that_is_under_way(service: HttpService) -> None:
    asked, ended = threading.Event(), threading.Event()

    def hang(_: Asked) -> Said:
        asked.set()
        ended.wait(10)
        return Said()

    service.script = hang
    connector = HttpConnector()
    errors: list[BaseException] = []

    def call() -> None:
        try:
            fetch(connector, service.url)
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
    service.script = lambda asked: Said(200, "again")
    assert fetch(connector, service.url).body == "again"
    connector.close()


def test_closing_ends_calls_that_wait_for_a_place_too(service: HttpService) -> None:
    asked, ended = threading.Event(), threading.Event()

    def hang_at_first(_: Asked) -> Said:
        if not asked.is_set():
            asked.set()
            ended.wait(10)
        return Said()

    service.script = hang_at_first
    connector = HttpConnector(max_per_host=1)
    errors: list[BaseException] = []

    def call() -> None:
        try:
            fetch(connector, service.url)
        except ConnectionError as error:
            errors.append(error)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    asked.wait(5)
    connector.close()
    for thread in threads:
        thread.join(5)
    ended.set()

    assert not any(thread.is_alive() for thread in threads)
    assert errors


def test_a_call_that_was_left_behind_takes_no_place(service: HttpService) -> None:
    asked, ended = threading.Event(), threading.Event()

    def hang_at_first(_: Asked) -> Said:
        if not asked.is_set():
            asked.set()
            ended.wait(10)
        return Said(200, "fine")

    service.script = hang_at_first
    connector = HttpConnector(max_per_host=1)

    def call() -> None:
        with contextlib.suppress(ConnectionError):
            fetch(connector, service.url)

    thread = threading.Thread(target=call)
    thread.start()
    asked.wait(5)

    connector.close()
    answers = [fetch(connector, service.url, timeout=2).body for _ in range(2)]
    ended.set()
    thread.join(5)

    assert answers == ["fine", "fine"]
    assert fetch(connector, service.url, timeout=2).body == "fine"
    connector.close()


def test_a_certificate_that_nobody_vouches_for_is_no_passing_error(tmp_path: Path) -> None:
    with tls_listener(tmp_path) as port:
        connector = HttpConnector(timeout=2)
        with pytest.raises(RequestFailedError, match=r"^SSLError: GET https://localhost") as raised:
            fetch(connector, f"https://localhost:{port}/")

    assert classify(raised.value) is Reason.FAULT


def test_urllib3_is_imported_with_the_first_call() -> None:
    code = (
        "import sys; from powertools_stream.connectors.http import HttpConnector; HttpConnector(); "
        "print('urllib3' in sys.modules)"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "False"


@contextmanager
def tls_listener(folder: Path) -> Iterator[int]:
    """Serve TLS with a self-signed certificate."""
    certificate = self_signed(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection, context.wrap_socket(connection, server_side=True):
                    pass

        thread = threading.Thread(target=greet)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def self_signed(folder: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "localhost.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file
