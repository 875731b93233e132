"""Powertools' Logger, Tracer and Metrics beside a batch."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics, Tracer

from powertools_stream import FaultPolicy, RetryableError, StreamProcessor, stream_processor
from powertools_stream.flavors import task
from powertools_stream.testing import run, to_sqs_records


def raising(error: Exception, **fields: Any) -> list[dict[str, Any]]:
    def execute(uow: Any) -> None:
        if uow.event["n"] == 1:
            raise error

    return [{"id": "raises", "flavor": task, "execute": execute, **fields}]


def events(count: int = 3) -> dict[str, Any]:
    return to_sqs_records([{"type": "e", "n": n, "secret": "4711"} for n in range(count)])


@pytest.mark.parametrize(
    ("error", "policy", "level", "said"),
    [
        (
            ValueError("no"),
            FaultPolicy.REPORT_AND_PUBLISH,
            logging.ERROR,
            "reported: rule raises, fault: ValueError: no",
        ),
        (ValueError("no"), FaultPolicy.PUBLISH, logging.WARNING, "set aside, its fault event is published"),
        (RetryableError("not now"), FaultPolicy.PUBLISH, logging.WARNING, "reported: rule raises, retryable"),
    ],
)
def test_a_record_that_failed_is_one_line_with_rule_reason_and_attempt(
    error: Exception, policy: FaultPolicy, level: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    event = events()

    run(raising(error), event, on_fault=policy)

    (line,) = caplog.records
    assert line.levelno == level
    assert said in line.getMessage()
    assert event["Records"][1]["messageId"] in line.getMessage()
    assert "(attempt 1)" in line.getMessage()
    assert "4711" not in line.getMessage()


@pytest.mark.parametrize(
    ("unset", "name", "advice"),
    [
        ("AWS_DEFAULT_REGION", "NoRegionError", "set AWS_DEFAULT_REGION, since boto3 does not read AWS_REGION"),
        ("AWS_ACCESS_KEY_ID", "NoCredentialsError", "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY", "PartialCredentialsError", "set AWS_PROFILE, or AWS_ACCESS_KEY_ID"),
    ],
)
def test_a_machine_without_region_or_credentials_is_told_the_variable_and_that_tests_need_none(
    unset: str, name: str, advice: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(unset)
    rules = [{"id": "r", "flavor": task, "emit": "done"}]
    options: dict[str, Any] = {"bus_name": "bus", "raise_on_entire_batch_failure": False}

    StreamProcessor(rules=rules, **options).process_event(events(1))
    assert len(run(rules, events(1)).events) == 1

    (line,) = caplog.records
    assert f"rule r, configuration: {name}: " in line.getMessage()
    assert f". Outside of Lambda, {advice}" in line.getMessage()
    assert line.getMessage().count("; powertools_stream.testing.run needs none") == 1


def test_powertools_logger_gets_the_particulars_as_fields() -> None:
    written = io.StringIO()
    logger = Logger(service="the particulars", level="WARNING", stream=written)
    event = events()

    run(raising(ValueError("no")), event, logger=logger)

    (text,) = written.getvalue().splitlines()
    line = json.loads(text)
    assert line["level"] == "ERROR"
    assert line["record_id"] == event["Records"][1]["messageId"]
    assert (line["rules"], line["reasons"], line["disposition"]) == (["raises"], ["fault"], "reported")
    assert line["exception_name"] == "ValueError"


def test_metrics_count_failed_records_and_calls(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = Metrics(namespace="orders", service="orders")

    @metrics.log_metrics
    def handler(event: Any, context: Any) -> None:
        run(raising(ValueError("no"), emit="done"), event, metrics=metrics)

    handler(events(), None)

    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["RecordsReported"] == [1.0]
    assert line["Calls"] == [3.0]


def test_the_decorator_works_under_loggers_and_tracers() -> None:
    logger = Logger(service="under a decorator", stream=io.StringIO())
    tracer = Tracer(service="orders", disabled=True)

    @tracer.capture_lambda_handler
    @stream_processor(rules=raising(ValueError("no")), logger=logger, tracer=tracer)
    def handler(event: Any, context: Any) -> None: ...

    for _ in ("cold start", "warm start"):
        assert len(handler(events(), None)["batchItemFailures"]) == 1


class Provider:
    """Records the subsegments that are opened."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def in_subsegment(self, name: str) -> Provider:
        self.names.append(name)
        return self

    def __enter__(self) -> Provider:
        return self

    def __exit__(self, *error: object) -> None: ...


class TracerLike:
    def __init__(self) -> None:
        self.provider = Provider()


def test_a_batch_is_a_subsegment_of_its_own() -> None:
    tracer = TracerLike()

    StreamProcessor(rules=raising(ValueError("no")), tracer=tracer).process_event(events())

    assert tracer.provider.names == ["## stream_processor"]
