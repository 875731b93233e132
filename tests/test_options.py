"""The errors of `StreamProcessor` at import if an option has an invalid value."""

from __future__ import annotations

import dataclasses
import logging
import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import EphemeralMetrics
from aws_lambda_powertools.metrics.provider.datadog import DatadogMetrics
from botocore.config import Config

from powertools_stream import (
    ClaimChecks,
    Compression,
    ProcessorOptions,
    RuleRegistry,
    StreamProcessor,
    stream_processor,
)
from powertools_stream.call_options import RetryPolicy
from powertools_stream.connectors.http.connector import HttpConnector
from powertools_stream.errors import SettingError
from powertools_stream.requests import HttpRequest
from powertools_stream.sources import SQSSource


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("source", SQSSource, r"a source that is made already, SQSSource\(\), .* got the class SQSSource"),
        ("source", [SQSSource], "got the class SQSSource"),
        ("source", "sqs", r"got 'sqs' \(str\)"),
        ("claim_checks", "bucket", r"ClaimChecks\(\{.*got 'bucket' \(str\)"),
        ("claim_checks", ClaimChecks, "got the class ClaimChecks"),
        ("compression", True, r"Compression\(\); got True \(bool\)"),
        ("retry", 3, r"RetryPolicy\(max_attempts=…\); got 3 \(int\)"),
        ("connectors", [HttpConnector], r"connectors that are made already.* got \[<class"),
        ("connectors", HttpConnector(), "a list of connectors"),
        ("connectors", [3], r"a list of connectors.* got \[3\] \(list\)"),
        ("observers", [print], r"a list of observers.* got \[<built-in"),
        ("observers", [SimpleNamespace(on_call=print)], r"observers .*, each with on_call and on_record_failed; got"),
        ("observers", [SimpleNamespace(on_batch=print)], r"observers .*, each with on_call and on_record_failed; got"),
        ("observers", 3, r"a list of observers.* got 3 \(int\)"),
        ("model", "OrderModel", r"a model of records \(a class\); got 'OrderModel' \(str\)"),
        ("raise_on_entire_batch_failure", "no", r"True or False; got 'no' \(str\)"),
        ("logger", "x", r"Logger\(\) or logging.getLogger\(…\); got 'x' \(str\)"),
        ("logger", Logger, "got the class Logger"),
        ("retryable", 5, r"a function of an error, or a tuple of exception types; got 5 \(int\)"),
        ("skip_group_on_error", 1, r"True or False; got 1 \(int\)"),
        ("bus_name", 5, r"the name or ARN of an event bus \(a string\); got 5 \(int\)"),
        ("fault_bus_name", ["bus"], r"the name or ARN of an event bus .*got \['bus'\] \(list\)"),
        ("boto3_session", "x", r"boto3.Session\(…\); got 'x' \(str\)"),
        ("boto3_session", boto3.Session, "got the class Session"),
        ("boto_config", {"read_timeout": 1}, r"botocore.config.Config\(…\); got {'read_timeout': 1} \(dict\)"),
        ("tracer", 5, r"Powertools' Tracer\(\); got 5 \(int\)"),
        ("tracer", Tracer, "got the class Tracer"),
        ("metrics", "x", r"Powertools' Metrics\(\); got 'x' \(str\)"),
        ("metrics", Metrics, "got the class Metrics"),
        ("keep_results", "no", r"True or False; got 'no' \(str\)"),
        ("exit_if_stuck", "yes", r"True or False; got 'yes' \(str\)"),
        ("lean_calls", "off", r"True or False; got 'off' \(str\)"),
        ("rates", (10, 1), r"rates by type of request, \{HttpRequest: \(10, 1\)\}; got \(10, 1\)"),
        ("rates", {"HttpRequest": (10, 1)}, r"types of requests.* got 'HttpRequest' \(str\)"),
    ],
)
def test_an_option_of_another_kind_is_refused(option: str, value: Any, says: str) -> None:
    with pytest.raises(TypeError, match=rf"^StreamProcessor\({option}=…\) takes .*{says}"):
        StreamProcessor(**{"rules": [], option: value})


@pytest.mark.parametrize(
    "options",
    [
        {
            "logger": Logger(service="s"),
            "tracer": Tracer(service="s", disabled=True),
            "metrics": Metrics(namespace="n"),
        },
        {"logger": logging.getLogger("x"), "metrics": EphemeralMetrics(namespace="n")},
        {"logger": logging.LoggerAdapter(logging.getLogger("x"), {}), "metrics": DatadogMetrics(namespace="n")},
        {"boto3_session": boto3.Session(region_name="eu-central-1"), "boto_config": Config(read_timeout=1)},
        {"retryable": ValueError},
        {"retryable": [ValueError, KeyError], "bus_name": "arn:aws:events:eu-central-1:123456789012:event-bus/bus"},
        {"retryable": lambda error: True, "keep_results": False, "exit_if_stuck": True},
    ],
)
def test_what_is_meant_is_accepted(options: dict[str, Any]) -> None:
    StreamProcessor(rules=[], **options)


def test_a_store_that_would_have_to_be_awaited_is_refused() -> None:
    class Store:
        def load_many(self, keys: Any) -> Any: ...

        async def save_many(self, checkpoints: Any) -> None: ...

    with pytest.raises(TypeError, match=r"checkpoint=…\) takes a store, .* whose methods are no async def"):
        StreamProcessor(rules=[], checkpoint=Store())  # type: ignore[arg-type]


def test_every_option_is_checked() -> None:
    for option in dataclasses.fields(ProcessorOptions):
        unlike: dict[str, Any] = {option.name: object()}
        if option.init:
            with pytest.raises((TypeError, ValueError)):
                StreamProcessor(**unlike)


@pytest.mark.parametrize("make", [StreamProcessor, stream_processor])
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("onfault", "no option 'onfault'. Did you mean 'on_fault'?"),
        ("onFault", "no option 'onFault'. Did you mean 'on_fault'?"),
        ("boto_session", "no option 'boto_session'. Did you mean 'boto3_session'?"),
        ("xyz", "no option 'xyz'. It has event_type, model, "),
    ],
)
def test_an_unknown_option_is_refused_with_the_nearest_one(make: Any, name: str, says: str) -> None:
    with pytest.raises(TypeError) as raised:
        make(rules=[], **{name: 1})

    assert f"StreamProcessor has {says}" in str(raised.value)


@pytest.mark.parametrize("rules", [RuleRegistry(), [], [{"id": "r", "flavor": print}], {"id": "r"}])
def test_rules_in_the_place_of_the_event_type_are_told_their_own(rules: Any) -> None:
    with pytest.raises(
        TypeError, match=r"is Powertools' event_type; rules have a name: StreamProcessor\(rules=rules\)"
    ):
        StreamProcessor(rules)


@pytest.mark.parametrize("rate", ["10/s", 10, (10,), (0, 1), (1, 0), (math.nan, 1), (1, math.inf), ("10", "1")])
def test_a_rate_that_is_none_is_refused(rate: Any) -> None:
    with pytest.raises(
        ValueError, match=r"takes \(calls, seconds\) for HttpRequest, both above 0, e.g. \(10, 1\); got"
    ):
        StreamProcessor(rules=[], rates={HttpRequest: rate})


@pytest.mark.parametrize("rate", ["10/s", 10, (10,), (), (0, 1), ("10", "1")])
def test_a_rate_of_a_connector_that_is_none_is_refused(rate: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        HttpConnector(rate=rate)


@pytest.mark.parametrize("values", [{"max_attempts": 0}, {"max_attempts": 2.5}, {"base_delay": -1}, {"max_delay": -1}])
def test_a_policy_without_an_attempt_is_refused_since_nothing_would_be_sent(values: Any) -> None:
    with pytest.raises(ValueError, match=r"^Expected max_attempts to be a whole number, 1 or more"):
        RetryPolicy(**values)


@pytest.mark.parametrize(
    ("option", "value"), [("max_workers", 0), ("max_workers", "8"), ("timeout_margin", -1), ("timeout_margin", "1 s")]
)
def test_a_number_that_is_none_or_too_small_is_refused(option: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"{option}=…\) takes .* or more; got {value!r}"):
        StreamProcessor(**{"rules": [], option: value})


def test_a_policy_is_told_by_its_name_and_a_wrong_one_is_refused_with_the_right_ones() -> None:
    StreamProcessor(rules=[], on_fault="publish")  # type: ignore[arg-type]

    with pytest.raises(ValueError, match=r"takes FaultPolicy.REPORT_AND_PUBLISH or .*; got 'ignore'"):
        StreamProcessor(rules=[], on_fault="ignore")  # type: ignore[arg-type]


@pytest.mark.parametrize("owners", [["a"], "a", {"a": 123456789012}, {"a": ""}, {"a": "12345"}, {"a": "me"}])
def test_the_owner_of_a_bucket_is_an_account_id(owners: Any) -> None:
    with pytest.raises(SettingError, match=r"a text of 12 digits, but found .* Name both"):
        ClaimChecks(owners, "a")


def test_one_name_is_not_several_to_ignore() -> None:
    with pytest.raises(TypeError, match=r"found 'order'. Pass a tuple: \('order',\)"):
        Compression(ignore="order")  # type: ignore[arg-type]


def test_the_number_of_workers_comes_from_the_environment_where_it_is_not_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PARALLEL", "3")

    assert (ProcessorOptions().workers, ProcessorOptions(max_workers=5).workers) == (3, 5)

    monkeypatch.setenv("PARALLEL", "many")
    with pytest.raises(SettingError, match="Expected PARALLEL to be a number of calls, 1 or more, but found 'many'"):
        StreamProcessor(rules=[])


def test_every_option_is_in_the_table_of_the_docs() -> None:
    page = Path("docs/processor.md").read_text()
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", page[page.index("## Options") :], re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert documented == {field.name for field in dataclasses.fields(ProcessorOptions) if field.init}
