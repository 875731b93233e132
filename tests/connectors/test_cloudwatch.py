from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus

import botocore
import pytest

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.connectors import Clients, Connector
from powertools_stream.connectors.cloudwatch.connector import CloudWatchConnector
from powertools_stream.connectors.cloudwatch.params import form_bytes
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError, SettingError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, Reason, RecordDetails
from powertools_stream.requests import PutMetricData, Request
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.connector_suite import ConnectorSuite
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws

NOW = datetime.now(timezone.utc).replace(microsecond=0)


@pytest.fixture(autouse=True)
def _namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_NAMESPACE", raising=False)
    # The scripted endpoint reads JSON, not gzip.
    monkeypatch.setenv("AWS_DISABLE_REQUEST_COMPRESSION", "true")


@pytest.fixture
def endpoint(endpoint: ScriptedEndpoint) -> ScriptedEndpoint:
    """Give the scripted endpoint, which reads JSON: boto3 sends that to CloudWatch from 1.42.7 on, before it a form."""
    if tuple(map(int, botocore.__version__.split(".")[:3])) < (1, 42, 7):
        pytest.skip("boto3 1.42.7 is the first to speak JSON with CloudWatch")
    return endpoint


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, endpoint: ScriptedEndpoint) -> None:
        """Have an AWS in which all goes well."""
        self._endpoint = endpoint

    def connector(self) -> Connector:
        return CloudWatchConnector(Clients())

    def sample_requests(self) -> Sequence[Request]:
        return [PutMetricData({"MetricName": f"m-{n}", "Value": n}, namespace="shop") for n in range(12)]

    def unproven_requests(self) -> Sequence[Request]:
        self._endpoint.script = lambda operation, body: (200, "<html></html>")
        return self.sample_requests()

    def unsendable_requests(self) -> Sequence[Request]:
        dimension = {"Name": "a", "Value": "b"}
        data: list[Any] = [
            {},
            "x",
            {"Value": 1},
            {"MetricName": "", "Value": 1},
            {"MetricName": "m" * 256, "Value": 1},
            {"MetricName": "m"},
            {"MetricName": "m", "Value": None},
            {"MetricName": "m", "Value": 1, "Values": [1]},
            {"MetricName": "m", "Value": math.nan},
            {"MetricName": "m", "Value": -math.inf},
            {"MetricName": "m", "Value": 10**400},
            {"MetricName": "m", "Value": Decimal("sNaN")},
            {"MetricName": "m", "Value": "1"},
            {"MetricName": "m", "Values": []},
            {"MetricName": "m", "Values": [1] * 151},
            {"MetricName": "m", "Values": [1, 2], "Counts": [1]},
            {"MetricName": "m", "StatisticValues": {"Sum": 1}},
            {"MetricName": "m", "Value": 1, "Timestamp": "yesterday"},
            {"MetricName": "m", "Value": 1, "Unit": ["Count"]},
            {"MetricName": "m", "Value": 1, "StorageResolution": "1"},
            {"MetricName": "m", "Value": 1, "Timestamp": 10**30},
            {"MetricName": "m", "Value": 1, "Dimensions": {"a": "b"}},
            {"MetricName": "m", "Value": 1, "Dimensions": [dimension] * 31},
            {"MetricName": "m", "Value": 1, "Dimensions": [{"Name": "a", "Value": " "}]},
            {"MetricName": "m", "Value": 1, "Dimensions": [{"Name": "a", "Value": 1}]},
            {"MetricName": "m", "Value": 1, "Dimensions": [{"name": "a", "value": "b"}]},
            {"MetricName": "m", "Value": 1, "Dimension": [dimension]},
        ]
        return [PutMetricData(params, namespace="shop") for params in data] + [
            PutMetricData({"MetricName": "m", "Value": 1})
        ]


class Calls:
    """Counts the calls that a processor makes."""

    def __init__(self) -> None:
        self.made: list[CallDetails] = []

    def on_call(self, details: CallDetails) -> None:
        self.made.append(details)

    def on_record_failed(self, details: RecordDetails) -> None: ...


def processing(calls: Calls, to_datum: Any, **options: Any) -> StreamProcessor:
    rules = RuleRegistry()

    @rules.register(task, event_type="parcel-weighed")
    def count(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield PutMetricData(to_datum(uow.event), namespace="shop"))

    return StreamProcessor(rules=rules, observers=[calls], raise_on_entire_batch_failure=False, **options)


def parcels(count: int) -> dict[str, Any]:
    return to_sqs_records([{"type": "parcel-weighed", "n": n, "grams": n} for n in range(count)])


def weight_of(event: dict[str, Any]) -> dict[str, Any]:
    return {"MetricName": "Weight", "Value": event["grams"], "Timestamp": NOW}


def datum_of(params: dict[str, Any]) -> dict[str, Any]:
    (entry,) = CloudWatchConnector(Clients()).entries(PutMetricData(params, namespace="shop"))
    datum: dict[str, Any] = entry.payload
    return datum


def test_a_thousand_records_are_one_call_and_all_arrive(aws: Aws) -> None:
    calls = Calls()
    processor = processing(calls, weight_of)

    for attempt in ("cold start", "warm start"):
        calls.made.clear()
        response = processor.process_event(parcels(1_000))

        assert response == {"batchItemFailures": []}
        assert [(call.service, call.operation, call.entries) for call in calls.made] == [
            ("cloudwatch", "PutMetricData", 1_000)
        ], attempt
        assert {result.uow["result"] == {} for result in processor.results} == {True}
    ((statistics,),) = (
        aws.client("cloudwatch").get_metric_statistics(
            Namespace="shop",
            MetricName="Weight",
            StartTime=NOW - timedelta(minutes=2),
            EndTime=NOW + timedelta(minutes=2),
            Period=600,
            Statistics=["SampleCount", "Sum", "Maximum"],
        )["Datapoints"],
    )
    assert (statistics["SampleCount"], statistics["Maximum"]) == (2_000, 999)
    assert statistics["Sum"] == 2 * sum(range(1_000))


def test_large_data_points_share_fewer_to_a_call(endpoint: ScriptedEndpoint) -> None:
    dimensions = [{"Name": f"d-{n}", "Value": "x" * 1_000} for n in range(30)]
    calls = Calls()

    response = processing(calls, lambda event: {**weight_of(event), "Dimensions": dimensions}).process_event(
        parcels(100)
    )

    assert response == {"batchItemFailures": []}
    assert sum(call.entries for call in calls.made) == 100
    assert max(call.entries for call in calls.made) * 30_000 < 1_000_000
    assert len(calls.made) == 4


def test_what_is_throttled_is_sent_again(endpoint: ScriptedEndpoint) -> None:
    def throttles_the_first(operation: str, body: dict[str, Any]) -> Answer | None:
        first = endpoint.count("PutMetricData") == 1
        return (400, {"__type": "ThrottlingException", "message": "Rate exceeded"}) if first else None

    endpoint.script = throttles_the_first
    calls = Calls()

    response = processing(calls, weight_of).process_event(parcels(10))

    assert response == {"batchItemFailures": []}
    assert [(call.attempt, call.entries, call.failed) for call in calls.made] == [(1, 10, 10), (2, 10, 0)]


def test_a_point_that_spoils_the_call_fails_alone(endpoint: ScriptedEndpoint) -> None:
    def knows_its_units(operation: str, body: dict[str, Any]) -> Answer | None:
        if all(datum["Unit"] == "Grams" for datum in body["MetricData"]):
            return None
        return 400, {"__type": "InvalidParameterValue", "message": "The parameter MetricData.member.3.Unit …"}

    endpoint.script = knows_its_units
    processor = processing(Calls(), lambda event: {**weight_of(event), "Unit": "g" if event["n"] == 2 else "Grams"})

    event = parcels(5)
    response = processor.process_event(event)

    (fault,) = processor.faults
    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][2]["messageId"]}]}
    assert fault.reason is Reason.FAULT
    assert "MetricData.member.3.Unit" in str(fault.error)


def test_a_point_that_cannot_be_sent_does_not_join_a_call(endpoint: ScriptedEndpoint) -> None:
    calls = Calls()
    processor = processing(calls, lambda event: {**weight_of(event), "Value": math.nan if event["n"] == 1 else 1})

    response = processor.process_event(parcels(3))

    assert len(response["batchItemFailures"]) == 1
    assert [call.entries for call in calls.made] == [2]
    assert isinstance(processor.faults[0].error, InvalidRequestError)


def test_a_point_over_the_limit_fails_alone(endpoint: ScriptedEndpoint) -> None:
    calls = Calls()
    processor = processing(
        calls, lambda event: {**weight_of(event), "Unit": "g" * (1_000_000 if not event["n"] else 1)}
    )

    response = processor.process_event(parcels(3))

    assert len(response["batchItemFailures"]) == 1
    assert [call.entries for call in calls.made] == [2]
    assert isinstance(processor.faults[0].error, EntryTooLargeError)
    assert str(processor.faults[0].error).startswith(
        "Expected a data point of at most 999000 bytes, but that of 'Weight'"
    )


def test_an_access_denied_is_the_deployments_fault(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: (400, {"__type": "AccessDenied", "message": "no"})
    processor = processing(Calls(), weight_of)

    processor.process_event(parcels(2))

    assert {fault.reason for fault in processor.faults} == {Reason.CONFIGURATION}


def test_each_namespace_has_calls_of_its_own_and_points_keep_their_order(endpoint: ScriptedEndpoint) -> None:
    rules = RuleRegistry()

    @rules.register(task, event_type="parcel-weighed")
    def count(uow: UnitOfWork) -> Generator[Any, Any, None]:
        yield [PutMetricData(weight_of(uow.event), namespace=name) for name in ("shop", "depot")]

    StreamProcessor(rules=rules).process_event(parcels(4))

    bodies = {body["Namespace"]: body["MetricData"] for body in endpoint.bodies("PutMetricData")}
    assert sorted(bodies) == ["depot", "shop"]
    assert endpoint.count() == 2
    assert all([datum["Value"] for datum in data] == [0, 1, 2, 3] for data in bodies.values())


def test_the_namespace_is_that_of_the_request_then_the_parameter_then_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "from-environment")
    connector = CloudWatchConnector(Clients())
    datum = {"MetricName": "m", "Value": 1}

    def namespace(request: PutMetricData) -> Any:
        (entry,) = connector.entries(request)
        assert "Namespace" not in entry.payload
        return entry.operation.target

    assert namespace(PutMetricData({**datum, "Namespace": "in-params"}, namespace="asked")) == "asked"
    assert namespace(PutMetricData({**datum, "Namespace": "in-params"})) == "in-params"
    assert namespace(PutMetricData(datum)) == "from-environment"


def test_a_missing_namespace_is_a_setting_error() -> None:
    with pytest.raises(SettingError, match="POWERTOOLS_METRICS_NAMESPACE"):
        CloudWatchConnector(Clients()).entries(PutMetricData({"MetricName": "m", "Value": 1}))


@pytest.mark.parametrize(
    "timestamp",
    [
        1_767_225_600,
        1_767_225_600_000,
        Decimal(1_767_225_600_000),
        "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00+01:00",
        datetime(2026, 1, 1),
        datetime(2026, 1, 1, tzinfo=timezone.utc),
    ],
)
def test_a_time_is_taken_as_events_and_as_boto3_have_it(timestamp: Any) -> None:
    datum = datum_of({"MetricName": "m", "Value": 1, "Timestamp": timestamp})

    assert datum["Timestamp"] == datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_numbers_go_out_as_floats() -> None:
    statistics = {"SampleCount": 2, "Sum": Decimal("3.5"), "Minimum": 1, "Maximum": 2.5}

    assert datum_of({"MetricName": "m", "Value": Decimal("0.1")})["Value"] == 0.1
    assert datum_of({"MetricName": "m", "Values": (1, Decimal(2)), "Counts": (3, 4)}) == {
        "MetricName": "m",
        "Values": [1.0, 2.0],
        "Counts": [3.0, 4.0],
    }
    assert datum_of({"MetricName": "m", "StatisticValues": statistics})["StatisticValues"]["Sum"] == 3.5


def test_a_misspelled_field_says_what_there_is() -> None:
    with pytest.raises(InvalidRequestError, match=r"'m' to have what CloudWatch's MetricDatum has \(Counts.*'Units'"):
        datum_of({"MetricName": "m", "Value": 1, "Units": "Count"})


def test_the_size_is_that_of_the_form_that_older_versions_of_boto3_send() -> None:
    datum = {"MetricName": "a b", "Value": 1.5, "Dimensions": [{"Name": "ä", "Value": "x"}], "Values": [0.5]}
    form = "".join(
        f"&MetricData.member.1000.{name}={quote_plus(str(value))}"
        for name, value in {
            "MetricName": "a b",
            "Value": 1.5,
            "Dimensions.member.100.Name": "ä",
            "Dimensions.member.100.Value": "x",
            "Values.member.100": 0.5,
        }.items()
    )

    assert form_bytes(datum) == len(form)
