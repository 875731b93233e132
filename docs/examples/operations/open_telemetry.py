from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task
from powertools_stream.telemetry import OpenTelemetryObserver
from powertools_stream.testing import run, to_sqs_records

rules = RuleRegistry()


@rules.register(task, event_type="order-created", emit="order-priced")
def price(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": sum(line["price"] for line in uow.event["lines"])}


@stream_processor(rules, observers=[OpenTelemetryObserver(inject=True)])
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...


def test_a_batch_its_rules_and_their_calls_are_spans() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    observer = OpenTelemetryObserver(tracer_provider=provider, inject=True)

    outcome = run(
        rules,
        to_sqs_records([{"type": "order-created", "lines": []}]),
        observers=[observer],
    )

    call, rule, batch = exporter.get_finished_spans()
    assert batch.name.startswith("process ")
    assert (rule.name, rule.parent) == ("price", batch.context)
    assert call.parent == rule.context
    assert f"{rule.context.span_id:016x}" in outcome.events[0]["tags"]["traceparent"]
