from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from typing import Any

import pytest

from powertools_stream import FaultPolicy, StreamProcessor, UnitOfWork
from powertools_stream.connectors import Clients, Connector
from powertools_stream.connectors.scheduler import SchedulerConnector
from powertools_stream.errors import InvalidRequestError, RetryableError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, Reason, RecordDetails
from powertools_stream.requests import CreateSchedule, DeleteSchedule, Request, UpdateSchedule
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.connector_suite import ConnectorSuite
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:queue"
ROLE = "arn:aws:iam::123456789012:role/scheduler"


def schedule(name: str = "s", **fields: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "ScheduleExpression": "at(2030-01-01T00:00:00)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": QUEUE, "RoleArn": ROLE},
        **fields,
    }


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, endpoint: ScriptedEndpoint) -> None:
        self._endpoint = endpoint
        endpoint.script = _fails_poison

    def connector(self) -> Connector:
        return SchedulerConnector(Clients())

    def sample_requests(self) -> Sequence[Request]:
        return [
            CreateSchedule(schedule("a")),
            CreateSchedule(schedule("b", GroupName="g")),
            UpdateSchedule(schedule("a")),
            DeleteSchedule({"Name": "a"}),
        ]

    def failing_requests(self) -> Sequence[Request]:
        return [CreateSchedule(schedule("fine")), CreateSchedule(schedule("poison"))]

    def unproven_requests(self) -> Sequence[Request]:
        self._endpoint.script = lambda operation, body: (200, {})
        return [request for request in self.sample_requests() if not isinstance(request, DeleteSchedule)]

    def unsendable_requests(self) -> Sequence[Request]:
        return [
            CreateSchedule({}),
            CreateSchedule("s"),  # type: ignore[arg-type]
            CreateSchedule(schedule(ScheduleExpression="")),
            CreateSchedule(schedule(Target={"Arn": QUEUE})),
            CreateSchedule(schedule(Target=QUEUE)),
            CreateSchedule(schedule(Target={"Arn": QUEUE, "RoleArn": ROLE, "Input": {"n": float("nan")}})),
            UpdateSchedule({"Name": "s"}),
            DeleteSchedule({}),
        ]


def _fails_poison(operation: str, body: dict[str, Any]) -> Answer:
    if operation.endswith("poison"):
        return 400, {"__type": "ValidationException", "Message": "no"}
    return 200, {"ScheduleArn": f"arn:{operation}"}


class Calls:
    """Counts the calls that a batch makes."""

    def __init__(self) -> None:
        self.made: list[CallDetails] = []

    def on_call(self, details: CallDetails) -> None:
        self.made.append(details)

    def on_record_failed(self, details: RecordDetails) -> None: ...


def asking(make: Any, **options: Any) -> tuple[StreamProcessor, Calls]:
    def execute(uow: UnitOfWork) -> Generator[Request, Any, Any]:
        return (yield make(uow.event["n"]))

    calls = Calls()
    rules = [{"id": "r", "flavor": task, "event_type": "e", "execute": execute, "ordered": False}]
    return StreamProcessor(
        rules=rules, observers=[calls], raise_on_entire_batch_failure=False, on_fault=FaultPolicy.REPORT, **options
    ), calls


def numbered(count: int) -> dict[str, Any]:
    return to_sqs_records([{"id": str(n), "type": "e", "n": n} for n in range(count)])


def answered(connector: SchedulerConnector, request: Request) -> Any:
    answer = connector.answer(request, connector.send(connector.entries(request)))
    connector.close()
    return answer


def test_a_thousand_records_make_a_schedule_each_and_none_when_they_come_again(aws: Aws) -> None:
    scheduler = aws.client("scheduler")
    processor, calls = asking(lambda n: CreateSchedule(schedule(f"s-{n}")))

    assert processor.process_event(numbered(1_000)) == {"batchItemFailures": []}
    assert all("ScheduleArn" in result.uow["result"] for result in processor.results)

    assert processor.process_event(numbered(100)) == {"batchItemFailures": []}
    assert all(result.uow["result"] == {} for result in processor.results)

    names = [
        found["Name"] for page in scheduler.get_paginator("list_schedules").paginate() for found in page["Schedules"]
    ]
    assert len(names) == len(set(names)) == 1_000
    assert (len(calls.made), sum(call.refused for call in calls.made)) == (1_100, 100)


def test_a_schedule_arrives_as_it_was_asked_for(aws: Aws) -> None:
    aws.client("scheduler").create_schedule_group(Name="orders")
    target = {"Arn": QUEUE, "RoleArn": ROLE, "Input": {"order": {"total": 1.5}, "tags": {"a"}}}

    answered(SchedulerConnector(Clients()), CreateSchedule(schedule("s", GroupName="orders", Target=target)))

    found = aws.client("scheduler").get_schedule(Name="s", GroupName="orders")
    assert json.loads(found["Target"]["Input"]) == {"order": {"total": 1.5}, "tags": ["a"]}
    assert (found["ScheduleExpression"], found["State"]) == ("at(2030-01-01T00:00:00)", "ENABLED")


@pytest.mark.parametrize(
    ("given", "sent"), [("text", "text"), (b"bytes", "bytes"), ({"a": 1}, '{"a":1}'), ([1], "[1]"), (None, None)]
)
def test_the_input_of_the_target_is_sent_as_text(given: Any, sent: str | None) -> None:
    target = {"Arn": QUEUE, "RoleArn": ROLE, "Input": given}

    (entry,) = SchedulerConnector(Clients()).entries(CreateSchedule(schedule(Target=target)))

    assert entry.payload["Target"]["Input"] == sent
    assert target["Input"] is given


def test_a_schedule_is_replaced_and_deleted(aws: Aws) -> None:
    scheduler = aws.client("scheduler")
    connector = SchedulerConnector(Clients())
    answered(connector, CreateSchedule(schedule()))

    updated = answered(connector, UpdateSchedule(schedule(ScheduleExpression="rate(1 day)")))
    assert updated["ScheduleArn"]
    assert scheduler.get_schedule(Name="s")["ScheduleExpression"] == "rate(1 day)"

    assert answered(connector, DeleteSchedule({"Name": "s"})) == {}
    assert scheduler.list_schedules()["Schedules"] == []


def test_a_schedule_that_is_gone_is_deleted(aws: Aws) -> None:
    assert answered(SchedulerConnector(Clients()), DeleteSchedule({"Name": "never"})) == {}


def test_a_schedule_that_is_not_there_cannot_be_replaced(aws: Aws) -> None:
    processor, _ = asking(lambda n: UpdateSchedule(schedule("never")))

    processor.process_event(numbered(1))

    assert processor.faults[0].reason is Reason.CONFIGURATION


def test_schedules_are_told_apart_by_group_and_name() -> None:
    connector = SchedulerConnector(Clients())

    def key(request: Request) -> Any:
        return connector.entries(request)[0].key

    assert key(CreateSchedule(schedule("a"))) == key(DeleteSchedule({"Name": "a", "GroupName": "default"}))
    assert key(CreateSchedule(schedule("a"))) == key(UpdateSchedule(schedule("a")))
    assert key(CreateSchedule(schedule("a"))) != key(CreateSchedule(schedule("a", GroupName="g")))
    assert key(CreateSchedule(schedule("a"))) != key(CreateSchedule(schedule("b")))


def test_changes_of_one_schedule_keep_the_order_of_the_records(endpoint: ScriptedEndpoint) -> None:
    def make(n: int) -> Request:
        return (CreateSchedule(schedule()), UpdateSchedule(schedule()), DeleteSchedule({"Name": "s"}))[n % 3]

    processor, _ = asking(make)

    assert processor.process_event(numbered(9)) == {"batchItemFailures": []}

    methods = [operation.split()[0] for operation, _ in endpoint.calls]
    assert methods == ["POST", "PUT", "DELETE"] * 3


def test_a_schedule_that_is_just_being_changed_is_asked_for_again(endpoint: ScriptedEndpoint) -> None:
    def busy_twice(operation: str, body: dict[str, Any]) -> Answer:
        if endpoint.count() <= 2:
            return 409, {"__type": "ConflictException", "Message": "Schedule s is being modified."}
        return 200, {"ScheduleArn": "arn"}

    endpoint.script = busy_twice
    processor, calls = asking(lambda n: UpdateSchedule(schedule()))

    assert processor.process_event(numbered(1)) == {"batchItemFailures": []}

    assert [call.failed for call in calls.made] == [1, 1, 0]
    assert processor.results[0].uow["result"]["ScheduleArn"] == "arn"


def test_a_conflict_of_another_kind_does_not_pass_for_a_schedule_that_is_there(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: (409, {"__type": "ConflictException", "Message": "Try later."})
    connector = SchedulerConnector(Clients())

    with pytest.raises(RetryableError, match=r"Try later\.") as raised:
        connector.send(connector.entries(CreateSchedule(schedule())))
    connector.close()

    assert type(raised.value.__cause__).__name__ == "ConflictException"


def test_throttled_calls_are_made_again_and_others_are_not(endpoint: ScriptedEndpoint) -> None:
    throttled: set[str] = set()

    def throttles_each_once(operation: str, body: dict[str, Any]) -> Answer | None:
        if operation.endswith("s-3"):
            return 402, {"__type": "ServiceQuotaExceededException", "Message": "too many"}
        if operation in throttled:
            return None
        throttled.add(operation)
        return 429, {"__type": "ThrottlingException", "Message": "slow"}

    endpoint.script = throttles_each_once
    processor, _ = asking(lambda n: CreateSchedule(schedule(f"s-{n}")))
    event = numbered(8)

    response = processor.process_event(event)

    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][3]["messageId"]}]}
    assert endpoint.count("POST /schedules/s-3") == 1
    assert endpoint.count("POST /schedules/s-4") == 2


def test_a_parameter_that_the_operation_does_not_have_is_named(aws: Aws) -> None:
    connector = SchedulerConnector(Clients())

    with pytest.raises(InvalidRequestError, match="'Expression' in Name"):
        connector.send(connector.entries(CreateSchedule(schedule(Expression="rate(1 day)"))))
    connector.close()


def test_missing_parameters_are_named() -> None:
    with pytest.raises(
        InvalidRequestError, match="CreateSchedule to get ScheduleExpression, Target, FlexibleTimeWindow"
    ):
        SchedulerConnector(Clients()).entries(CreateSchedule({"Name": "s", "Target": {}}))
