from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.errors import SettingError
from powertools_stream.flavors import StreamFailoverRule, stream_failover
from powertools_stream.outcomes import Reason, RuleResult
from powertools_stream.requests import (
    CreateEventSourceMapping,
    DeleteEventSourceMapping,
    ListEventSourceMappings,
    UpdateEventSourceMapping,
)
from powertools_stream.sources.cloudwatch import ALARM_TYPE
from powertools_stream.sources.eventbridge import EventBridgeSource
from powertools_stream.testing import drive, run, to_sqs_records
from powertools_stream.testing.driving import DriveOutcome
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws

HERE, THERE = "eu-central-1", "us-west-2"
AT = 1_570_035_880_500
START = datetime.fromtimestamp(1_570_035_880, timezone.utc) - timedelta(minutes=30)
FIELDS: dict[str, Any] = {
    "id": "failover",
    "failover_region": THERE,
    "function_name": "listener",
    "stream_arn": f"arn:aws:kinesis:{HERE}:1:stream/events",
}


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FAILOVER_REGION", "LISTENER_FUNCTION_NAME", "STREAM_ARN", "BACKOFF"):
        monkeypatch.delenv(name, raising=False)


def alarm(state: str = "ALARM", region: str | None = THERE, **fields: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "type": ALARM_TYPE,
        "timestamp": AT,
        "alarmName": "age",
        "state": {"value": state},
        "tags": {"region": region},
        **fields,
    }


def mapping(uuid: str, region: str = THERE, **fields: Any) -> dict[str, Any]:
    """Make a mapping as in Lambda's list."""
    return {
        "UUID": uuid,
        "EventSourceArn": f"arn:aws:kinesis:{region}:1:stream/events",
        "EventSourceMappingArn": f"arn:aws:lambda:{region}:1:event-source-mapping:{uuid}",
        "FunctionArn": f"arn:aws:lambda:{region}:1:function:listener",
        "StartingPosition": "LATEST",
        "BatchSize": 42,
        "MaximumRetryAttempts": -1,
        "BisectBatchOnFunctionError": False,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "State": "Enabled",
        "StateTransitionReason": "User initiated",
        "LastModified": START,
        "LastProcessingResult": "OK",
        **fields,
    }


def answering(there: list[Any], here: list[Any]) -> Callable[[Any], Any]:
    def answer(request: Any) -> Any:
        if isinstance(request, ListEventSourceMappings):
            return there if request.region_name == THERE else here
        return mapping("made", HERE, State="Creating") if isinstance(request, CreateEventSourceMapping) else {}

    return answer


def moved(there: list[Any], here: list[Any] | None = None, /, **fields: Any) -> DriveOutcome:
    return drive(stream_failover, {"event": alarm()}, {**FIELDS, **fields}, answering(there, here or []))


def steps(outcome: DriveOutcome) -> list[type]:
    return [type(request) for request in outcome.requests[2:]]


def test_the_mapping_is_made_here_then_deleted_there_then_switched_on_here() -> None:
    outcome = moved([mapping("e1")])

    theirs, ours, create, delete, update = outcome.requests
    assert theirs == ListEventSourceMappings({"FunctionName": "listener"}, region_name=THERE)
    assert ours == ListEventSourceMappings({"FunctionName": "listener"})
    assert create == CreateEventSourceMapping(
        {
            "FunctionName": "listener",
            "EventSourceArn": f"arn:aws:kinesis:{HERE}:1:stream/events",
            "StartingPosition": "AT_TIMESTAMP",
            "StartingPositionTimestamp": START,
            "Enabled": False,
            "BatchSize": 42,
            "MaximumRetryAttempts": -1,
            "BisectBatchOnFunctionError": False,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }
    )
    assert delete == DeleteEventSourceMapping({"UUID": "e1"}, region_name=THERE)
    assert update == UpdateEventSourceMapping({"UUID": "made", "Enabled": True})


def test_each_step_leaves_its_request_and_its_response() -> None:
    result = moved([mapping("e1")]).result

    assert result["list_response"] == [mapping("e1")]
    assert result["create_request"]["BatchSize"] == 42
    assert result["create_response"]["UUID"] == "made"
    assert (result["delete_request"], result["delete_response"]) == ({"UUID": "e1"}, {})
    assert (result["update_request"], result["update_response"]) == ({"UUID": "made", "Enabled": True}, {})


@pytest.mark.parametrize(
    "there",
    [[], [mapping("e1", State="Disabled")], [mapping("e1", State="Disabling")], [mapping("e1", State="Deleting")]],
)
def test_nothing_is_moved_that_is_not_in_use(there: list[Any]) -> None:
    outcome = moved(there)

    assert steps(outcome) == []
    assert "create_request" not in outcome.result
    assert outcome.result["list_response"] == there


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([mapping("e1")], [DeleteEventSourceMapping, UpdateEventSourceMapping]),
        ([mapping("e1", State="Disabled")], [DeleteEventSourceMapping, UpdateEventSourceMapping]),
        ([mapping("e1", State="Deleting")], [UpdateEventSourceMapping]),
        ([], [UpdateEventSourceMapping]),
    ],
)
def test_a_second_attempt_goes_on_where_the_first_one_ended(there: list[Any], expected: list[type]) -> None:
    # boto3 may return the time in any time zone.
    start = START.astimezone(timezone(timedelta(hours=2)))
    made = mapping("w1", HERE, State="Disabled", StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=start)

    outcome = moved(there, [made])

    assert steps(outcome) == expected
    assert outcome.requests[-1].params == {"UUID": "w1", "Enabled": True}


def test_a_mapping_here_that_another_event_made_is_not_touched() -> None:
    other = mapping(
        "w1", HERE, State="Disabled", StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=START - timedelta(1)
    )

    assert steps(moved([], [other])) == []


def test_the_mapping_is_found_by_the_name_of_its_stream() -> None:
    queue = mapping("q", EventSourceArn=f"arn:aws:sqs:{THERE}:1:events")
    other = mapping("o", EventSourceArn=f"arn:aws:kinesis:{THERE}:1:stream/other")
    kafka = mapping("k")
    del kafka["EventSourceArn"]

    assert moved([queue, other, kafka, mapping("e1")]).requests[3].params == {"UUID": "e1"}
    assert moved([queue, other, kafka]).requests[3].params == {"UUID": "o"}


def test_mappings_that_cannot_be_told_apart_are_an_error() -> None:
    others = [mapping(name, EventSourceArn=f"arn:aws:kinesis:{THERE}:1:stream/{name}") for name in ("a", "b")]

    with pytest.raises(ValueError, match=r"Rule 'failover': expected one event source mapping .*stream/a, .*stream/b"):
        moved(others)


def test_what_differs_between_the_regions_is_the_rules_to_say() -> None:
    theirs = {"OnFailure": {"Destination": f"arn:aws:sqs:{THERE}:1:dead"}}
    own = {"OnFailure": {"Destination": f"arn:aws:sqs:{HERE}:1:dead"}}

    async def to_create_request(uow: UnitOfWork, rule: Any) -> dict[str, Any]:
        assert uow["list_response"][0]["DestinationConfig"] == theirs
        return {"DestinationConfig": own, "BatchSize": 7, "Enabled": True}

    create = moved([mapping("e1", DestinationConfig=theirs)], to_create_request=to_create_request).requests[2]

    assert (create.params["DestinationConfig"], create.params["BatchSize"]) == (own, 7)
    assert create.params["Enabled"] is False


def test_names_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILOVER_REGION", THERE)
    monkeypatch.setenv("LISTENER_FUNCTION_NAME", "from-environment")
    monkeypatch.setenv("STREAM_ARN", "arn:aws:kinesis:eu-central-1:1:stream/events")
    monkeypatch.setenv("BACKOFF", "5")

    outcome = drive(stream_failover, {"event": alarm()}, {}, answering([mapping("e1")], []))

    assert outcome.requests[0].params == {"FunctionName": "from-environment"}
    assert outcome.requests[2].params["StartingPositionTimestamp"] == START + timedelta(minutes=25)


@pytest.mark.parametrize("name", ["function_name", "stream_arn", "failover_region"])
def test_a_missing_name_is_a_setting_error(name: str) -> None:
    with pytest.raises(SettingError, match=name):
        moved([mapping("e1")], **{name: None})


@pytest.mark.parametrize(
    ("event", "is_moved"),
    [
        (alarm("ALARM", THERE), True),
        (alarm("OK", HERE), True),
        (alarm("ALARM", HERE), False),
        (alarm("OK", THERE), False),
        (alarm("INSUFFICIENT_DATA", THERE), False),
        (alarm("ALARM", THERE, type="order-created"), False),
    ],
)
def test_a_region_takes_over_when_the_other_is_in_alarm_and_back_when_all_is_well_here(
    event: dict[str, Any], is_moved: bool
) -> None:
    outcome = run([StreamFailoverRule(**FIELDS)], to_sqs_records([event]), responses=answering([mapping("e1")], []))

    assert (len(outcome.requests) == 5) == is_moved
    assert outcome.faults == []


def test_an_alarm_that_does_not_say_its_region_is_a_fault() -> None:
    outcome = run([StreamFailoverRule(**FIELDS)], to_sqs_records([alarm("ALARM", None)]))

    (fault,) = outcome.faults
    assert "expected the event to say in which Region 'age' is" in str(fault.error)


def test_the_mapping_that_was_just_made_is_switched_on_as_soon_as_lambda_has_made_it(
    endpoint: ScriptedEndpoint,
) -> None:
    def service(operation: str, body: dict[str, Any]) -> Answer:
        if operation.startswith("GET"):
            # Both Regions are the same here, so they share one list.
            return 200, {"EventSourceMappings": [{**mapping("e1"), "LastModified": 1}] if endpoint.count() == 1 else []}
        if operation.startswith("PUT") and endpoint.count() < 7:
            return 400, {"__type": "ResourceInUseException", "Message": "It is being created."}
        return 202, {"UUID": "made"}

    endpoint.script = service
    processor = StreamProcessor(rules=[StreamFailoverRule(**FIELDS)], max_workers=1)

    assert processor.process_event(to_sqs_records([alarm()])) == {"batchItemFailures": []}

    assert [operation.split()[0] for operation, _ in endpoint.calls] == [
        "GET",
        "GET",
        "POST",
        "DELETE",
        "PUT",
        "PUT",
        "PUT",
    ]
    # Versions of boto3 before 1.40 may end the path with a slash.
    (created,) = (body for operation, body in endpoint.calls if operation.startswith("POST"))
    assert created["StartingPositionTimestamp"] == START.timestamp()


def test_a_mapping_that_is_in_the_way_is_a_fault_that_names_it(endpoint: ScriptedEndpoint) -> None:
    def service(operation: str, body: dict[str, Any]) -> Answer | None:
        if operation.startswith("GET"):
            return 200, {"EventSourceMappings": [{**mapping("e1"), "LastModified": 1}]}
        if operation.startswith("POST"):
            return 409, {"__type": "ResourceConflictException", "Message": "Delete the existing mapping with UUID w1"}
        return None

    endpoint.script = service
    rules = [StreamFailoverRule(**FIELDS)]
    processor = StreamProcessor(rules=rules, bus_name="bus", raise_on_entire_batch_failure=False)

    processor.process_event(to_sqs_records([alarm()]))

    (fault,) = processor.faults
    assert (fault.reason, fault.published) == (Reason.FAULT, True)
    assert "UUID w1" in str(fault.error)
    assert not [operation for operation, _ in endpoint.calls if operation.startswith("DELETE")]


def test_a_stream_fails_over_and_back_between_two_regions(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    primary, secondary = "us-east-1", "us-west-2"
    arns = {region: create_stream_and_function(aws, region) for region in (primary, secondary)}
    create_mapping(aws, primary, arns[primary])
    source = EventBridgeSource()

    def handle(state: str, region: str, other: str) -> list[RuleResult]:
        """Handle an event of the primary Region's alarm in a given Region."""
        monkeypatch.setenv("AWS_REGION", region)
        monkeypatch.setenv("AWS_DEFAULT_REGION", region)
        rule = StreamFailoverRule(
            id="r", failover_region=other, function_name="listener", stream_arn=arns[region], backoff=5
        )
        processor = StreamProcessor(rules=[rule], source=source)
        processor.process_event(state_change(state, primary))
        return list(processor.results)

    assert handle("ALARM", primary, secondary) == []
    (over,) = handle("ALARM", secondary, primary)
    assert mapped(aws, primary) == []
    assert mapped(aws, secondary) == [(arns[secondary], "Enabled", 42)]
    assert over.uow["create_request"]["StartingPositionTimestamp"].isoformat() == "2019-10-02T16:59:40+00:00"

    assert handle("OK", secondary, primary) == []
    handle("OK", primary, secondary)
    assert mapped(aws, primary) == [(arns[primary], "Enabled", 42)]
    assert mapped(aws, secondary) == []


def state_change(state: str, region: str) -> dict[str, Any]:
    """Make an event as CloudWatch sends it to EventBridge.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    return {
        "version": "0",
        "id": f"c4c1c1c9-{state}",
        "detail-type": ALARM_TYPE,
        "source": "aws.cloudwatch",
        "account": "123456789012",
        "time": "2019-10-02T17:04:40Z",
        "region": region,
        "resources": [f"arn:aws:cloudwatch:{region}:123456789012:alarm:age"],
        "detail": {"alarmName": "age", "state": {"value": state}, "previousState": {"value": "INSUFFICIENT_DATA"}},
    }


def client(aws: Aws, service: str, region: str) -> Any:
    import boto3

    return boto3.Session(region_name=region).client(service, endpoint_url=aws.url)


def create_stream_and_function(aws: Aws, region: str) -> str:
    role = client(aws, "iam", region).create_role(RoleName=f"r-{region}", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    client(aws, "lambda", region).create_function(
        FunctionName="listener",
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
    )
    kinesis = client(aws, "kinesis", region)
    kinesis.create_stream(StreamName="events", ShardCount=1)
    arn: str = kinesis.describe_stream_summary(StreamName="events")["StreamDescriptionSummary"]["StreamARN"]
    return arn


def create_mapping(aws: Aws, region: str, arn: str) -> None:
    client(aws, "lambda", region).create_event_source_mapping(
        FunctionName="listener", EventSourceArn=arn, StartingPosition="LATEST", BatchSize=42
    )


def mapped(aws: Aws, region: str) -> list[tuple[str, str, int]]:
    found = client(aws, "lambda", region).list_event_source_mappings(FunctionName="listener")["EventSourceMappings"]
    return [(mapping["EventSourceArn"], mapping["State"], mapping["BatchSize"]) for mapping in found]
