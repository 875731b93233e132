"""A processor as text, and the line of a cold start."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from aws_lambda_powertools import Metrics

from powertools_stream import FaultPolicy, RetryPolicy, RuleRegistry, StreamProcessor
from powertools_stream.flavors import cdc, task
from powertools_stream.requests import HttpRequest
from powertools_stream.sources import SQSSource
from powertools_stream.testing import to_sqs_records


def rules(count: int = 1) -> RuleRegistry:
    registry = RuleRegistry()
    for n in range(count):
        registry.add(id=f"price-{n}", flavor=task, event_type="e", execute=lambda uow: None)
    return registry


def test_the_rules_and_the_settings_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUS_NAME", "orders")
    monkeypatch.setenv("PARALLEL", "16")
    monkeypatch.setenv("DISABLED_PIPELINES", "changes")
    registry = rules()
    registry.add(id="changes", flavor=cdc, event_type="order-created")

    assert repr(StreamProcessor(rules=registry)) == (
        "StreamProcessor(rules=[price-0 (task), changes (cdc, off)], on_fault=None, max_workers=16, "
        "timeout_margin=1.0, bus_name='orders', fault_bus_name='orders', on_unmatched='ignore')"
    )


def test_options_that_are_given_and_objects_by_their_classes() -> None:
    class Orders(StreamProcessor):
        pass

    class Observing:
        def on_call(self, details: Any) -> None: ...

        def on_record_failed(self, details: Any) -> None: ...

    processor = Orders(
        rules=rules(),
        source=SQSSource(),
        on_fault=FaultPolicy.PUBLISH,
        retryable=(KeyError,),
        rates={HttpRequest: (10, 1)},
        retry=RetryPolicy(max_attempts=2),
        observers=[Observing()],
        metrics=Metrics(namespace="n", service="s"),
        decoder=len,
        logger=logging.getLogger("secret"),
        fault_bus_name="faults",
        keep_results=False,
    )

    assert repr(processor) == (
        "Orders(rules=[price-0 (task)], logger=Logger, source=SQSSource, on_fault='publish', retryable=[KeyError], "
        "max_workers=32, timeout_margin=1.0, bus_name=None, fault_bus_name='faults', "
        "retry=RetryPolicy(max_attempts=2, base_delay=0.05, max_delay=5.0), rates={HttpRequest: [10, 1]}, "
        "metrics=Metrics, observers=[Observing], decoder=len, keep_results=False, on_unmatched='ignore')"
    )


def test_of_very_many_rules_the_rest_is_counted() -> None:
    assert "price-99 (task), 900 more]" in repr(StreamProcessor(rules=rules(1_000)))


def test_a_cold_start_tells_them_once_at_info(caplog: pytest.LogCaptureFixture) -> None:
    processor = StreamProcessor(rules=rules())

    with caplog.at_level(logging.INFO, logger="powertools_stream"):
        for _ in ("cold start", "warm start"):
            processor.process_event(to_sqs_records([{"type": "e"}]))

    told = [record.getMessage() for record in caplog.records if record.module == "processor"]
    assert told == [repr(processor)]
