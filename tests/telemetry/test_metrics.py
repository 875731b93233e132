"""What is counted of a batch with Powertools' Metrics."""

from __future__ import annotations

import json
import time
import warnings
from typing import Any

import pytest
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel

from powertools_stream import FaultPolicy, RuleRegistry, StreamProcessor, stream_processor
from powertools_stream.connectors import Refused
from powertools_stream.flavors import task
from powertools_stream.testing import run, to_sqs_records
from tests.engine.store import Store, Write


@pytest.fixture
def metrics() -> Metrics:
    metrics = Metrics(namespace="orders", service="orders")
    metrics.metric_set.clear()
    metrics.dimension_set.clear()
    return metrics


def rules(**fields: Any) -> RuleRegistry:
    registry = RuleRegistry()
    registry.add(id="r", flavor=task, event_type="e", **{"execute": lambda uow: 1 // uow.event["n"], **fields})
    return registry


def events(count: int = 3) -> dict[str, Any]:
    return to_sqs_records([{"id": str(n), "type": "e", "n": n, "timestamp": _ms() - 5_000 + n} for n in range(count)])


def _ms() -> int:
    return int(time.time() * 1_000)


def added(metrics: Metrics) -> dict[str, list[float]]:
    return {name: metric["Value"] for name, metric in metrics.metric_set.items()}


def test_each_metric_is_added_once_for_a_batch_and_those_that_are_0_are_left_out(metrics: Metrics) -> None:
    run(rules(execute=lambda uow: None), events(), metrics=metrics)

    counted = added(metrics)
    assert set(counted) == {"Records", "RuleRuns", "BatchDuration", "EventAge"}
    assert all(len(values) == 1 for values in counted.values())
    assert (counted["Records"], counted["RuleRuns"]) == ([3.0], [3.0])
    assert counted["EventAge"][0] == pytest.approx(5_000, abs=2_000)
    assert counted["BatchDuration"][0] > 0


def test_what_failed_is_counted(metrics: Metrics) -> None:
    event = events()
    event["Records"][2]["body"] = '{"id": "x", "type": "nobody"}'

    run(
        rules(execute=lambda uow: {"share": 1 // uow.event["n"]}, emit="done"),
        event,
        metrics=metrics,
        on_fault=FaultPolicy.PUBLISH,
    )

    counted = added(metrics)
    assert (counted["RecordsUnmatched"], counted["RecordsSetAside"], counted["Faults"]) == ([1.0], [1.0], [1.0])
    assert counted["Calls"] == [2.0], "an event, and a fault event"
    assert counted["CallTime"][0] > 0
    assert "RecordsReported" not in counted


def test_fault_events_that_are_not_published_are_counted(metrics: Metrics) -> None:
    def refuse(request: Any) -> Any:
        return ValueError("no")

    run(rules(), events(1), metrics=metrics, responses=refuse)

    counted = added(metrics)
    assert (counted["FaultEventsUnpublished"], counted["RecordsReported"]) == ([1.0], [1.0])


def test_failed_entries_and_conditions_are_counted(metrics: Metrics) -> None:
    def answer(name: str, payloads: list[Any]) -> list[Any]:
        return [ValueError("no") if payload == 1 else Refused("no") if payload == 2 else "yes" for payload in payloads]

    def writes(uow: Any) -> Any:
        yield Write(uow.event["n"])

    StreamProcessor(rules=rules(execute=writes, ordered=False), connectors=[Store(answer)], metrics=metrics)(
        events()["Records"]
    ).process()

    counted = added(metrics)
    assert (counted["FailedEntries"], counted["ConditionsFailed"], counted["Calls"]) == ([1.0], [1.0], [1.0])


@pytest.mark.parametrize(("size", "percent"), [("4", 75.0), ("0", None), ("many", None), ("", None)])
def test_the_utilization_of_a_batch_is_told_if_its_size_is_known(
    size: str, percent: float | None, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCH_SIZE", size)

    run(rules(execute=lambda uow: None), events(), metrics=metrics)

    assert added(metrics).get("BatchUtilization") == (None if percent is None else [percent])


def test_a_batch_without_calls_and_one_without_records_does_not_warn(
    metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    @metrics.log_metrics
    @stream_processor(rules(execute=lambda uow: None), metrics=metrics)
    def handler(event: Any, context: Any) -> None: ...

    empty_batch: dict[str, Any] = {"Records": []}
    batches = (events(), empty_batch, events())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for event in batches:
            handler(event, None)

    first, empty, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["Records"], empty["Records"], first["service"]) == ([3.0], [0.0], "orders")


def test_metrics_of_the_users_own_stay_beside_them(metrics: Metrics, capsys: pytest.CaptureFixture[str]) -> None:
    def execute(uow: Any) -> None:
        metrics.add_metric(name="OrdersPriced", unit=MetricUnit.Count, value=1)

    @metrics.log_metrics
    @stream_processor(rules(execute=execute), metrics=metrics)
    def handler(event: Any, context: Any) -> None: ...

    handler(events(), None)

    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["OrdersPriced"], line["Records"]) == ([1.0] * 3, [3.0])


# Powertools 3.30 says so of every default dimension.
@pytest.mark.filterwarnings("ignore:Dimension 'stage' has already been added")
def test_runs_and_faults_are_counted_for_each_rule_on_request(
    metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = rules()
    registry.add(id="s", flavor=task, event_type="e", execute=lambda uow: None)
    metrics.set_default_dimensions(stage="prod")

    @metrics.log_metrics
    @stream_processor(registry, metrics=metrics, metrics_per="rule")
    def handler(event: Any, context: Any) -> None: ...

    handler(events(), None)

    *of_rules, whole = map(json.loads, capsys.readouterr().out.splitlines())
    assert [(line["rule"], line["RuleRuns"], line["Faults"]) for line in of_rules] == [
        ("r", [3.0], [1.0]),
        ("s", [3.0], [0.0]),
    ]
    for line in of_rules:
        ((names,),) = (one["Dimensions"] for one in line["_aws"]["CloudWatchMetrics"])
        assert set(names) == {"rule", "service", "stage"}
    assert "rule" not in whole
    assert whole["RuleRuns"] == [6.0]


def test_faults_of_rules_that_did_not_run_are_counted_for_them_too(
    metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    class Priced(BaseModel):
        price: int

    registry = RuleRegistry()
    registry.add(id="filtered", flavor=task, filters=[lambda uow: 1 / 0], execute=lambda uow: None)
    registry.add(id="modelled", flavor=task, event_model=Priced, execute=lambda uow: None)

    @metrics.log_metrics
    @stream_processor(registry, metrics=metrics, metrics_per="rule", raise_on_entire_batch_failure=False)
    def handler(event: Any, context: Any) -> None: ...

    handler(to_sqs_records([{"id": "1", "type": "e"}, "no JSON"]), None)

    *of_rules, whole = map(json.loads, capsys.readouterr().out.splitlines())
    assert sorted((line["rule"], line["RuleRuns"], line["Faults"]) for line in of_rules) == [
        ("filtered", [0.0], [1.0]),
        ("modelled", [0.0], [1.0]),
    ]
    assert whole["Faults"] == [3.0], "one is of a record that could not be read"


def test_metrics_per_rule_need_dimensions() -> None:
    class Counting:
        def add_metric(self, *, name: str, unit: Any, value: float) -> None: ...

    with pytest.raises(TypeError, match="metrics_per='rule' needs"):
        StreamProcessor(rules=[], metrics=Counting(), metrics_per="rule")
    with pytest.raises(ValueError, match="'function' or 'rule'"):
        StreamProcessor(rules=[], metrics_per="record")  # type: ignore[arg-type]
