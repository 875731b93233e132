"""What X-Ray is sent of a batch: the documents, as its daemon gets them over UDP."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from aws_lambda_powertools import Tracer
from botocore import client
from botocore.client import BaseClient
from botocore.endpoint import Endpoint

from powertools_stream import RuleRegistry, StreamProcessor
from powertools_stream.connectors import Entry, Operation
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import materialize, task
from powertools_stream.requests import Call, PutEvent, Request
from powertools_stream.testing import ScriptedEndpoint, to_sqs_records

core = pytest.importorskip("aws_xray_sdk.core")


class Daemon:
    """Takes documents as X-Ray's daemon does."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def documents(self) -> dict[str, dict[str, Any]]:
        """Return the documents that were sent, by name, those of the children too."""
        found: dict[str, dict[str, Any]] = {}
        try:
            while True:
                _, _, document = self._socket.recvfrom(65_536)[0].partition(b"\n")
                self._add(json.loads(document), found)
        except TimeoutError:
            return found

    def _add(self, document: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
        found[document["name"]] = document
        for child in document.get("subsegments", ()):
            self._add({"parent_id": document["id"], **child}, found)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    daemon = Daemon()
    yield daemon
    daemon.close()


@pytest.fixture
def tracer(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracer]:
    from aws_xray_sdk.core.context import Context

    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "false")
    import_module("aws_xray_sdk").global_sdk_config.set_sdk_enabled(True)
    Tracer._reset_config()  # type: ignore[no-untyped-call] # a tracer of another test may have been disabled
    tracer = Tracer(service="orders", disabled=False, auto_patch=False)
    core.xray_recorder.configure(context=Context(), sampling=False, service="orders", daemon_address=daemon.address)
    core.xray_recorder.begin_segment("invocation")
    yield tracer
    core.xray_recorder.clear_trace_entities()
    core.xray_recorder.configure(daemon_address="127.0.0.1:2000")
    Tracer._reset_config()  # type: ignore[no-untyped-call]


def process(rules: RuleRegistry, tracer: Tracer, count: int = 3, **options: Any) -> StreamProcessor:
    settings = {"raise_on_entire_batch_failure": False, "connectors": [Bus()], "bus_name": "bus", **options}
    processor = StreamProcessor(rules=rules, tracer=tracer, **settings)
    processor.process_event(to_sqs_records([{"id": str(n), "type": "e", "n": n, "timestamp": n} for n in range(count)]))
    assert [one.name for one in core.xray_recorder.context._local.entities] == ["invocation"], "nothing is left behind"
    return processor


class Bus:
    """Takes events, and makes a subsegment of each call, as patched botocore does."""

    requests: tuple[type[Request], ...] = (PutEvent,)

    def entries(self, request: Any) -> list[Entry]:
        return [Entry(Operation("events", "PutEvents", max_entries=10), request.event)]

    def send(self, entries: Any) -> list[Any]:
        with core.xray_recorder.in_subsegment("PutEvents", namespace="aws"):
            return [{"EventId": "1"} for _ in entries]

    def answer(self, request: Any, responses: Any) -> Any:
        return responses[0]

    def close(self) -> None: ...


def test_a_batch_and_each_of_its_rules_are_subsegments_whatever_the_number_of_records(
    tracer: Tracer, daemon: Daemon
) -> None:
    rules = RuleRegistry()
    rules.add(id="a", flavor=task, event_type="e", execute=lambda uow: 1 // uow.event["n"])
    rules.add(id="b", flavor=task, event_type="e", execute=lambda uow: None)
    rules.add(id="idle", flavor=task, event_type="other", execute=lambda uow: None)

    process(rules, tracer, 5)

    documents = daemon.documents()
    assert set(documents) == {"## stream_processor", "## a", "## b", "PutEvents"}
    batch = documents["## stream_processor"]
    assert batch["annotations"] == {"records": 5, "unmatched": 0, "reported": 1, "set_aside": 0}
    assert documents["## a"]["parent_id"] == documents["## b"]["parent_id"] == batch["id"]
    assert documents["## a"]["annotations"] == {"rule_id": "a", "runs": 5, "faults": 1}
    assert documents["## b"]["annotations"] == {"rule_id": "b", "runs": 5, "faults": 0}
    (exception,) = documents["## a"]["cause"]["exceptions"]
    assert exception["type"] == "ZeroDivisionError"
    assert exception["stack"]
    assert documents["## a"]["fault"] is True
    assert "fault" not in documents["## b"]
    assert documents["PutEvents"]["parent_id"] == batch["id"], "the fault event is published for the batch"


def test_calls_on_workers_hang_under_the_rule_that_asked(tracer: Tracer, daemon: Daemon) -> None:
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    def asks(uow: Any) -> Any:
        yield Call(_looked_up)

    rules.add(id="emits", flavor=task, event_type="e", emit="done")
    process(rules, tracer)

    documents = daemon.documents()
    assert documents["looked up"]["parent_id"] == documents["## asks"]["id"]
    assert documents["PutEvents"]["parent_id"] == documents["## emits"]["id"]
    assert documents["PutEvents"]["namespace"] == "aws"


def _looked_up() -> None:
    with core.xray_recorder.in_subsegment("looked up"):
        pass


def test_a_call_that_several_rules_share_is_one_of_the_batch(tracer: Tracer, daemon: Daemon) -> None:
    rules = RuleRegistry()
    for rule_id in ("a", "b"):
        rules.add(id=rule_id, flavor=task, event_type="e", emit="done")

    process(rules, tracer, 1)

    documents = daemon.documents()
    assert documents["PutEvents"]["parent_id"] == documents["## stream_processor"]["id"]


def test_methods_of_functions_generators_and_coroutines_hang_under_their_rules(tracer: Tracer, daemon: Daemon) -> None:
    rules = RuleRegistry()

    @rules.register(task)
    @tracer.capture_method(capture_response=False)
    def function(uow: Any) -> None:
        tracer.put_annotation("n", uow.event["n"])

    @rules.register(task, ordered=False)
    @tracer.capture_method(capture_response=False)
    def generator(uow: Any) -> Any:
        yield Call(int)
        with tracer.provider.in_subsegment("## inside of it"):
            yield Call(int)
        yield PutEvent({"id": "1", "type": "y"})

    @rules.register(task, ordered=False)
    @tracer.capture_method(capture_response=False)
    async def coroutine(uow: Any) -> None:
        await asyncio.sleep(0.001 * (3 - uow.event["n"]))
        with tracer.provider.in_subsegment("## awaited"):
            await asyncio.sleep(0.001)

    processor = process(rules, tracer)

    assert processor.faults == []
    documents = daemon.documents()
    by_id = {document["id"]: document for document in documents.values()}
    for rule_id in ("function", "generator", "coroutine"):
        (method,) = (name for name in documents if name.endswith(f".{rule_id}"))
        assert by_id[documents[method]["parent_id"]]["name"] == f"## {rule_id}"
    assert "generator" in by_id[documents["## inside of it"]["parent_id"]]["name"]
    assert "coroutine" in by_id[documents["## awaited"]["parent_id"]]["name"]


@pytest.mark.parametrize(("on_condition_failed", "faults"), [("ignore", 0), ("fault", 1)])
def test_a_condition_that_does_not_hold_is_no_exception_of_the_call(
    on_condition_failed: Any, faults: int, tracer: Tracer, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = {"__type": "ConditionalCheckFailedException", "message": "The conditional request failed"}
    for name, target in (("_make_api_call", BaseClient), ("prepare_request", Endpoint)):
        monkeypatch.setattr(target, name, getattr(target, name))  # to have it put back
    monkeypatch.setattr(import_module("aws_xray_sdk.core.patcher"), "_PATCHED_MODULES", set())
    monkeypatch.setattr(client, "_xray_enabled", True, raising=False)
    monkeypatch.delattr(client, "_xray_enabled")
    tracer.patch(["botocore"])
    rules = RuleRegistry()
    rules.add(
        id="view",
        flavor=materialize,
        event_type="e",
        table_name="table",
        to_update_request=_update,
        on_condition_failed=on_condition_failed,
    )

    with ScriptedEndpoint(lambda operation, params: (400, error)) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        processor = process(rules, tracer, 1, bus_name=None)

    assert len(processor.faults) == faults
    documents = daemon.documents()
    call = documents["dynamodb"]
    assert call["parent_id"] == documents["## view"]["id"]
    assert call["aws"]["operation"] == "UpdateItem"
    assert not {"fault", "error", "cause"} & set(call)
    assert ("cause" in documents["## view"]) == bool(faults)


def _update(uow: Any) -> dict[str, Any]:
    return {"Key": {"pk": "1", "sk": "1"}, **update_expression({"timestamp": 1}), **timestamp_condition()}


def test_nothing_is_sent_when_the_tracer_is_disabled(tracer: Tracer, daemon: Daemon) -> None:
    rules = RuleRegistry()
    rules.add(id="a", flavor=task, event_type="e", execute=lambda uow: {"n": 1 // uow.event["n"]}, emit="done")
    tracer.disabled = True

    process(rules, tracer, connectors=[_Plain()])

    assert daemon.documents() == {}


class _Plain(Bus):
    def send(self, entries: Any) -> list[Any]:
        return [{"EventId": "1"} for _ in entries]


def test_a_trace_that_is_not_sampled_is_not_sent(tracer: Tracer, daemon: Daemon) -> None:
    core.xray_recorder.current_segment().sampled = False
    rules = RuleRegistry()
    rules.add(id="a", flavor=task, event_type="e", execute=lambda uow: None, emit="done")

    processor = process(rules, tracer, connectors=[_Plain()])

    assert processor.faults == []
    assert daemon.documents() == {}


def test_without_a_segment_the_batch_runs_all_the_same(tracer: Tracer, daemon: Daemon) -> None:
    core.xray_recorder.clear_trace_entities()
    core.xray_recorder.configure(context_missing="IGNORE_ERROR")
    rules = RuleRegistry()
    rules.add(id="a", flavor=task, event_type="e", execute=lambda uow: None, emit="done")
    try:
        processor = StreamProcessor(rules=rules, tracer=tracer, connectors=[_Plain()], bus_name="bus")
        processor.process_event(to_sqs_records([{"type": "e"}]))
    finally:
        core.xray_recorder.configure(context_missing="LOG_ERROR")

    assert len(processor.results) == 1
    assert daemon.documents() == {}


def test_in_lambda_the_parent_is_carried_to_workers(
    tracer: Tracer, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aws_xray_sdk.core.lambda_launcher import LambdaContext

    root = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", root)
    core.xray_recorder.configure(context=LambdaContext())
    rules = RuleRegistry()
    rules.add(id="emits", flavor=task, event_type="e", emit="done")
    processor = StreamProcessor(rules=rules, tracer=tracer, connectors=[Bus()], bus_name="bus")
    for _ in ("cold start", "warm start"):
        processor.process_event(to_sqs_records([{"type": "e"}]))

        documents = daemon.documents()
        assert documents["## stream_processor"]["parent_id"] == "53995c3f42cd8ad8"
        assert documents["## emits"]["parent_id"] == documents["## stream_processor"]["id"]
        assert documents["PutEvents"]["parent_id"] == documents["## emits"]["id"]
        monkeypatch.setenv("_X_AMZN_TRACE_ID", root.replace("1-5759e988", "1-5759e989"))
