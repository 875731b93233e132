"""An operator's invocation with records that failed before: only the rules that are named run, and all is reported."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from powertools_stream import FaultPolicy, RetryableError, RuleRegistry, StreamProcessor, UnitOfWork, stream_processor
from powertools_stream.checkpoints import InMemoryCheckpointStore
from powertools_stream.errors import ConfigurationError
from powertools_stream.flavors import task
from powertools_stream.testing import (
    FakeConnector,
    to_eventbridge_event,
    to_firehose_records,
    to_kafka_records,
    to_kinesis_records,
    to_s3_records,
    to_sqs_records,
)

Event = dict[str, Any]


def context_of(*rules: str, **more: Any) -> Any:
    return context({"resubmit": {"rules": [*rules]}, **more})


def context(said: Any) -> Any:
    return SimpleNamespace(client_context=SimpleNamespace(custom={"powertools_stream": said}))


class Rules:
    """Two rules, of which the second fails on what is marked, and what they were called with."""

    def __init__(self, **fields: Any) -> None:
        self.runs: list[tuple[str, Any]] = []
        self.registry = RuleRegistry()
        self.registry.add(id="label", flavor=task, event_type="e", execute=self.label, **fields)
        self.registry.add(id="mail", flavor=task, event_type="e", execute=self.mail, **fields)

    def label(self, uow: UnitOfWork) -> None:
        self.runs.append(("label", uow.event["n"]))

    def mail(self, uow: UnitOfWork) -> None:
        self.runs.append(("mail", uow.event["n"]))
        if uow.event.get("fails"):
            raise ValueError(f"no address of {uow.event['n']}")
        if uow.event.get("waits"):
            raise RetryableError("later")


def events(*marks: str, **more: Any) -> list[Event]:
    return [
        {"id": f"i{n}", "type": "e", "n": n, "partition_key": f"k{n}", **({mark: True} if mark else {}), **more}
        for n, mark in enumerate(marks)
    ]


def answered(rules: Rules, event: Any, context: Any, **options: Any) -> Event:
    processor = StreamProcessor(rules=rules.registry, bus_name="bus", **options)
    response: Event = processor.process_event(event, context)
    return response


@pytest.mark.parametrize("policy", FaultPolicy)
def test_only_the_named_rule_runs_and_a_fault_is_reported_whatever_the_policy(policy: FaultPolicy) -> None:
    rules, bus = Rules(), FakeConnector()

    response = answered(
        rules,
        to_sqs_records(events("", "fails", "waits")),
        context_of("mail"),
        on_fault=policy,
        connectors=[bus],
        on_unmatched="fault",
    )

    assert rules.runs == [("mail", 0), ("mail", 1), ("mail", 2)]
    assert len(response["batchItemFailures"]) == 2
    assert response["powertools_stream"]["resubmitted"] == {
        "rules": ["mail"],
        "records": 3,
        "failed": [
            {"record": 1, "rule": "mail", "error": "ValueError", "message": "no address of 1"},
            {"record": 2, "rule": "mail", "error": "RetryableError", "message": "later"},
        ],
    }
    assert bus.asked == []


def test_both_rules_run_if_both_are_named_and_all_if_the_record_could_not_be_read() -> None:
    for names in (("label", "mail"), ("undefined",), ("undefined", "mail")):
        rules = Rules()

        response = answered(rules, to_sqs_records(events("")), context_of(*names))

        assert rules.runs == [("label", 0), ("mail", 0)]
        assert response["powertools_stream"]["resubmitted"] == {"rules": [*names], "records": 1, "failed": []}


def test_an_error_that_no_text_can_hold_does_not_spoil_the_response() -> None:
    class Unwritable(Rules):
        def mail(self, uow: UnitOfWork) -> None:
            raise ValueError(f"\ud800 {uow.event['n']} ü")

    response = answered(Unwritable(), to_sqs_records(events("", "")), context_of("mail"))

    json.dumps(response, ensure_ascii=False).encode()  # as Lambda's runtime does
    failed = response["powertools_stream"]["resubmitted"]["failed"]
    assert [one["message"] for one in failed] == ["\ufffd 0 ü", "\ufffd 1 ü"]


def test_what_a_rule_does_not_match_any_more_is_no_success() -> None:
    rules = Rules(filters=[lambda uow: uow.event["n"] == 0])

    response = answered(rules, to_sqs_records([*events("", ""), "not JSON"]), context_of("label", "mail"))

    said = response["powertools_stream"]["resubmitted"]["failed"]
    assert [(one["record"], one["rule"], one["error"]) for one in said] == [
        (1, "label", "UnmatchedEventError"),
        (1, "mail", "UnmatchedEventError"),
        (2, "undefined", "MalformedRecordError"),
    ]
    assert rules.runs == [("label", 0), ("mail", 0)]


def test_a_resubmission_of_all_rules_is_done_if_none_matches() -> None:
    rules = Rules()
    stranger = to_sqs_records([{"id": "i", "type": "other"}])

    assert answered(rules, stranger, context_of("undefined"))["batchItemFailures"] == []
    failed = answered(rules, stranger, context_of("undefined"), on_unmatched="fault")
    assert failed["powertools_stream"]["resubmitted"]["failed"][0]["error"] == "UnmatchedEventError"


@pytest.mark.parametrize(
    "event",
    [
        to_s3_records(["a", "b"]),
        to_kinesis_records(events("fails", "fails")),
        to_kafka_records(events("fails", "fails")),
        to_firehose_records(events("fails", "fails")),
        to_eventbridge_event(events("fails")[0], detail_type="e"),
    ],
)
def test_the_response_is_one_for_every_source_even_if_all_records_failed(event: Event) -> None:
    registry = RuleRegistry()
    registry.add(id="mail", flavor=task, execute=_fails)

    @stream_processor(rules=registry)
    def handler(event: Any, context: Any) -> None:
        """Return nothing."""

    said = handler(event, context_of("mail"))["powertools_stream"]["resubmitted"]

    assert said["records"] == len(said["failed"])
    assert {(one["rule"], one["error"]) for one in said["failed"]} == {("mail", "ValueError")}


def _fails(uow: UnitOfWork) -> None:
    raise ValueError("no")


def test_what_the_handler_reports_itself_is_told_as_well() -> None:
    rules, event = Rules(), to_s3_records(["a", "b"])
    rules.registry.add(id="any", flavor=task, execute=lambda uow: None)

    @stream_processor(rules=rules.registry)
    def handler(event: Any, context: Any) -> Any:
        name = handler.stream_processor._batch.source.identifier(event["Records"][1])  # type: ignore[attr-defined]
        return {"batchItemFailures": [{"itemIdentifier": name}], "mine": 1}

    response = handler(event, context_of("any"))

    assert response["mine"] == 1
    assert len(response["batchItemFailures"]) == 1
    assert [one["record"] for one in response["powertools_stream"]["resubmitted"]["failed"]] == [1]


def test_a_record_handler_does_not_run() -> None:
    from aws_lambda_powertools.utilities.batch import process_partial_response

    rules, seen = Rules(), list[Any]()
    processor = StreamProcessor(rules=rules.registry)
    event = to_sqs_records(events(""))

    response = process_partial_response(
        event=event,
        record_handler=seen.append,
        processor=processor,
        context=context_of("mail"),
    )

    assert rules.runs == [("mail", 0)]
    assert seen == []
    assert response["powertools_stream"]["resubmitted"]["failed"] == []  # type: ignore[typeddict-item]


def test_what_a_checkpoint_says_is_done_runs_all_the_same_and_stays_done() -> None:
    rules, store = Rules(), InMemoryCheckpointStore()
    event = to_sqs_records([{"body": body, "receive_count": 2} for body in events("fails", "waits")])
    options = {"checkpoint": store, "on_fault": FaultPolicy.PUBLISH, "connectors": [FakeConnector()]}
    context = SimpleNamespace(client_context=None)
    answered(rules, event, context, **options)
    answered(rules, event, context, **options)
    kept = dict(store.__dict__)
    rules.runs.clear()

    answered(rules, event, context_of("label", "mail"), **options)

    assert rules.runs == [("label", 0), ("mail", 0), ("label", 1), ("mail", 1)]
    assert store.__dict__ == kept


def test_an_idempotent_rule_stays_idempotent() -> None:
    from tests.rules.test_idempotency import Memory

    store, paid = Memory(), list[Any]()
    registry = RuleRegistry()
    registry.add(id="pay", flavor=task, idempotent=True, execute=lambda uow: paid.append(uow.event["n"]))
    processor = StreamProcessor(rules=registry, idempotency_store=store)

    for _ in range(2):
        response = processor.process_event(to_sqs_records(events("")), context_of("pay"))

    assert paid == [0]
    assert response["batchItemFailures"] == []


def test_compacted_records_succeed_and_fail_together() -> None:
    registry, seen = RuleRegistry(), list[Any]()

    def execute(uow: UnitOfWork) -> None:
        seen.append([one.event["n"] for one in uow.batch])
        raise ValueError("no")

    registry.add(id="view", flavor=task, compact=True, execute=execute)
    processor = StreamProcessor(rules=registry)
    same = [{**event, "partition_key": "k", "timestamp": n} for n, event in enumerate(events("", "", ""))]

    response = processor.process_event(to_kinesis_records(same), context_of("view"))

    assert seen == [[0, 1, 2]]
    assert [one["record"] for one in response["powertools_stream"]["resubmitted"]["failed"]] == [0, 1, 2]


def test_without_a_hint_nothing_is_said() -> None:
    for context in (None, object(), SimpleNamespace(client_context=None), _context_with({}), _context_with(None)):
        rules = Rules()

        assert answered(rules, to_sqs_records(events("")), context) == {"batchItemFailures": []}
        assert rules.runs == [("label", 0), ("mail", 0)]


def _context_with(custom: Any) -> Any:
    return SimpleNamespace(client_context=SimpleNamespace(custom=custom))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (None, "but found None"),
        ([], "Expected the client context"),
        ({}, "Expected the client context"),
        ({"resubmit": None}, "Expected the client context"),
        ({"resubmit": {}}, "Expected the client context"),
        ({"resubmit": {"rules": []}}, "Expected the client context"),
        ({"resubmit": {"rules": "mail"}}, "Expected the client context"),
        ({"resubmit": {"rules": [1]}}, "Expected the client context"),
        ({"resubmit": {"rules": [""]}}, "Expected the client context"),
        ({"resubmit": {"rules": ["mail"], "x": 1}}, "Expected the client context"),
        ({"resubmit": {"rules": ["mail"]}, "x": 1}, "Expected the client context"),
        ({"resubmit": {"rules": ["mial"]}}, "none with the id 'mial'; there are: label, mail"),
    ],
)
def test_a_malformed_hint_is_an_error_that_acknowledges_nothing(said: Any, message: str) -> None:
    rules = Rules()
    processor = StreamProcessor(rules=rules.registry)
    event = to_sqs_records(events("", ""))

    with pytest.raises(ConfigurationError, match=message):
        processor.process_event(event, context(said))

    assert rules.runs == []
    assert len(processor.response()["batchItemFailures"]) == 2


def test_a_rule_that_is_switched_off_is_no_rule_to_resubmit_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISABLED_PIPELINES", "mail")

    with pytest.raises(ConfigurationError, match="switch it off"):
        answered(Rules(), to_sqs_records(events("")), context_of("mail"))


def test_the_next_invocation_is_a_usual_one() -> None:
    rules = Rules()
    processor = StreamProcessor(rules=rules.registry)

    processor.process_event(to_sqs_records(events("")), context_of("mail"))
    processor.process_event(to_sqs_records(events("")), SimpleNamespace(client_context=None))

    assert rules.runs == [("mail", 0), ("label", 0), ("mail", 0)]
