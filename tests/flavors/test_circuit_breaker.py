from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from powertools_stream import RuleRegistry, StreamProcessor
from powertools_stream.errors import RuleError, SettingError
from powertools_stream.flavors import CircuitBreakerRule, circuit_breaker
from powertools_stream.outcomes import Reason
from powertools_stream.requests import UpdateEventSourceMapping
from powertools_stream.sources.cloudwatch import ALARM_TYPE, AlarmSource
from powertools_stream.testing import drive, run, to_sqs_records
from powertools_stream.testing.endpoint import ScriptedEndpoint
from tests.conftest import REGION, Aws

UUID = "a092f90d-9948-4964-95b5-32c46093f734"


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ESM_ID", "CIRCUIT_BREAKER_MAX_BATCH_SIZE", "BATCH_SIZE"):
        monkeypatch.delenv(name, raising=False)


def alarm(state: str, **fields: Any) -> dict[str, Any]:
    return {"id": state, "type": ALARM_TYPE, "timestamp": 5, "alarmName": "errors", "state": {"value": state}, **fields}


def asked(state: str, **fields: Any) -> dict[str, Any]:
    outcome = drive(circuit_breaker, {"event": alarm(state)}, {"uuid": UUID, **fields}, [{"State": "Updating"}])
    (request,) = outcome.requests
    assert isinstance(request, UpdateEventSourceMapping)
    assert outcome.result["update_request"] == request.params
    assert outcome.result["update_response"] == {"State": "Updating"}
    return dict(request.params)


def test_the_alarm_opens_the_circuit() -> None:
    assert asked("ALARM") == {"UUID": UUID, "Enabled": False, "BatchSize": 100}


def test_insufficient_data_opens_it_halfway() -> None:
    assert asked("INSUFFICIENT_DATA") == {"UUID": UUID, "Enabled": True, "BatchSize": 1}


def test_all_well_closes_it() -> None:
    assert asked("OK") == {"UUID": UUID, "Enabled": True, "BatchSize": 100}


def test_the_batch_size_is_that_of_the_rule_then_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_SIZE", "50")
    assert asked("OK")["BatchSize"] == 50
    monkeypatch.setenv("CIRCUIT_BREAKER_MAX_BATCH_SIZE", "200")
    assert asked("OK")["BatchSize"] == 200
    assert asked("OK", max_batch_size=7)["BatchSize"] == 7


def test_the_mapping_is_that_of_the_rule_then_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESM_ID", "from-environment")

    assert asked("OK")["UUID"] == UUID
    assert asked("OK", uuid=None)["UUID"] == "from-environment"


def test_a_missing_mapping_is_a_setting_error() -> None:
    with pytest.raises(SettingError, match="ESM_ID"):
        asked("OK", uuid=None)


@pytest.mark.parametrize("size", [0, 10_001, "ten"])
def test_a_batch_size_that_lambda_does_not_take_is_an_error_of_the_rule(size: Any) -> None:
    with pytest.raises(RuleError, match="max_batch_size"):
        CircuitBreakerRule(id="r", max_batch_size=size)


def test_only_changes_of_an_alarms_state_are_for_it() -> None:
    rules = [CircuitBreakerRule(id="r", uuid=UUID)]
    events = [
        alarm("ALARM"),
        {"id": "2", "type": "order-created"},
        alarm("OK", type="CloudWatch Alarm Configuration Change"),
        {"id": "3", "type": ALARM_TYPE},
    ]

    outcome = run(rules, to_sqs_records(events))

    assert [request.params["Enabled"] for request in outcome.requests] == [False]
    assert outcome.faults == []


def test_a_rule_may_be_for_some_alarms_only() -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=circuit_breaker, uuid=UUID, event_pattern={"alarmName": [{"prefix": "gateway-"}]})
    events = [alarm("ALARM"), alarm("OK", alarmName="gateway-errors")]

    assert [request.params["Enabled"] for request in run(rules, to_sqs_records(events)).requests] == [True]


def test_changes_of_one_alarm_are_made_in_order_and_the_last_one_stays(endpoint: ScriptedEndpoint) -> None:
    states = ["ALARM", "INSUFFICIENT_DATA", "OK"] * 4
    events = [alarm(state, id=str(n)) for n, state in enumerate(states)]
    processor = StreamProcessor(rules=[CircuitBreakerRule(id="r", uuid=UUID)])

    for _ in ("cold start", "warm start"):
        endpoint.clear()
        assert processor.process_event(to_sqs_records(events)) == {"batchItemFailures": []}

        bodies = endpoint.bodies(f"PUT /2015-03-31/event-source-mappings/{UUID}")
        assert [(body["Enabled"], body["BatchSize"]) for body in bodies] == [(False, 100), (True, 1), (True, 100)] * 4


def test_a_mapping_that_is_not_there_is_a_configuration_error(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: (
        None if operation == "PutEvents" else (404, {"__type": "ResourceNotFoundException", "Message": "no"})
    )
    rules = [CircuitBreakerRule(id="r", uuid=UUID)]
    processor = StreamProcessor(rules=rules, bus_name="bus", raise_on_entire_batch_failure=False)

    response = processor.process_event(to_sqs_records([alarm("OK")]))

    assert len(response["batchItemFailures"]) == 1
    assert processor.faults[0].reason is Reason.CONFIGURATION


@pytest.mark.parametrize(
    ("state", "expected"), [("ALARM", "Disabled"), ("INSUFFICIENT_DATA", "Enabled"), ("OK", "Enabled")]
)
def test_an_alarm_switches_a_mapping(aws: Aws, state: str, expected: str) -> None:
    client = aws.client("lambda")
    uuid = create_mapping(aws)
    processor = StreamProcessor(rules=[CircuitBreakerRule(id="r", uuid=uuid, max_batch_size=9)], source=AlarmSource())

    processor.process_event(alarm_action(state))

    mapping = client.get_event_source_mapping(UUID=uuid)
    assert (mapping["State"], mapping["BatchSize"]) == (expected, 1 if state == "INSUFFICIENT_DATA" else 9)
    assert processor.results[0].uow["update_response"]["State"] == expected


def alarm_action(state: str) -> dict[str, Any]:
    """Make an event as an alarm sends it to a function as its action.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
    """
    return {
        "source": "aws.cloudwatch",
        "alarmArn": "arn:aws:cloudwatch:us-east-1:444455556666:alarm:lambda-demo-metric-alarm",
        "accountId": "444455556666",
        "time": "2023-08-04T12:36:15.490+0000",
        "region": "us-east-1",
        "alarmData": {
            "alarmName": "lambda-demo-metric-alarm",
            "state": {"value": state, "reason": "test", "timestamp": "2023-08-04T12:36:15.490+0000"},
            "previousState": {"value": "OK", "timestamp": "2023-08-04T12:31:29.595+0000"},
        },
    }


def create_mapping(aws: Aws) -> str:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    role = aws.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    aws.client("lambda").create_function(
        FunctionName="gateway",
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
    )
    aws.create_queue()
    uuid: str = aws.client("lambda").create_event_source_mapping(
        FunctionName="gateway", EventSourceArn=f"arn:aws:sqs:{REGION}:123456789012:queue", BatchSize=5
    )["UUID"]
    return uuid
