"""What `redact` names is in no fault event, no line of the log, and no error that Lambda logs."""

from __future__ import annotations

import io
import json
import logging
import sys
import traceback
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch import EventType
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from pydantic import BaseModel, Field, field_validator, model_serializer

from powertools_stream import ClaimChecks, FaultPolicy, RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.errors import RetryableError, SettingError
from powertools_stream.flavors import task
from powertools_stream.payloads.excerpts import identifiers
from powertools_stream.requests import PutObject
from powertools_stream.sources import Source
from powertools_stream.testing import (
    run,
    to_dynamodb_records,
    to_kafka_records,
    to_kinesis_records,
    to_s3_records,
    to_sns_records,
    to_sqs_records,
)

EMAIL = "ann@example.com"
EVENT = {"id": "1", "type": "x", "partition_key": "k", "customer": {"id": "c-7", "email": EMAIL}}
PATHS = ["event.customer.email"]
CHECKS = ClaimChecks({"bucket": "111122223333"}, "bucket")


class OptedOutError(Exception):
    """Says for whom."""


def refuse(uow: UnitOfWork) -> None:
    raise OptedOutError(f"{uow.event['customer']['email']} has opted out")


def rules_of(execute: Callable[[UnitOfWork], Any] = refuse, **fields: Any) -> RuleRegistry:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="x", execute=execute, **fields)
    return rules


def outcome_of(event: Any = None, execute: Callable[[UnitOfWork], Any] = refuse, **options: Any) -> Any:
    fields = {name: options.pop(name) for name in ("compact",) if name in options}
    options = {"redact": PATHS, "raise_on_entire_batch_failure": False, **options}
    return run(rules_of(execute, **fields), to_sqs_records([EVENT]) if event is None else event, **options)


def fault_event_of(*args: Any, **options: Any) -> dict[str, Any]:
    event = outcome_of(*args, **options).faults[0].event
    assert isinstance(event, dict)
    return event


def test_values_at_the_paths_are_masked_wherever_they_occur() -> None:
    fault = fault_event_of()

    assert EMAIL not in json.dumps(fault)
    assert fault["uow"]["event"]["customer"] == {"id": "c-7", "email": "*****"}
    assert fault["err"]["message"] == "***** has opted out"
    assert fault["err"]["stack"].endswith("OptedOutError: ***** has opted out\n")


@pytest.mark.parametrize("value", [True, None, 7, "Ann", [1, "Ann"], {"first": "Ann"}], ids=repr)
def test_what_stands_at_a_path_is_erased_whatever_it_is(value: Any) -> None:
    fault = fault_event_of(to_sqs_records([{**EVENT, "customer": {"email": value}}]))

    erased = fault["uow"]["event"]["customer"]["email"]
    assert erased == (["*****"] * 2 if isinstance(value, list) else "*****")


def test_a_path_may_lead_through_lists_and_anywhere() -> None:
    event = {**EVENT, "lines": [{"note": "birthday"}, {"note": "wedding"}], "deep": [{"card": "4111"}]}

    fault = fault_event_of(to_sqs_records([event]), redact=["event.lines[*].note", "$..card", "event.nothing"])

    assert fault["uow"]["event"]["lines"] == [{"note": "*****"}] * 2
    assert fault["uow"]["event"]["deep"] == [{"card": "*****"}]


def test_what_lies_inside_of_what_is_redacted_may_be_named_as_well() -> None:
    fault = fault_event_of(redact=["event.customer", "event.customer.email"])

    assert fault["uow"]["event"]["customer"] == "*****"


def test_what_a_rule_has_added_is_redacted_too() -> None:
    def lookup(uow: UnitOfWork) -> None:
        uow.update(phone="555-0100", vip=True)
        raise ValueError("no answer from 555-0100")

    fault = fault_event_of(execute=lookup, redact=["phone", "vip"])

    assert (fault["uow"]["phone"], fault["uow"]["vip"]) == ("*****", "*****")
    assert fault["err"]["message"] == "no answer from *****"


# -- The raw record ----------------------------------------------------------------------------------------------------


SOURCES = {
    "SQS": to_sqs_records([EVENT]),
    "Kinesis": to_kinesis_records([EVENT]),
    "Kafka": to_kafka_records([EVENT]),
}
IDENTIFIERS = {
    "SQS": "messageId",
    "Kinesis": "kinesis.sequenceNumber",
    "Kafka": "offset",
}


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value[name]
    return value


def record_in(event: dict[str, Any]) -> dict[str, Any]:
    records = event.get("Records") or next(iter(event["records"].values()))
    record: dict[str, Any] = records[0]
    return record


@pytest.mark.parametrize("source", SOURCES)
def test_without_a_bucket_only_the_identifiers_of_the_record_travel(source: str) -> None:
    fault = fault_event_of(SOURCES[source])

    raw = record_in(SOURCES[source])
    assert _at(fault["uow"]["record"], IDENTIFIERS[source]) == _at(raw, IDENTIFIERS[source])
    assert fault["uow"]["record"].keys() <= {*raw, "itemIdentifier"}
    assert not {"body", "data", "value"} & {*fault["uow"]["record"], *fault["uow"]["record"].get("kinesis", {})}


def test_the_images_of_a_change_do_not_travel_either() -> None:
    event = to_dynamodb_records([{"new_image": {"pk": "1", "sk": "thing", "discriminator": "x", "email": EMAIL}}])

    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="x-created", execute=lambda uow: 1 / 0)
    outcome = run(rules, event, redact=["event.raw.new.email"], raise_on_entire_batch_failure=False)

    fault = outcome.faults[0].event
    assert fault is not None
    assert EMAIL not in json.dumps(fault)
    assert "NewImage" not in fault["uow"]["record"]["dynamodb"]
    assert fault["uow"]["record"]["dynamodb"]["SequenceNumber"] == record_in(event)["dynamodb"]["SequenceNumber"]


def test_the_identifiers_of_records_are_there_for_other_sources_as_well() -> None:
    (record,) = to_s3_records([{"key": "a/b.txt", "bucket": "uploads"}])["Records"]
    (message,) = to_sns_records([EVENT])["Records"]

    assert identifiers(message)["Sns"].keys() == {"MessageId", "Timestamp", "TopicArn"}
    assert identifiers(record)["s3"]["object"]["key"] == "a/b.txt"
    assert identifiers({"data": "x", "recordId": "7", "detail": {"a": 1}, "id": ["no", "text"]}) == {"recordId": "7"}
    assert identifiers("no object") == {}


def test_a_record_that_travels_nowhere_is_not_set_aside() -> None:
    outcome = outcome_of(on_fault=FaultPolicy.PUBLISH)

    assert len(outcome.response["batchItemFailures"]) == 1
    assert outcome.faults[0].published


def test_with_a_bucket_the_record_lies_there_whole_and_may_be_set_aside() -> None:
    event = to_sqs_records([EVENT])

    outcome = outcome_of(event, on_fault=FaultPolicy.PUBLISH, claim_checks=CHECKS)

    (left,) = [request for request in outcome.requests if isinstance(request, PutObject)]
    assert json.loads(left.params["Body"]) == event["Records"][0]
    assert outcome.faults[0].event["uow"]["record"]["s3"] == {"bucket": "bucket", "key": left.params["Key"]}
    assert outcome.response["batchItemFailures"] == []


def test_a_record_that_the_bucket_did_not_take_is_reported() -> None:
    outcome = outcome_of(
        on_fault=FaultPolicy.PUBLISH, claim_checks=CHECKS, responses={PutObject: RuntimeError("denied")}
    )

    assert len(outcome.response["batchItemFailures"]) == 1
    assert "s3" not in outcome.faults[0].event["uow"]["record"]


def test_the_records_of_a_compacted_batch_are_all_left_at_s3() -> None:
    event = to_sqs_records([{**EVENT, "id": name, "timestamp": at} for at, name in enumerate("abc")])

    outcome = outcome_of(event, compact=True, on_fault=FaultPolicy.PUBLISH, claim_checks=CHECKS)

    keys = {request.params["Key"] for request in outcome.requests if isinstance(request, PutObject)}
    fault = outcome.faults[0].event
    assert {unit["record"]["s3"]["key"] for unit in fault["uow"]["batch"]} == keys
    assert len(keys) == 3
    assert EMAIL not in json.dumps(fault)


def test_keep_record_leaves_the_record_where_it_is() -> None:
    fault = fault_event_of(keep_record=True)

    body = json.loads(fault["uow"]["record"]["body"])
    assert body["customer"] == {"id": "c-7", "email": "*****"}


def test_a_record_under_another_name_does_not_travel_either() -> None:
    def keep(uow: UnitOfWork) -> None:
        uow["original"] = uow.record
        raise ValueError("no")

    fault = fault_event_of(to_kinesis_records([EVENT]), execute=keep)

    assert "data" not in fault["uow"]["original"]["kinesis"]


@pytest.mark.parametrize("claim_checks", [None, CHECKS])
def test_a_fault_event_that_is_too_large_tells_nothing_either(claim_checks: ClaimChecks | None) -> None:
    event = to_sqs_records([{**EVENT, "more": ["…" * 1_000] * 400}])

    outcome = outcome_of(event, claim_checks=claim_checks)

    fault = outcome.faults[0].event
    assert EMAIL not in json.dumps(fault)
    left = [request for request in outcome.requests if isinstance(request, PutObject)]
    assert ["*****" in request.params["Body"] for request in left] == ([] if claim_checks is None else [False, True])


# -- The log -----------------------------------------------------------------------------------------------------------


def logged(rules: RuleRegistry, event: Any = None, **options: Any) -> str:
    lines = io.StringIO()
    logger = logging.getLogger("test_redaction")
    logger.propagate = False
    logger.handlers = [logging.StreamHandler(lines)]
    run(rules, event or to_sqs_records([EVENT]), redact=PATHS, logger=logger, **options)
    return lines.getvalue()


def test_a_line_of_the_log_tells_the_error_without_what_is_redacted() -> None:
    text = logged(rules_of(), raise_on_entire_batch_failure=False)

    assert EMAIL not in text
    assert "rule r, fault: OptedOutError: ***** has opted out" in text
    assert 'raise OptedOutError(f"' in text  # the stack is there


def test_what_an_error_was_raised_from_is_redacted_too() -> None:
    def wrap(uow: UnitOfWork) -> None:
        try:
            refuse(uow)
        except OptedOutError as error:
            raise LookupError(f"no receipt for {EMAIL}") from error

    text = logged(rules_of(wrap), raise_on_entire_batch_failure=False)

    assert EMAIL not in text
    assert "***** has opted out" in text
    assert "LookupError: no receipt for *****" in text


def test_an_error_that_leads_to_itself_is_redacted_too() -> None:
    def wrap(uow: UnitOfWork) -> None:
        first, second = ValueError(EMAIL), KeyError(EMAIL)
        first.__cause__, second.__cause__ = second, first
        raise first

    assert EMAIL not in logged(rules_of(wrap), raise_on_entire_batch_failure=False)


def test_without_a_bus_the_log_does_not_tell_more() -> None:
    processor = StreamProcessor(rules=rules_of(), redact=PATHS)

    with pytest.raises(BatchProcessingError) as raised:
        processor.process_event(to_sqs_records([EVENT]))

    # As Lambda logs it.
    said = "".join(traceback.format_exception(raised.value))
    assert EMAIL not in said
    assert "OptedOutError" in said
    assert processor.faults[0].shown is processor.faults[0].redacted
    assert str(processor.faults[0].error) == f"{EMAIL} has opted out"  # observers decide themselves


def test_a_record_that_cannot_be_read_tells_nothing_of_it() -> None:
    event = to_sqs_records([EVENT])
    event["Records"][0]["body"] = f"no JSON: {EMAIL}"

    text = logged(rules_of(), event, raise_on_entire_batch_failure=False)
    fault = fault_event_of(event)

    assert EMAIL not in text + json.dumps(fault)
    assert fault["err"]["name"] == "MalformedRecordError"


def test_what_is_shown_to_a_user_is_redacted_too() -> None:
    class Shown(Source):
        name = "shown"
        reports_partially = False
        shows_errors = True

        def recognises(self, record: Any) -> bool:
            return "shown" in record

        def read(self, record: Any) -> Any:
            return {**EVENT}

        def identifier(self, record: Any) -> str:
            return "1"

    with pytest.raises(BatchProcessingError) as raised:
        run(rules_of(), {"Records": [{"shown": 1}]}, source=Shown(), redact=PATHS)

    assert str(raised.value) == "***** has opted out"


def test_what_passes_by_itself_is_redacted_too() -> None:
    def wait(uow: UnitOfWork) -> None:
        raise TimeoutError(f"no answer for {EMAIL}")

    assert EMAIL not in logged(rules_of(wait), raise_on_entire_batch_failure=False)


@pytest.mark.parametrize("kind", [ValueError, TimeoutError, RetryableError, SettingError])
def test_an_error_of_a_record_handler_which_has_no_event_tells_nothing(kind: type[Exception]) -> None:
    def handle(record: Any) -> None:
        raise kind(f"no answer for {EMAIL}")

    lines = io.StringIO()
    logger = logging.getLogger("test_redaction")
    logger.propagate = False
    logger.handlers = [logging.StreamHandler(lines)]
    processor = StreamProcessor(EventType.SQS, redact=PATHS, logger=logger)

    with pytest.raises(BatchProcessingError) as raised, processor(to_sqs_records([EVENT])["Records"], handle):
        processor.process()

    assert EMAIL not in lines.getvalue() + "".join(traceback.format_exception(raised.value))
    assert kind.__name__ in lines.getvalue()


class Customer(BaseModel):
    """Holds the values of an event in another form."""

    email: str = Field(alias="mail")
    born: date

    @field_validator("email")
    @classmethod
    def lower(cls, value: str) -> str:
        return value.lower()


class Order(BaseModel):
    customer: Customer


def test_what_a_model_makes_of_a_value_is_redacted_too() -> None:
    def refuse_model(uow: UnitOfWork) -> None:
        raise OptedOutError(f"{uow.model.customer.email}, born {uow.model.customer.born}, has opted out")

    event = {"id": "1", "type": "x", "customer": {"mail": "Ann@Example.com", "born": "1990-05-06T00:00:00"}}
    rules = rules_of(refuse_model, event_model=Order)
    redact = ["event.customer.mail", "event.customer.born"]

    (fault,) = run(rules, to_sqs_records([event]), redact=redact).faults

    assert fault.event is not None
    assert fault.event["uow"]["model"] == {"customer": {"email": "*****", "born": "*****"}}
    assert fault.event["err"]["message"] == str(fault.shown) == "*****, born *****, has opted out"


def test_a_model_that_cannot_be_dumped_is_redacted_by_the_values_of_the_event() -> None:
    class Broken(BaseModel):
        customer: Any

        @model_serializer
        def dump(self) -> Any:
            raise ValueError(EMAIL)

    (fault,) = run(rules_of(event_model=Broken), to_sqs_records([EVENT]), redact=PATHS).faults

    assert EMAIL not in json.dumps(fault.event)


def test_an_error_that_has_nothing_to_hide_is_shown_as_it_is() -> None:
    outcome = outcome_of(to_sqs_records([{"id": "1", "type": "x", "customer": {}}]), execute=lambda uow: 1 / 0)

    assert outcome.faults[0].shown is outcome.faults[0].error


# -- The option --------------------------------------------------------------------------------------------------------


def test_a_path_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"redact=…\) takes JSONPaths .*'event.lines\[' is no JSONPath"):
        StreamProcessor(rules=[], redact=["event.lines["])


def test_one_path_is_not_several() -> None:
    with pytest.raises(TypeError, match="redact=…\\) takes paths"):
        StreamProcessor(rules=[], redact="event.customer.email")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonpath_ng.ext.parser", None)

    with pytest.raises(SettingError, match=r"powertools-stream\[datamasking\]"):
        StreamProcessor(rules=[], redact=PATHS)


def test_without_redact_a_fault_holds_the_record_as_before() -> None:
    event = to_sqs_records([EVENT])

    assert fault_event_of(event, redact=())["uow"]["record"] == event["Records"][0]
