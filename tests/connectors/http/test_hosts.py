"""What is kept of each host that is called: as much as is of use, however many hosts there are."""

from __future__ import annotations

import gc
import math
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from powertools_stream import StreamProcessor
from powertools_stream.call_options import CallOptions, Pacer
from powertools_stream.connectors import Operation
from powertools_stream.connectors.base import Entry
from powertools_stream.connectors.http.connector import HttpConnector
from powertools_stream.connectors.http.pacers import MAX_IDLE_HOSTS, HostPacers
from powertools_stream.connectors.http.pools import HttpPools
from powertools_stream.engine.dispatch.operations import OperationsWithOptions
from powertools_stream.errors import RequestFailedError
from powertools_stream.flavors import task
from powertools_stream.requests import HttpRequest
from powertools_stream.testing import to_sqs_records
from tests.connectors.http.http_service import HttpService, Said, http_service


@pytest.fixture
def service() -> Iterator[HttpService]:
    with http_service() as service:
        yield service


def _entry(connector: HttpConnector, host: str) -> Entry:
    (entry,) = connector.entries(HttpRequest({"url": f"https://{host}.example/"}))
    return entry


def _call_many(connector: HttpConnector, count: int = 5 * MAX_IDLE_HOSTS) -> None:
    for n in range(count):
        _entry(connector, f"other-{n}")


# -- What is kept ------------------------------------------------------------------------------------------------------


def test_ten_thousand_hosts_with_a_rate_take_little() -> None:
    connector = HttpConnector(rate=(10, 1))
    operations = OperationsWithOptions({})
    options = CallOptions(pacer=Pacer(5, 1))
    tracemalloc.start()
    _call_many(connector, 10)

    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    for n in range(10_000):
        operations.applied([_entry(connector, f"host-{n}")], HttpRequest, options)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert after - before < 3_000_000  # all of them took 8 MB


def test_the_hosts_that_were_called_last_are_kept() -> None:
    connector = HttpConnector(rate=(10, 1))
    first = [_entry(connector, f"host-{n}").operation.pacers for n in range(100)]

    _call_many(connector, MAX_IDLE_HOSTS - 100)

    assert [_entry(connector, f"host-{n}").operation.pacers for n in range(100)] == first


# -- What must not be lost ---------------------------------------------------------------------------------------------


def test_a_rate_whose_next_turn_is_to_come_outlives_any_number_of_hosts() -> None:
    pacers = HostPacers((1, 60))
    turn = pacers.of("https://busy:443").reserve()
    assert turn is not None

    for n in range(5 * MAX_IDLE_HOSTS):
        pacers.of(f"https://other-{n}:443")

    assert pacers.of("https://busy:443").reserve() == turn + 60


def test_a_host_that_wants_to_be_left_alone_is_remembered(service: HttpService) -> None:
    service.script = lambda asked: Said(429, headers={"Retry-After": "30"})
    connector = HttpConnector()
    request = HttpRequest({"url": service.url})
    with pytest.raises(RequestFailedError, match="429"):
        connector.send(connector.entries(request))

    _call_many(connector)

    (entry,) = connector.entries(request)
    (pacer,) = entry.operation.pacers
    assert 25 < pacer.free_at - time.monotonic() <= 30
    connector.close()


def test_what_a_call_waits_for_is_the_same_as_long_as_it_waits() -> None:
    connector = HttpConnector(rate=(10, 1))
    waiting = _entry(connector, "busy").operation

    _call_many(connector)

    assert _entry(connector, "busy").operation.pacers == waiting.pacers
    assert _entry(connector, "busy").operation == waiting


def test_held_hosts_do_not_make_each_call_slow() -> None:
    pacers = HostPacers((1, 3600))

    started = time.process_time()
    for n in range(30_000):
        pacers.of(f"https://host-{n}:443").reserve()

    assert time.process_time() - started < 5
    assert pacers.of("https://host-0:443").free_at > time.monotonic() + 3000


def test_calls_of_a_host_are_paced_while_others_are_called(service: HttpService) -> None:
    times: list[float] = []
    service.script = lambda asked: Said(200, times.append(time.monotonic()))  # type: ignore[func-returns-value]
    connector = HttpConnector(rate=(20, 1))

    def execute(uow: Any) -> Any:
        _call_many(connector, 2 * MAX_IDLE_HOSTS)
        return HttpRequest({"url": service.url})

    rules = [{"id": "r", "flavor": task, "event_type": "e", "execute": execute, "ordered": False}]
    processor = StreamProcessor(rules=rules, connectors=[connector])
    # The first call begins in time, but arrives later: it imports what the others find.
    processor.process_event(to_sqs_records([{"id": "first", "type": "e"}]))
    times.clear()

    response = processor.process_event(to_sqs_records([{"id": str(n), "type": "e"} for n in range(5)]))

    assert response == {"batchItemFailures": []}
    # All together: one that arrives late is closer to the next.
    assert times[-1] - times[0] > 0.15, times


# -- Siblings ----------------------------------------------------------------------------------------------------------


def test_operations_with_options_are_bounded_and_equal_when_they_are_made_again() -> None:
    operations = OperationsWithOptions({HttpRequest: (math.inf, 1)})
    options = CallOptions(role_arn="arn", pacer=Pacer(5, 1))

    def applied(n: int) -> Operation:
        entry = Entry(Operation("sqs", "SendMessageBatch", f"queue-{n}"), {})
        (entry,) = operations.applied([entry], HttpRequest, options)
        return entry.operation

    first = applied(0)
    assert applied(0) is first

    for n in range(1, 3000):
        applied(n)

    assert applied(0) is not first
    assert applied(0) == first
    assert hash(applied(0)) == hash(first)


def test_the_connections_of_a_hundred_hosts_are_kept() -> None:
    """A function has 1,024 file descriptors."""
    pools = HttpPools(timeout=1, connect_timeout=1, max_per_host=8, max_response_bytes=100)
    _, manager = pools._opened()

    for n in range(1000):
        manager.connection_from_url(f"https://host-{n}.example/")

    assert len(manager.pools) == 100
    pools.close()
