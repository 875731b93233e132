"""A processor that nobody uses any more lets go of its sessions, clients, sockets and threads."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from powertools_stream import RetryPolicy, StreamProcessor
from powertools_stream.connectors import Clients
from powertools_stream.connectors.http.connector import HttpConnector
from powertools_stream.connectors.opensearch.connector import OpenSearchConnector
from powertools_stream.connectors.s3.connector import S3Connector
from powertools_stream.flavors import task
from powertools_stream.requests import (
    GetObjectLines,
    GetParameter,
    HttpRequest,
    IndexDocument,
    PutEvent,
    PutObject,
    Request,
    UpdateItem,
)
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import LambdaContext
from tests.connectors.bulk_api import BulkApi
from tests.connectors.http_service import HttpService, Said, http_service
from tests.connectors.test_clients import Roles

pytestmark = pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="sockets are counted in /proc")

# What is large, or holds what is.
_KINDS = {
    *("StreamProcessor", "Clients", "ConnectionSet", "HttpPools", "OpenSearch", "Session", "Endpoint"),
    *("URLLib3Session", urllib3.PoolManager.__name__, "AWSHTTPConnectionPool", "HTTPConnectionPool", "ClientMeta"),
}


@pytest.fixture
def service() -> Iterator[HttpService]:
    with http_service() as service:
        yield service


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTITY_TABLE_NAME", "table")
    monkeypatch.setenv("BUCKET_NAME", "bucket")


class Held:
    """What is there that was not before the test: objects by kind, sockets, threads."""

    def __init__(self, *urls: str) -> None:
        self._urls = urls
        gc.collect()
        self._before = self._count()

    def now(self) -> dict[str, int]:
        return dict(self._count() - self._before)

    def at_last(self) -> dict[str, int]:
        """Collect, and give threads the time to end."""
        ends_at = time.monotonic() + 5
        while True:
            gc.collect()
            if not (more := self.now()) or time.monotonic() > ends_at:
                return more
            time.sleep(0.02)

    def _count(self) -> Counter[str]:
        held = Counter(kind for kind in (type(found).__name__ for found in gc.get_objects()) if kind in _KINDS)
        held["socket"] = _sockets_to(*self._urls)
        held["thread"] = sum(thread.name == "powertools-stream" for thread in threading.enumerate())
        return held


@pytest.fixture
def held(endpoint: ScriptedEndpoint, service: HttpService) -> Held:
    return Held(endpoint.url, service.url)


def _sockets_to(*urls: str) -> int:
    """Count the connections of this process to these addresses, from this end."""
    ports = {f"{int(url.rpartition(':')[2]):04X}" for url in urls}
    connections = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    inodes = {fields[9] for fields in connections if fields[2].rpartition(":")[2] in ports}
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{descriptor}").removeprefix("socket:").strip("[]") in inodes
        except OSError:  # that of the listing itself
            continue
    return found


def _processor(*requests: Request, **fields: Any) -> StreamProcessor:
    rule = {"id": "r", "flavor": task, "event_type": "e", "execute": lambda uow: list(requests), **fields}
    return StreamProcessor(rules=[rule], retry=RetryPolicy(max_attempts=1), raise_on_entire_batch_failure=False)


def _event() -> dict[str, Any]:
    return to_sqs_records([{"id": str(n), "type": "e"} for n in range(3)])


def _requests(service: HttpService) -> list[Request]:
    return [
        PutEvent({"type": "x"}, bus_name="bus"),
        UpdateItem({"Key": {"pk": "1"}}),
        PutObject({"Key": "a", "Body": "b"}),
        HttpRequest({"url": f"{service.url}/things"}),
    ]


def test_all_goes_with_the_processor(service: HttpService, held: Held) -> None:
    processor = _processor(*_requests(service))
    for _ in ("cold start", "warm start"):
        assert processor.process_event(_event()) == {"batchItemFailures": []}
    before = held.now()

    del processor

    assert before.keys() >= {"StreamProcessor", "Clients", "ConnectionSet", "Session", "Endpoint", "PoolManager"}
    assert before["socket"] >= 4
    assert before["thread"] >= 1
    assert held.at_last() == {}


def test_a_domain_of_opensearch_goes_with_the_processor(service: HttpService, held: Held) -> None:
    domain = BulkApi(service)
    processor = _processor(IndexDocument({"index": "i", "id": "1", "body": {}}, domain_host=domain.url))
    assert processor.process_event(_event()) == {"batchItemFailures": []}
    before = held.now()

    del processor

    assert before.keys() >= {"OpenSearch", "socket"}
    assert held.at_last() == {}


def test_roles_and_caches_go_with_the_processor(endpoint: ScriptedEndpoint, held: Held) -> None:
    roles = Roles(3600)
    parameter: Answer = (200, {"Parameter": {"Name": "p", "Value": "v"}})
    endpoint.script = lambda operation, body: parameter if operation == "GetParameter" else roles(operation, body)
    update = UpdateItem({"Key": {"pk": "1"}})
    processor = _processor(GetParameter("p"), update, role_arn="arn:aws:iam::210987654321:role/theirs")
    assert processor.process_event(_event()) == {"batchItemFailures": []}

    del processor

    assert endpoint.count("POST /") == 1
    assert held.at_last() == {}


def test_calls_that_were_left_behind_go_with_the_processor(
    endpoint: ScriptedEndpoint, service: HttpService, held: Held
) -> None:
    released = threading.Event()

    def hangs(operation: str, body: dict[str, Any]) -> None:
        released.wait(10)

    endpoint.script = {"UpdateItem": hangs}
    processor = _processor(*_requests(service))
    response = processor.process_event(_event(), LambdaContext.started(remaining_ms=1_000))
    released.set()

    del processor

    assert len(response["batchItemFailures"]) == 3
    assert held.at_last() == {}


def test_a_processor_after_the_other_takes_no_more_than_one(service: HttpService, held: Held) -> None:
    for _ in range(5):
        _processor(*_requests(service)).process_event(_event())

    assert held.at_last() == {}


def test_connectors_go_alone(service: HttpService, held: Held) -> None:
    """Nothing but a connector holds what it has."""
    domain = BulkApi(service)
    answer, service.script = service.script, lambda asked: answer(asked) if "_bulk" in asked.path else Said()
    connectors: list[tuple[Any, Request]] = [
        (HttpConnector(), HttpRequest({"url": f"{service.url}/things"})),
        (OpenSearchConnector(Clients(), domain_host=domain.url), IndexDocument({"index": "i", "id": "1", "body": {}})),
        (S3Connector(Clients(), bucket_name="bucket"), PutObject({"Key": "a"})),
    ]
    for connector, request in connectors:
        connector.send(connector.entries(request))
    before = held.now()

    del connector, connectors

    assert before["socket"] == 3
    assert held.at_last() == {}


def test_lines_may_be_read_when_nobody_has_the_connector_any_more(endpoint: ScriptedEndpoint, held: Held) -> None:
    endpoint.script = lambda operation, body: (200, "one\ntwo\n")
    connector = S3Connector(Clients(), bucket_name="bucket")
    request = GetObjectLines({"Key": "a"})
    lines = connector.answer(request, connector.send(connector.entries(request)))

    del connector
    gc.collect()

    assert list(lines) == ["one", "two"]
    del lines
    assert held.at_last() == {}
