"""Clients are made while Lambda initializes the function, and nowhere else; nothing depends on it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.connectors import Clients
from powertools_stream.flavors import cdc, collect, materialize, s3, task
from powertools_stream.requests import PutEvent, Request
from powertools_stream.testing import FakeConnector
from powertools_stream.testing.endpoint import ScriptedEndpoint


@pytest.fixture
def _in_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the services whose clients are made ahead, instead of making them."""
    services: list[str] = []
    monkeypatch.setattr(Clients, "_make_each", lambda self, connections, names: services.extend(names))
    return services


def _wait() -> None:
    for thread in threading.enumerate():
        if thread.name == "powertools-stream clients":
            thread.join(10)


def _nothing(uow: UnitOfWork) -> None: ...


def _registry(flavor: Any, **fields: Any) -> RuleRegistry:
    rules = RuleRegistry()
    rules.add(id="rule", flavor=flavor, event_type="e", **fields)
    return rules


@pytest.mark.parametrize(
    ("rules", "options", "services"),
    [
        (_registry(task, execute=_nothing), {}, []),
        (_registry(task, execute=_nothing), {"bus_name": "bus"}, ["events"]),
        (_registry(task, execute=_nothing), {"fault_bus_name": "bus"}, ["events"]),
        (_registry(materialize, to_update_request=_nothing), {}, ["dynamodb"]),
        (_registry(collect), {"bus_name": "bus"}, ["dynamodb", "events"]),
        (_registry(cdc, to_event=_nothing), {"bus_name": "bus"}, ["events"]),
        (_registry(cdc, to_event=_nothing, to_query_request=_nothing), {"bus_name": "bus"}, ["dynamodb", "events"]),
        (_registry(cdc, to_event=_nothing, query_related=True), {"bus_name": "bus"}, ["dynamodb", "events"]),
        (_registry(s3, to_s3=_nothing), {}, ["s3"]),
        (_registry(s3, to_s3=_nothing, role_arn="arn:aws:iam::210987654321:role/theirs"), {}, []),
        ([], {}, []),
    ],
)
@pytest.mark.usefixtures("_in_lambda")
def test_the_clients_are_those_that_the_rules_ask_for(
    made: list[str], rules: Any, options: dict[str, Any], services: list[str]
) -> None:
    StreamProcessor(rules=rules, **options)
    _wait()

    assert made == services


@pytest.mark.usefixtures("_in_lambda")
def test_there_is_none_for_what_another_connector_does(made: list[str]) -> None:
    class Own(FakeConnector):
        requests: tuple[type[Request], ...] = (PutEvent,)

    StreamProcessor(rules=_registry(task, execute=_nothing), bus_name="bus", connectors=[Own()])
    _wait()

    assert made == []


@pytest.mark.parametrize(
    "environment", [{}, {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "_X_AMZN_TRACE_ID": "Root=1"}]
)
def test_there_is_none_outside_of_lambdas_init_phase(
    made: list[str], monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    StreamProcessor(rules=_registry(collect), bus_name="bus")
    _wait()

    assert made == []


@pytest.mark.usefixtures("_in_lambda")
def test_a_client_that_was_made_ahead_is_the_one_that_is_used(endpoint: ScriptedEndpoint) -> None:
    clients = Clients()
    clients.make_ahead(["events", "dynamodb"])
    _wait()
    made = dict(clients._connections.clients)

    clients.client("events").put_events(Entries=[])

    assert clients.client("events") is made["events", None, None]
    assert len(made) == 2
    clients.close()


@pytest.mark.usefixtures("_in_lambda")
def test_the_first_call_waits_for_a_client_that_is_being_made(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Clients._make
    count: list[str] = []

    def slowly(self: Clients, session: Any, service_name: str, *others: Any) -> Any:
        count.append(service_name)
        time.sleep(0.2)
        return make(self, session, service_name, *others)

    monkeypatch.setattr(Clients, "_make", slowly)
    clients = Clients()
    clients.make_ahead(["events"])

    clients.client("events").put_events(Entries=[])

    assert count == ["events"]
    clients.close()


@pytest.mark.usefixtures("_in_lambda")
def test_a_failure_changes_nothing(endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients()
    with monkeypatch.context() as broken:
        broken.setattr(Clients, "_make", lambda *_: 1 / 0)
        clients.make_ahead(["events", "dynamodb"])
        _wait()
    with monkeypatch.context() as broken:
        broken.setattr(threading.Thread, "start", lambda _: 1 / 0)
        clients.make_ahead(["events"])

    assert clients.client("events").put_events(Entries=[])["FailedEntryCount"] == 0
    clients.close()


def test_boto3_is_imported_in_lambda_only_if_a_rule_asks_for_something() -> None:
    code = """
import os, sys
os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
from powertools_stream import StreamProcessor
StreamProcessor(rules=[])
print("boto3" in sys.modules)
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert printed.stdout.strip() == "False"
