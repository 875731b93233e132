"""The spans of OpenTelemetry, as the SDK's exporter gets them."""

from __future__ import annotations

import asyncio
import base64
import logging
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from powertools_stream import FaultPolicy, RuleRegistry, StreamProcessor
from powertools_stream.connectors import Entry, Operation
from powertools_stream.flavors import cdc, task
from powertools_stream.requests import Call, PutEvent, Request
from powertools_stream.telemetry import OpenTelemetryObserver
from powertools_stream.testing import to_dynamodb_records, to_kafka_records, to_sns_records, to_sqs_records

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


class Tracing:
    """An SDK, and what it has exported."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.provider.get_tracer("test")

    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._exporter.get_finished_spans()}

    def names(self) -> list[str]:
        return sorted(span.name for span in self._exporter.get_finished_spans())

    def parents(self) -> dict[str, str | None]:
        """Return the name of each span's parent."""
        spans = self._exporter.get_finished_spans()
        by_id = {span.context.span_id: span.name for span in spans}
        return {span.name: by_id.get(span.parent.span_id) if span.parent else None for span in spans}


@pytest.fixture
def tracing() -> Tracing:
    return Tracing()


class Bus:
    """Takes events."""

    requests: tuple[type[Request], ...] = (PutEvent,)

    def __init__(self) -> None:
        self.events: list[Any] = []

    def entries(self, request: Any) -> list[Entry]:
        return [Entry(Operation("events", "PutEvents", max_entries=10), request.event)]

    def send(self, entries: Any) -> list[Any]:
        self.events += [entry.payload for entry in entries]
        return [{"EventId": "1"} for _ in entries]

    def answer(self, request: Any, responses: Any) -> Any:
        return responses[0]

    def close(self) -> None: ...


def process(rules: RuleRegistry, tracing: Tracing, event: Any = None, *, inject: bool = False, **options: Any) -> Bus:
    bus = Bus()
    observer = OpenTelemetryObserver(tracer_provider=tracing.provider, inject=inject)
    settings = {"raise_on_entire_batch_failure": False, "connectors": [bus], "bus_name": "bus", **options}
    StreamProcessor(rules=rules, observers=[observer], **settings).process_event(event or events())
    assert trace.get_current_span() is trace.INVALID_SPAN, "nothing is left behind"
    return bus


def events(count: int = 3, **fields: Any) -> dict[str, Any]:
    return to_sqs_records([{"id": str(n), "type": "e", "n": n, **fields} for n in range(count)])


def links(span: ReadableSpan) -> list[tuple[str, str]]:
    return [(f"{link.context.trace_id:032x}", f"{link.context.span_id:016x}") for link in span.links]


def test_spans_of_a_batch_its_rules_and_their_calls(tracing: Tracing) -> None:
    rules = RuleRegistry()
    rules.add(id="a", flavor=task, event_type="e", execute=_share, emit="done")
    rules.add(id="b", flavor=task, event_type="e", execute=lambda uow: None)

    with tracing.tracer.start_as_current_span("invocation"):
        process_inside(rules, tracing)

    assert tracing.parents() == {
        "invocation": None,
        "process orders": "invocation",
        "a": "process orders",
        "b": "process orders",
        "events.PutEvents": "a",
    }
    spans = tracing.spans()
    batch = spans["process orders"]
    assert batch.kind is SpanKind.CONSUMER
    assert dict(batch.attributes or {}) == {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.batch.message_count": 3,
        "messaging.destination.name": "orders",
        "powertools_stream.records.unmatched": 0,
        "powertools_stream.records.reported": 1,
        "powertools_stream.records.set_aside": 0,
    }
    rule = spans["a"]
    assert dict(rule.attributes or {}) == {
        "powertools_stream.rule.id": "a",
        "powertools_stream.rule.runs": 3,
        "powertools_stream.rule.faults": 1,
    }
    assert rule.status.status_code is StatusCode.ERROR
    (exception,) = rule.events
    assert (exception.attributes or {})["exception.type"] == "ZeroDivisionError"
    assert spans["b"].status.status_code is StatusCode.UNSET


def _share(uow: Any) -> dict[str, Any]:
    return {"share": 1 // uow.event["n"]}


def process_inside(rules: RuleRegistry, tracing: Tracing) -> None:
    observer = OpenTelemetryObserver(tracer_provider=tracing.provider)
    event = events()
    for record in event["Records"]:
        record["eventSourceARN"] = "arn:aws:sqs:eu-central-1:123456789012:orders"
    options: dict[str, Any] = {"connectors": [Bus()], "bus_name": "bus", "on_fault": FaultPolicy.REPORT}
    StreamProcessor(rules=rules, observers=[observer], **options).process_event(event)


def test_a_call_of_one_rule_is_in_its_span_and_sends_messages(tracing: Tracing) -> None:
    rules = RuleRegistry()
    rules.add(id="emits", flavor=task, event_type="e", emit="done")

    process(rules, tracing)

    assert tracing.parents()["events.PutEvents"] == "emits"
    call = tracing.spans()["events.PutEvents"]
    assert call.kind is SpanKind.PRODUCER
    attributes = dict(call.attributes or {})
    assert (attributes["rpc.service"], attributes["rpc.method"]) == ("events", "PutEvents")
    assert (attributes["messaging.operation.type"], attributes["messaging.batch.message_count"]) == ("send", 3)


def test_a_call_that_fails_is_an_error_and_one_whose_condition_does_not_hold_is_none(tracing: Tracing) -> None:
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    def asks(uow: Any) -> Any:
        yield Call(_fail if uow.event["n"] else int)

    process(rules, tracing, events(2), bus_name=None)

    spans = [span for span in tracing._exporter.get_finished_spans() if span.name == "call.Call"]
    assert sorted(span.status.status_code.name for span in spans) == ["ERROR", "UNSET"]
    assert {span.kind for span in spans} == {SpanKind.INTERNAL}
    assert {tracing.parents()[span.name] for span in spans} == {"asks"}


def _fail() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("options", "has_secrets"),
    [({"redact": ["event.email"]}, True), ({"encrypt": {"fields": ["email"]}}, True), ({}, False)],
)
def test_a_call_does_not_tell_what_is_redacted_or_decrypted(
    options: dict[str, Any], has_secrets: bool, tracing: Tracing
) -> None:
    rules = RuleRegistry()

    @rules.register(task)
    def asks(uow: Any) -> Any:
        yield Call(int, uow.event["email"])

    process(rules, tracing, events(1, email="ann@example.com"), bus_name=None, **options)

    span = tracing.spans()["call.Call"]
    (told,) = span.events
    assert ("ann@example.com" in f"{told.attributes} {span.status.description}") is not has_secrets
    assert span.status.status_code is StatusCode.ERROR
    assert dict(told.attributes or {})["exception.type"] == "ValueError"
    in_rule = str([one.attributes for one in tracing.spans()["asks"].events])
    assert ("ann@example.com" in in_rule) is ("redact" not in options), "what came in plainly is not secret"


def test_spans_of_users_own_stay_in_their_rules_across_suspensions(tracing: Tracing) -> None:
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    def generator(uow: Any) -> Any:
        with tracing.tracer.start_as_current_span(f"outer {uow.event['n']}"):
            yield Call(_traced, tracing, f"worker {uow.event['n']}")
            with tracing.tracer.start_as_current_span(f"inner {uow.event['n']}"):
                yield Call(int)

    @rules.register(task, ordered=False)
    async def coroutine(uow: Any) -> None:
        with tracing.tracer.start_as_current_span(f"awaits {uow.event['n']}"):
            await asyncio.sleep(0.001 * (3 - uow.event["n"]))
            with tracing.tracer.start_as_current_span(f"awaited {uow.event['n']}"):
                await asyncio.sleep(0.001)

    @rules.register(task)
    def function(uow: Any) -> None:
        with tracing.tracer.start_as_current_span(f"function {uow.event['n']}"):
            pass

    process(rules, tracing)

    parents = tracing.parents()
    for n in range(3):
        assert parents[f"outer {n}"] == "generator"
        assert parents[f"inner {n}"] == f"outer {n}"
        assert parents[f"worker {n}"] == "call.Call"
        assert parents[f"awaits {n}"] == "coroutine"
        assert parents[f"awaited {n}"] == f"awaits {n}"
        assert parents[f"function {n}"] == "function"
    assert parents["call.Call"] in {"outer 0", "outer 1", "outer 2", "inner 0", "inner 1", "inner 2"}


def _traced(tracing: Tracing, name: str) -> None:
    with tracing.tracer.start_as_current_span(name):
        pass


def test_the_batch_is_linked_to_the_spans_that_sent_its_records(tracing: Tracing) -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: None)
    event = events(5)
    by_xray, by_attribute, by_tag, broken, twice = event["Records"]
    by_xray["attributes"]["AWSTraceHeader"] = (
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    )
    by_attribute["messageAttributes"] = {"traceparent": {"stringValue": TRACEPARENT, "dataType": "String"}}
    other = TRACEPARENT.replace(PARENT, "00f067aa0ba902b7")
    by_tag["body"] = f'{{"type": "e", "tags": {{"traceparent": "{other}"}}}}'
    broken["attributes"]["AWSTraceHeader"] = "Root=;Parent"
    broken["messageAttributes"] = {"traceparent": {"stringValue": "nothing"}, "tracestate": 1}
    twice["messageAttributes"] = by_attribute["messageAttributes"]

    process(rules, tracing, event)

    (batch,) = (span for span in tracing.spans().values() if span.kind is SpanKind.CONSUMER)
    assert links(batch) == [
        ("5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8"),
        (TRACE, PARENT),
        (TRACE, "00f067aa0ba902b7"),
    ]


def test_messages_of_sns_and_kafka_carry_traces_too(tracing: Tracing) -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: None)
    sns = to_sns_records([{"type": "e"}])
    sns["Records"][0]["Sns"]["MessageAttributes"] = {"traceparent": {"Type": "String", "Value": TRACEPARENT}}
    kafka = to_kafka_records([{"type": "e"}])
    (record,) = next(iter(kafka["records"].values()))
    record["headers"] = [{"traceparent": list(TRACEPARENT.encode())}, {"other": "x"}, 5]

    for event in (sns, kafka):
        process(rules, tracing, event)

    batches = [span for span in tracing._exporter.get_finished_spans() if span.kind is SpanKind.CONSUMER]
    assert [links(batch) for batch in batches] == [[(TRACE, PARENT)]] * 2
    assert [(batch.attributes or {})["messaging.system"] for batch in batches] == ["aws.sns", "kafka"]


def test_there_are_not_more_links_than_a_span_may_have(tracing: Tracing) -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: None)
    event = events(200)
    for n, record in enumerate(event["Records"], start=1):
        record["messageAttributes"] = {"traceparent": {"stringValue": f"00-{TRACE}-{n:016x}-01"}}

    process(rules, tracing, event)

    (batch,) = (span for span in tracing.spans().values() if span.kind is SpanKind.CONSUMER)
    assert len(batch.links) == 128
    assert batch.dropped_links == 0


@pytest.mark.parametrize("inject", [True, False])
def test_published_events_carry_the_trace_on_request(inject: bool, tracing: Tracing) -> None:
    rules = RuleRegistry()
    rules.add(id="emits", flavor=task, event_type="e", emit="done")
    rules.add(id="changes", flavor=cdc, event_type="order-created", to_event=lambda uow: {"tags": {"own": 1}})

    bus = process(rules, tracing, events(1, tags={"traceparent": TRACEPARENT}), inject=inject)

    (event,) = bus.events
    if not inject:
        assert event["tags"].get("traceparent") in (None, TRACEPARENT)
        return
    span = tracing.spans()["emits"]
    assert event["tags"]["traceparent"].startswith(f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-")
    assert event["tags"]["pipeline"] == "emits"


def test_changes_of_a_table_are_published_with_the_trace(tracing: Tracing) -> None:
    rules = RuleRegistry()
    rules.add(id="changes", flavor=cdc, event_type="order-created", to_event=lambda uow: {"order": 1})

    bus = process(
        rules,
        tracing,
        to_dynamodb_records([{"new_image": {"pk": "1", "sk": "order", "discriminator": "order"}}]),
        inject=True,
    )

    (event,) = bus.events
    assert event["tags"]["traceparent"].split("-")[2] == f"{tracing.spans()['changes'].context.span_id:016x}"


def test_without_an_sdk_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: trace.ProxyTracerProvider())

    assert not OpenTelemetryObserver().is_enabled
    assert not OpenTelemetryObserver(tracer_provider=trace.NoOpTracerProvider()).is_enabled
    assert OpenTelemetryObserver(tracer_provider=TracerProvider()).is_enabled


def test_the_sdk_has_nothing_to_complain_about(tracing: Tracing, caplog: pytest.LogCaptureFixture) -> None:
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    def fails(uow: Any) -> Any:
        with tracing.tracer.start_as_current_span("own"):
            yield Call(int)
            raise ValueError

    with caplog.at_level(logging.DEBUG, logger="opentelemetry"):
        process(rules, tracing, on_fault=FaultPolicy.PUBLISH)

    assert [record for record in caplog.records if record.name.startswith("opentelemetry")] == []
    assert tracing.names().count("own") == 3


def test_the_header_of_a_firehose_like_record_is_not_read(tracing: Tracing) -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: None)
    event = events(1)
    event["Records"][0]["headers"] = base64.b64encode(b"x").decode()

    process(rules, tracing, event)

    assert tracing.names().count("r") == 1
