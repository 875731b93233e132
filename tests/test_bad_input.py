"""What goes wrong in production, through the public API: nothing is lost, and the message says what to do."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from powertools_stream import EventType, FaultPolicy, RuleRegistry, StreamProcessor, stream_processor
from powertools_stream.call_options import RetryPolicy
from powertools_stream.errors import (
    EntryTooLargeError,
    MalformedRecordError,
    RuleError,
    StreamError,
    UnknownSourceError,
)
from powertools_stream.flavors import task
from powertools_stream.outcomes import Disposition, Reason
from powertools_stream.requests import PutEvent
from powertools_stream.testing import run, to_kinesis_records, to_sqs_records

QUICK = RetryPolicy(max_attempts=3, base_delay=0.001)


def events(count: int, **fields: Any) -> dict[str, Any]:
    return to_sqs_records([{"id": f"e-{n}", "type": "order-created", "n": n, **fields} for n in range(count)])


def emitting(**fields: Any) -> list[dict[str, Any]]:
    return [{"id": "emits", "flavor": task, "event_type": "order-created", "emit": "order-accepted", **fields}]


def raising(error: BaseException, **fields: Any) -> list[dict[str, Any]]:
    def execute(uow: Any) -> None:
        raise error

    return [{"id": "raises", "flavor": task, "execute": execute, **fields}]


def reported(event: dict[str, Any], *positions: int) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": event["Records"][n]["messageId"]} for n in positions]}


def details_of(call: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(entry["Detail"]) for entry in call["Entries"]]


@pytest.mark.parametrize("body", ["not JSON", '["an", "array"]', "42", '"text"', "null", ""])
def test_a_body_that_is_no_json_object_is_a_fault_of_its_record_alone(body: str) -> None:
    event = to_sqs_records([{"type": "order-created"}, body, {"type": "order-created"}])

    outcome = run(emitting(), event)

    (fault,) = outcome.faults
    assert outcome.response == reported(event, 1)
    assert isinstance(fault.error, MalformedRecordError)
    assert fault.rule_id == "undefined"
    assert fault.event is not None
    assert fault.event["uow"]["record"]["body"] == body
    assert len(outcome.events) == 2


def test_invalid_base64_is_a_fault_of_its_record_alone() -> None:
    event = to_kinesis_records([{"type": "order-created"}, {"type": "order-created"}])
    event["Records"][1]["kinesis"]["data"] = "%%%"

    outcome = run(emitting(), event)

    (fault,) = outcome.faults
    assert isinstance(fault.error, MalformedRecordError)
    assert outcome.response["batchItemFailures"][0]["itemIdentifier"] == fault.record_id


@pytest.mark.parametrize(
    "event", [{}, {"Records": None}, {"detail": {}}, {"Records": [{"eventSource": "aws:unheard"}]}]
)
def test_an_event_that_is_no_batch_is_an_error_and_says_what_was_found(event: dict[str, Any]) -> None:
    with pytest.raises(UnknownSourceError, match="Expected an event with records") as error:
        run(emitting(), event)

    assert "found" in str(error.value)


def test_an_empty_batch_is_a_success() -> None:
    assert run(emitting(), {"Records": []}).response == {"batchItemFailures": []}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"flavor": task, "execute": print}, "id"),
        ({"id": "x", "flavor": "task", "execute": print}, "flavor"),
        ({"id": "x", "flavor": task, "execute": print, "evnt_type": "a"}, "event_type"),
        ({"id": "x", "flavor": task, "execute": "print"}, "execute"),
        ({"id": "x", "flavor": task, "event_type": "a"}, "execute"),
    ],
)
def test_a_rule_that_is_written_wrongly_is_told_when_it_is_made(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        RuleRegistry().add(**fields)


def test_two_rules_with_one_id_are_told_when_the_second_is_made() -> None:
    rules = RuleRegistry()
    rules.add(id="twice", flavor=task, execute=print)

    with pytest.raises(RuleError, match="twice"):
        rules.add(id="twice", flavor=task, execute=print)


def test_a_domain_event_type_given_to_the_processor_says_where_it_belongs() -> None:
    with pytest.raises(UnknownSourceError, match="belong to the rules"):
        StreamProcessor("order-created")  # type: ignore[arg-type]


def test_the_wrong_event_type_is_told_before_anything_is_processed() -> None:
    processor = StreamProcessor(EventType.KinesisDataStreams, rules=emitting())

    with pytest.raises(UnknownSourceError, match="KinesisDataStreams"):
        processor.process_event(events(1))


def test_entries_two_and_five_fail_and_so_do_their_records_alone(endpoint: Any) -> None:
    def script(operation: str, body: dict[str, Any]) -> Any:
        results: list[dict[str, Any]] = [
            {"ErrorCode": "MalformedDetail", "ErrorMessage": "no"}
            if detail["type"] == "order-accepted" and detail["id"].startswith(("e-2.", "e-5."))
            else {"EventId": "1"}
            for detail in details_of(body)
        ]
        return 200, {"FailedEntryCount": 2, "Entries": results}

    endpoint.script = script
    event = events(8)
    processor = StreamProcessor(rules=emitting(), bus_name="bus", retry=QUICK)

    response = processor.process_event(event)

    assert response == reported(event, 2, 5)
    assert [type(fault.error).__name__ for fault in processor.faults] == ["RequestFailedError"] * 2
    assert len(processor.results) == 6


def test_a_call_that_answers_fewer_entries_than_asked_is_an_error_for_the_rest(endpoint: Any) -> None:
    def script(operation: str, body: dict[str, Any]) -> Any:
        entries = body["Entries"]
        is_fault = entries[0]["DetailType"] == "fault"
        return 200, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}] * (len(entries) if is_fault else 3)}

    endpoint.script = script
    event = events(5)
    processor = StreamProcessor(rules=emitting(), bus_name="bus", retry=RetryPolicy(max_attempts=1))

    response = processor.process_event(event)

    assert response == reported(event, 3, 4)
    assert "with 5 Entries, but found 3" in str(processor.faults[0].error)
    assert [fault.reason for fault in processor.faults] == [Reason.RETRYABLE] * 2


def test_throttling_that_passes_is_sent_again_alone_and_nobody_hears_of_it(endpoint: Any) -> None:
    def script(operation: str, body: dict[str, Any]) -> Any:
        first = len(endpoint.calls) == 1
        results: list[dict[str, Any]] = [{"EventId": "1"} for _ in body["Entries"]]
        if first:
            results[1] = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        return 200, {"FailedEntryCount": int(first), "Entries": results}

    endpoint.script = script
    processor = StreamProcessor(rules=emitting(), bus_name="bus", retry=QUICK)

    response = processor.process_event(events(3))

    assert response == {"batchItemFailures": []}
    assert [len(body["Entries"]) for _, body in endpoint.calls] == [3, 1]
    assert details_of(endpoint.calls[1][1])[0]["id"] == "e-1.emits"


def test_throttling_that_does_not_pass_is_reported_without_a_fault_event(endpoint: Any) -> None:
    endpoint.script = lambda operation, body: (400, {"__type": "ThrottlingException", "message": "slow down"})
    event = events(2)
    processor = StreamProcessor(rules=emitting(), bus_name="bus", retry=QUICK, raise_on_entire_batch_failure=False)

    response = processor.process_event(event)

    assert response == reported(event, 0, 1)
    assert {fault.reason for fault in processor.faults} == {Reason.RETRYABLE}
    assert all(fault.event is None for fault in processor.faults)
    assert len(endpoint.calls) == QUICK.max_attempts


class Order(BaseModel):
    total: Decimal


def test_a_fault_event_is_valid_json_whatever_the_unit_of_work_holds() -> None:
    def flavor(uow: Any, rule: Any) -> None:
        cycle: dict[str, Any] = {}
        cycle["self"] = cycle
        uow.update(
            bytes=b"\xff",
            set={2, 1},
            decimal=Decimal("1.10"),
            nan=float("nan"),
            model=Order(total=Decimal(1)),
            cycle=cycle,
        )
        raise ValueError("no")

    outcome = run([{"id": "odd", "flavor": flavor}], events(1))

    (fault,) = outcome.faults
    assert fault.published
    text = json.dumps(fault.event, allow_nan=False)
    assert json.loads(text)["uow"]["set"] == [1, 2]


@pytest.mark.parametrize(("policy", "disposition"), [(policy, Disposition.REPORTED) for policy in FaultPolicy])
def test_a_fault_of_three_megabytes_is_trimmed_and_its_record_reported(
    endpoint: Any, policy: FaultPolicy, disposition: Disposition
) -> None:
    event = to_sqs_records([{"type": "order-created", "blob": "x" * 3_000_000}])
    processor = StreamProcessor(
        rules=raising(ValueError("no")), bus_name="bus", on_fault=policy, raise_on_entire_batch_failure=False
    )

    response = processor.process_event(event)

    (fault,) = processor.faults
    assert response == reported(event, 0)
    assert fault.disposition is disposition
    if policy is not FaultPolicy.REPORT:
        ((_, body),) = endpoint.calls
        (detail,) = details_of(body)
        assert len(body["Entries"][0]["Detail"]) < 1_000_000
        assert detail["trimmed"] is True
        assert detail["uow"]["itemIdentifier"] == event["Records"][0]["messageId"]
        assert detail["uow"]["record"]["messageId"] == event["Records"][0]["messageId"]


def test_an_event_of_three_megabytes_fails_its_own_request_alone() -> None:
    def emit(uow: Any, template: dict[str, Any]) -> dict[str, Any]:
        return {**template, "type": "big", "blob": "x" * (3_000_000 if uow.event["n"] == 1 else 1)}

    event = events(3)
    outcome = run(
        [{"id": "big", "flavor": task, "emit": emit}],
        event,
        connectors=(),
        responses=lambda request: (
            EntryTooLargeError("too large")
            if len(str(request.event)) > 1_000_000 and request.event["type"] == "big"
            else NotImplemented
        ),
    )

    assert outcome.response == reported(event, 1)
    assert len(outcome.events) == 2


@pytest.mark.parametrize("policy", [FaultPolicy.REPORT_AND_PUBLISH, FaultPolicy.PUBLISH])
def test_eventbridge_is_down_while_faults_are_published_and_every_record_is_reported(
    endpoint: Any, policy: FaultPolicy, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.script = lambda operation, body: (503, {"__type": "ServiceUnavailable"})
    event = events(2)
    processor = StreamProcessor(
        rules=raising(ValueError("no")),
        bus_name="bus",
        on_fault=policy,
        retry=QUICK,
        raise_on_entire_batch_failure=False,
    )

    response = processor.process_event(event)

    assert response == reported(event, 0, 1)
    assert [fault.published for fault in processor.faults] == [False, False]
    assert len(caplog.records) == 2
    assert all("could not be published" in record.getMessage() for record in caplog.records)


def test_a_fifo_record_that_fails_late_takes_what_was_done_behind_it_along() -> None:
    handled: list[int] = []

    def slow(uow: Any) -> Any:
        yield PutEvent({"type": "asked", "id": uow.event["id"]})
        if uow.event["n"] == 0:
            raise ValueError("late")

    rules = [
        {"id": "quick", "flavor": task, "execute": lambda uow: handled.append(uow.event["n"])},
        {"id": "slow", "flavor": task, "execute": slow},
    ]
    event = to_sqs_records([{"type": "e", "n": n} for n in range(3)], fifo=True)
    for record, group in zip(event["Records"], "aab", strict=True):
        record["attributes"]["MessageGroupId"] = group

    outcome = run(rules, event)

    assert handled == [0, 1, 2]
    assert outcome.response == reported(event, 0, 1)
    assert outcome.faults[0].reason is Reason.FAULT
    assert {fault.reason for fault in outcome.faults[1:]} == {Reason.HELD_BACK}


def test_a_function_that_sleeps_past_the_deadline_is_cut_off(lambda_context: Callable[..., Any]) -> None:
    event = events(3)

    def execute(uow: Any) -> str:
        if uow.event["n"] == 1:
            time.sleep(60)
        return "done"

    outcome = run([{"id": "sleeps", "flavor": task, "execute": execute}], event, context=lambda_context(1_000))

    assert outcome.response == reported(event, 1, 2)
    assert {fault.reason for fault in outcome.faults} == {Reason.UNFINISHED}
    assert [result.uow["result"] for result in outcome.results] == ["done"]


def test_access_denied_is_reported_even_where_poison_is_set_aside(endpoint: Any) -> None:
    def script(operation: str, body: dict[str, Any]) -> Any:
        if operation == "PutEvents":
            return 200, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in body["Entries"]]}
        return 400, {"__type": "AccessDeniedException", "message": "not you"}

    endpoint.script = script
    from powertools_stream.flavors import materialize

    rules = [
        {
            "id": "view",
            "flavor": materialize,
            "table_name": "table",
            "on_fault": FaultPolicy.PUBLISH,
            "to_update_request": lambda uow: {"Key": {"pk": uow.event["id"]}, "UpdateExpression": "REMOVE x"},
        }
    ]
    event = events(1)
    processor = StreamProcessor(rules=rules, bus_name="bus", raise_on_entire_batch_failure=False)

    response = processor.process_event(event)

    (fault,) = processor.faults
    assert response == reported(event, 0)
    assert (fault.reason, fault.published, fault.disposition) == (Reason.CONFIGURATION, True, Disposition.REPORTED)


def test_a_fault_event_that_itself_fails_is_reported_and_never_published_again() -> None:
    event = to_sqs_records([{"type": "fault", "id": "f-1", "err": {}}])

    outcome = run(raising(ValueError("no"), event_type="fault"), event, on_fault=FaultPolicy.PUBLISH)

    (fault,) = outcome.faults
    assert outcome.response == reported(event, 0)
    assert fault.event is None


def test_a_second_delivery_of_a_reported_fault_is_logged_and_not_published_again(
    endpoint: Any, caplog: pytest.LogCaptureFixture
) -> None:
    event = events(1)
    processor = StreamProcessor(rules=raising(ValueError("no")), bus_name="bus", raise_on_entire_batch_failure=False)

    for _ in range(2):
        assert processor.process_event(event) == reported(event, 0)

    assert len(endpoint.calls) == 1
    assert len(caplog.records) == 2


def test_a_record_without_an_identifier_fails_the_whole_batch() -> None:
    event = events(2)
    del event["Records"][1]["messageId"]

    with pytest.raises((StreamError, Exception)):
        run(raising(ValueError("no")), event)


def test_a_handler_reports_and_merges_what_the_function_returns() -> None:
    @stream_processor(rules=raising(RuntimeError("no")), raise_on_entire_batch_failure=False)
    def handler(event: Any, context: Any) -> dict[str, Any]:
        return {"seen": len(event["Records"]), "batchItemFailures": []}

    event = events(2)

    assert handler(event, None) == {"seen": 2, **reported(event, 0, 1)}


def test_kinesis_data_that_is_no_text_is_a_fault_of_its_record_alone() -> None:
    event = to_kinesis_records([{"type": "order-created"}, {"type": "order-created"}])
    event["Records"][0]["kinesis"]["data"] = base64.b64encode(b"\xff\xfe").decode()

    outcome = run(emitting(), event)

    assert len(outcome.events) == 1
    assert len(outcome.faults) == 1
