from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from powertools_stream.connectors import Clients
from powertools_stream.outcomes import is_retryable
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint


class Hanging:
    """A script that answers nobody until it is let go."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def __call__(self, operation: str, body: dict[str, Any]) -> Answer | None:
        self.released.wait(30)
        return None


def _put_in_threads(
    clients: Clients, endpoint: ScriptedEndpoint, count: int
) -> tuple[list[threading.Thread], list[Any]]:
    outcomes: list[Any] = []

    def put() -> None:
        try:
            outcomes.append(clients.client("events").put_events(Entries=[]))
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=put) for _ in range(count)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 10
    while endpoint.count() < count and time.monotonic() < until:
        time.sleep(0.01)
    return threads, outcomes


def test_a_client_is_made_once_and_kept(endpoint: ScriptedEndpoint) -> None:
    clients = Clients()
    found: list[Any] = []

    threads = [threading.Thread(target=lambda: found.append(clients.client("events"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(map(id, found))) == 1
    assert clients.client("dynamodb") is not found[0]
    clients.close()


def test_the_defaults_fit_a_function() -> None:
    config = Clients(max_workers=3).client("events").meta.config

    assert (config.connect_timeout, config.read_timeout) == (2, 10)
    assert config.max_pool_connections == 3
    assert config.retries["total_max_attempts"] == 1


def test_the_users_config_and_session_win() -> None:
    import boto3
    from botocore.config import Config

    session = boto3.Session(region_name="ap-south-1")
    client = Clients(session, Config(read_timeout=60, retries={"total_max_attempts": 4})).client("events")

    assert client.meta.region_name == "ap-south-1"
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (2, 60)
    assert client.meta.config.retries["total_max_attempts"] == 4


def test_close_ends_calls_under_way_at_once(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = hanging = Hanging()
    clients = Clients()
    threads, outcomes = _put_in_threads(clients, endpoint, 4)

    started = time.monotonic()
    clients.close()
    for thread in threads:
        thread.join(5)

    assert time.monotonic() - started < 1
    assert len(outcomes) == 4
    assert all(isinstance(outcome, Exception) and is_retryable(outcome) for outcome in outcomes)
    hanging.released.set()


def test_nothing_is_sent_after_close_even_where_botocore_would_try_again(endpoint: ScriptedEndpoint) -> None:
    from botocore.config import Config

    endpoint.script = hanging = Hanging()
    clients = Clients(config=Config(retries={"total_max_attempts": 5, "mode": "standard"}))
    threads, outcomes = _put_in_threads(clients, endpoint, 2)

    clients.close()
    for thread in threads:
        thread.join(10)
    hanging.released.set()

    assert [isinstance(outcome, Exception) for outcome in outcomes] == [True, True]
    assert endpoint.count() == 2


def test_a_client_taken_before_close_sends_nothing_after_it(endpoint: ScriptedEndpoint) -> None:
    clients = Clients()
    client = clients.client("events")
    client.put_events(Entries=[])

    clients.close()

    with pytest.raises(ConnectionAbortedError, match="closed before") as caught:
        client.put_events(Entries=[])
    assert is_retryable(caught.value)
    assert endpoint.count() == 1


def test_connections_are_cut_where_botocore_asks_nobody_before_it_sends(endpoint: ScriptedEndpoint) -> None:
    clients = Clients()
    client = clients.client("events")
    client.put_events(Entries=[])
    client.meta.events.unregister("before-send", clients._line.refuse_if_closed)

    clients.close()

    with pytest.raises(Exception, match=r"closed before|Connection was closed"):
        client.put_events(Entries=[])
    assert endpoint.count() == 1


def test_new_clients_are_made_after_close(endpoint: ScriptedEndpoint) -> None:
    clients = Clients()
    first = clients.client("events")
    clients.close()
    clients.close()

    second = clients.client("events")

    assert second is not first
    assert second.put_events(Entries=[])["FailedEntryCount"] == 0
    clients.close()


def test_it_works_without_botocores_internals(endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(*_: Any) -> None:
        raise AttributeError("_endpoint")

    monkeypatch.setattr("powertools_stream.connectors.clients.track_connections", changed)
    clients = Clients()

    assert clients.client("events").put_events(Entries=[])["FailedEntryCount"] == 0
    clients.close()


def test_boto3_is_imported_with_the_first_client_only() -> None:
    code = (
        "import sys; from powertools_stream.connectors import Clients, Connectors; "
        "from powertools_stream.requests import PutEvent; "
        "connectors = Connectors(Clients(), bus_name='bus'); "
        "connectors.connector_for(PutEvent).entries(PutEvent({'type': 'x'})); "
        "unwanted = {'boto3', 'botocore.session', 'powertools_stream.connectors.dynamodb'}; "
        "print(sorted(unwanted.intersection(sys.modules)))"
    )

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert printed.stdout.strip() == "[]"
