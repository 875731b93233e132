"""What a fault event says: all that the rule knew, once, without secrets, and never an error of its own."""

from __future__ import annotations

import asyncio
import base64
import builtins
import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from hypothesis import given, strategies as st
from pydantic import BaseModel

from powertools_stream import ClaimChecks, FaultPolicy, RuleRegistry, UnitOfWork
from powertools_stream.engine import fault_events
from powertools_stream.engine.batch import Failure, RecordState
from powertools_stream.engine.fault_events import FaultEvents
from powertools_stream.engine.faults import FaultPublisher, PublishedIds
from powertools_stream.flavors import task
from powertools_stream.outcomes import Reason
from powertools_stream.payloads.json_text import EncodedObject, to_json
from powertools_stream.payloads.masking import Masking
from powertools_stream.payloads.safe_json import joined, listed, safe_json
from powertools_stream.requests import Call, PutEvent, PutObject
from powertools_stream.rules.compiled import plain_rule
from powertools_stream.sources import Source, SQSSource
from powertools_stream.testing import (
    FakeConnector,
    run,
    to_cognito_event,
    to_dynamodb_records,
    to_kafka_records,
    to_kinesis_records,
    to_sqs_records,
)
from powertools_stream.uow import Record

PASSWORD = "hunter2-secret"
EVENT = {"id": "1", "type": "x", "partition_key": "k"}


class Bus(FakeConnector):
    """Keeps what is published, as JSON."""

    @property
    def texts(self) -> list[str]:
        return [to_json(request.event) for request in self.asked if isinstance(request, PutEvent)]


def failing(execute: Callable[[UnitOfWork], Any], **fields: Any) -> RuleRegistry:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, execute=execute, **fields)
    return rules


def failure_of(uow: dict[str, Any], error: BaseException | None = None, rule_id: str = "r") -> Failure:
    record = uow.get("record") or to_sqs_records([EVENT])["Records"][0]
    return Failure(
        RecordState(0, record),
        plain_rule(rule_id, lambda uow, rule: uow, position=0),
        error or ValueError("no"),
        Reason.FAULT,
        FaultPolicy.PUBLISH,
        UnitOfWork(uow),
    )


def event_of(failure: Failure, max_bytes: int = 1_000_000, source: Source | None = None) -> dict[str, Any]:
    """Publish the fault event of a failure, and return it as EventBridge gets it."""
    asked = next(FaultPublisher(source or SQSSource(), "bus", max_bytes, PublishedIds()).publish(failure))
    text = to_json(asked.event)
    assert len(text.encode()) <= max_bytes
    event: dict[str, Any] = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    return event


# -- Secrets -----------------------------------------------------------------------------------------------------------


class Request(BaseModel):
    password: str


class Migration(BaseModel):
    request: Request


@dataclass
class Login:
    user: str
    password: str


class RefusalError(Exception):
    def __init__(self, login: Login) -> None:
        super().__init__(login)
        self.login = login


def migrate(password: Any = PASSWORD, **request: Any) -> dict[str, Any]:
    return to_cognito_event("UserMigration_Authentication", request={"password": password, **request}, user_name="u")


def fault_of_trigger(rules: Any, event: dict[str, Any], **options: Any) -> str:
    bus = Bus()
    with pytest.raises(BatchProcessingError):
        run(rules, event, connectors=[bus], **options)
    (text,) = bus.texts
    return text


@pytest.mark.parametrize(
    "fields", [{}, {"event_model": Migration}, {"compact": True}, {"event_model": Migration, "compact": True}]
)
def test_no_fault_event_carries_a_password(fields: dict[str, Any]) -> None:
    text = fault_of_trigger(failing(lambda uow: 1 / 0, **fields), migrate())

    assert PASSWORD not in text
    assert json.loads(text)["uow"]["record"]["request"] == {"password": "*****"}


LEAKS: dict[str, Callable[[str], Any]] = {
    "itself": lambda secret: secret,
    "in a longer text": lambda secret: f"login u:{secret}!",
    "in a list": lambda secret: [{"a": (secret, 1)}],
    "as a name": lambda secret: {secret: True},
    "in a name": lambda secret: {f"try {secret}": 1},
    "in a set": lambda secret: {secret},
    "bytes": lambda secret: secret.encode(),
    "in bytes": lambda secret: b"u:" + secret.encode() + b"!",
    "in a bytearray": lambda secret: bytearray(secret.encode()),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "a model": lambda secret: Request(password=secret),
    "a dataclass": lambda secret: Login("u", secret),
    "an object": lambda secret: type("Session", (), {"__repr__": lambda self: f"<Session {secret!r}>"})(),
    "an exception": lambda secret: ValueError(secret),
    "an exception's repr": lambda secret: repr(ValueError(secret)),
    "JSON": lambda secret: json.dumps({"password": secret}),
    "JSON beyond ASCII": lambda secret: json.dumps({"password": secret}, ensure_ascii=False),
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"password": secret})),
    "at the end of a long repr": lambda secret: type("Long", (), {"__repr__": lambda self: "x" * 990 + secret})(),
}


@pytest.mark.parametrize("secret", [PASSWORD, 'it\'s "so"', "back\\slash\\n", "line\nbreak", "schlüssel€", "😀😀😀😀"])
@pytest.mark.parametrize("leak", LEAKS)
def test_a_secret_is_masked_wherever_a_rule_has_put_it(leak: str, secret: str) -> None:
    def flavor(uow: UnitOfWork, rule: Any) -> None:
        uow["leak"] = LEAKS[leak](secret)
        raise ValueError("no")

    text = fault_of_trigger([{"id": "r", "flavor": flavor}], migrate(secret))

    event = json.loads(text)
    assert "*****" in json.dumps(event["uow"]["leak"])
    spellings = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode()}
    for found in (text, str(event), json.dumps(event)):
        assert not [spelling for spelling in spellings if spelling in found]
    # What was cut leaves no half of it.
    assert secret[:4] not in str(event["uow"]["leak"])


def _group(errors: list[Exception]) -> Exception:
    make: Any = getattr(builtins, "ExceptionGroup", None)  # since Python 3.11
    return errors[0] if make is None else make("all", errors)


@pytest.mark.parametrize(
    "make",
    [
        lambda uow: KeyError(uow.event["request"]["password"]),
        lambda uow: ValueError(f"no {uow.event['request']['password']}"),
        lambda uow: RefusalError(Login("u", uow.event["request"]["password"])),
        lambda uow: _group([ValueError(uow.event["request"]["password"])]),
    ],
    ids=["key", "message", "argument", "group"],
)
def test_a_secret_is_masked_in_the_error(make: Callable[[UnitOfWork], BaseException]) -> None:
    def execute(uow: UnitOfWork) -> None:
        try:
            raise RuntimeError(uow.event["request"]["password"])
        except RuntimeError as cause:
            raise make(uow) from cause

    text = fault_of_trigger(failing(execute), migrate("it's\\so"))

    assert not [
        spelling for spelling in ("it's", "it\\'s", "\\so", "\\\\so") if spelling in str(json.loads(text)["err"])
    ]
    assert "*****" in json.loads(text)["err"]["stack"]


def test_all_that_is_secret_in_an_object_is_masked() -> None:
    tokens = {"access_token": "token-1", "more": [{"id_token": "token-2"}, "token-3"]}
    event = to_cognito_event("InboundFederation_ExternalProvider", request={"attributes": {"tokenResponse": tokens}})

    text = fault_of_trigger(failing(lambda uow: 1 / 0, event_model=None), event)

    assert "token-" not in text


@pytest.mark.parametrize("secret", ["abc", "7", 7, 123, 12345, 1.5, True, False, None, "", [], {}], ids=repr)
def test_what_is_short_or_no_text_is_masked_where_it_stands_alone(secret: Any) -> None:
    def flavor(uow: UnitOfWork, rule: Any) -> None:
        uow.update(alone=secret, inside="x7 abc 123 12345 true 1.5")
        raise ValueError("no")

    text = fault_of_trigger([{"id": "r", "flavor": flavor}], migrate(secret))

    uow = json.loads(text)["uow"]
    assert uow["record"]["request"]["password"] == "*****"
    assert uow["event"]["request"]["password"] == "*****"
    # Any other True would be one as well.
    assert uow["alone"] == (secret if isinstance(secret, bool) or not secret else "*****")
    assert uow["inside"] == "x7 abc 123 ***** true 1.5" if secret == 12345 else "x7 abc 123 12345 true 1.5"


class PaymentSource(SQSSource):
    """Messages that carry the number of a card."""

    secrets: ClassVar[tuple[str, ...]] = ("card.number",)


def test_the_secrets_of_all_records_that_were_compacted_are_masked() -> None:
    events = [
        {"id": str(n), "type": "x", "partition_key": "k", "timestamp": n, "card": {"number": f"4711-{n}"}}
        for n in range(3)
    ]
    bus = Bus()

    def execute(uow: UnitOfWork) -> None:
        raise ValueError(" ".join(one.event["card"]["number"] for one in uow.batch))

    rules = failing(execute, compact=True)
    run(
        rules,
        to_sqs_records([*events, {"id": "good", "type": "x"}]),
        connectors=[bus],
        source=PaymentSource(),
        raise_on_entire_batch_failure=False,
    )

    text = bus.texts[0]
    assert "4711" not in text
    assert json.loads(text)["err"]["message"] == "***** ***** *****"
    # The record has it in the text of its body.
    assert "*****" in json.loads(text)["uow"]["record"]["body"]


def test_a_claim_check_of_a_fault_event_carries_no_secret_either() -> None:
    class Small(Bus):
        pass

    bus = Small()
    checks = ClaimChecks({"checks": "123456789012"}, "checks")

    with pytest.raises(BatchProcessingError):
        run(failing(lambda uow: 1 / 0), migrate(note="x" * 1_000_000), connectors=[bus], claim_checks=checks)

    puts = [request for request in bus.asked if isinstance(request, PutObject)]
    assert len(puts) == 1
    assert PASSWORD not in str(puts[0].params["Body"])
    assert "x" * 1_000_000 in puts[0].params["Body"]


def test_a_trimmed_fault_event_carries_no_secret_either() -> None:
    text = fault_of_trigger(failing(lambda uow: 1 / 0), migrate(note="x" * 1_000_000))

    assert json.loads(text)["trimmed"] is True
    assert PASSWORD not in text


_BIG = {"id": "1", "type": "x", "text": "x" * 1_000_000}
_IDENTIFIERS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (to_sqs_records([_BIG]), {"messageId": ..., "eventSourceARN": ..., "attributes": {"ApproximateReceiveCount": ...}}),
    (to_kinesis_records([_BIG]), {"eventID": ..., "eventSourceARN": ..., "kinesis": {"sequenceNumber": ...}}),
    (
        to_dynamodb_records([{"new_image": {"pk": "p", "sk": "s", "text": "x" * 1_000_000}}]),
        {"eventID": ..., "eventSourceARN": ..., "dynamodb": {"SequenceNumber": ..., "Keys": {"pk": {"S": ...}}}},
    ),
    (to_kafka_records([_BIG]), {"topic": ..., "partition": ..., "offset": ..., "timestamp": ...}),
]


@pytest.mark.parametrize(("event", "identifiers"), _IDENTIFIERS, ids=["sqs", "kinesis", "dynamodb", "kafka"])
def test_a_trimmed_fault_event_keeps_what_finds_its_record(event: dict[str, Any], identifiers: dict[str, Any]) -> None:
    records: list[Record] = []

    def fail(uow: UnitOfWork) -> None:
        records.append(uow.record)
        raise ValueError("no")

    (fault,) = run(failing(fail), event).faults

    assert fault.event is not None
    assert fault.event["trimmed"] is True
    uow = fault.event["uow"]
    assert _all_in(identifiers, uow["record"], records[0])
    assert len(uow["head"]) == 4_096


def _all_in(names: dict[str, Any], kept: dict[str, Any], record: dict[str, Any]) -> bool:
    return all(
        kept[name] == record[name] if below is ... else _all_in(below, kept[name], record[name])
        for name, below in names.items()
    )


def test_a_source_without_secrets_masks_nothing() -> None:
    event = event_of(failure_of({"event": {**EVENT, "request": {"password": PASSWORD}}}))

    assert event["uow"]["event"]["request"]["password"] == PASSWORD


@given(st.text(min_size=4), st.text(), st.text())
def test_no_text_keeps_a_secret_that_is_looked_for(secret: str, before: str, after: str) -> None:
    masked = Masking([secret]).text(before + secret + after)

    assert secret not in masked.replace("*****", "") or secret in before + after


# -- Never an error of its own -----------------------------------------------------------------------------------------


class _Broken:
    """Everything that may be asked of it raises."""

    def __init__(self, error: type[BaseException]) -> None:
        self.__dict__["error"] = error

    def __str__(self) -> str:
        raise self.__dict__["error"]

    def __repr__(self) -> str:
        raise self.__dict__["error"]

    def model_dump(self) -> Any:
        raise self.__dict__["error"]


class _PretendsToBeAnything:
    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")


class _BrokenItems(dict[str, Any]):
    def items(self) -> Any:
        raise RuntimeError("no items")


class _BrokenError(Exception):
    def __str__(self) -> str:
        raise self.args[0]

    def __repr__(self) -> str:
        raise self.args[0]


ERRORS = [RuntimeError, SystemExit, GeneratorExit, asyncio.CancelledError]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_whose_text_is_broken_is_told_by_its_type(error: type[BaseException]) -> None:
    event = event_of(failure_of({"event": EVENT}, _BrokenError(error())))

    assert event["err"]["name"] == "_BrokenError"
    assert event["err"]["message"] == "_BrokenError"
    assert "_BrokenError" in event["err"]["stack"]


@pytest.mark.parametrize("error", ERRORS)
def test_what_a_rule_has_left_may_be_broken(error: type[BaseException]) -> None:
    event = event_of(
        failure_of({"event": EVENT, "a": _Broken(error), "b": [_Broken(error)], "c": {"d": _Broken(error)}})
    )

    assert event["uow"]["event"] == EVENT
    assert "_Broken" in event["uow"]["a"]


def test_what_a_rule_has_left_may_be_anything() -> None:
    uow: dict[Any, Any] = {
        "event": EVENT,
        1: "one",
        "1": "other",
        _Broken(RuntimeError): 1,
        "class": _PretendsToBeAnything(),
        "items": _BrokenItems(a=1),
        "cycle": [],
        "nan": float("nan"),
        "decimal": Decimal("sNaN"),
    }
    uow["cycle"].append(uow["cycle"])
    uow["batch"] = [UnitOfWork(uow), uow, 5]
    uow["batch"][1]["batch"] = uow["batch"]

    event = event_of(failure_of(uow))

    assert (event["uow"]["1"], event["uow"]["1'"]) == ("one", "other")
    assert event["uow"]["cycle"] == ["<cycle>"]
    assert len(event["uow"]["batch"]) == 3
    assert event["uow"]["batch"][2] == 5


@pytest.mark.parametrize("event", [None, 5, "text", [EVENT]])
def test_a_flavor_may_put_anything_in_the_place_of_the_event(event: Any) -> None:
    def flavor(uow: UnitOfWork, rule: Any) -> None:
        uow["event"] = event
        raise ValueError("no")

    outcome = run([{"id": "r", "flavor": flavor}], to_sqs_records([EVENT, EVENT]), raise_on_entire_batch_failure=False)

    assert [fault.published for fault in outcome.faults] == [True, True]


def test_a_text_with_half_a_surrogate_pair_can_be_sent() -> None:
    uow = {"event": {**EVENT, "id": "\ud800", "partition_key": "\udfff", "\ud800": ["\ud800"]}, "\ud800": 1}

    event = event_of(failure_of(uow, ValueError("no \ud800")))

    assert json.dumps(event, ensure_ascii=False).encode()
    assert event["err"]["message"] == "no \ufffd"


def test_the_fault_event_of_a_processor_is_what_was_published() -> None:
    bus = Bus()

    outcome = run(failing(lambda uow: uow["no \ud800"]), to_sqs_records([EVENT]), connectors=[bus])

    assert outcome.faults[0].event == json.loads(bus.texts[0])
    assert type(outcome.faults[0].event) is dict


class _BrokenSource(SQSSource):
    def record_id(self, record: Record) -> str:
        raise RuntimeError("no id")

    def attempt(self, record: Record) -> int | None:
        raise RuntimeError("no attempt")

    def identifier(self, record: Record) -> Any:
        raise RuntimeError("no identifier")


@pytest.mark.parametrize("size", [1, 3_000_000])
def test_a_source_may_be_broken(size: int) -> None:
    record = {**to_sqs_records([EVENT])["Records"][0], "body": "x" * size}

    event = event_of(failure_of({"event": EVENT, "record": record}), source=_BrokenSource())

    assert event["partition_key"] == "k"


@pytest.mark.parametrize(("error", "reason"), [(ValueError("no"), Reason.FAULT), (ConnectionError(), Reason.RETRYABLE)])
def test_a_predicate_that_raises_leaves_it_to_the_default(error: Exception, reason: Reason) -> None:
    def retryable(error: BaseException) -> bool:
        raise AttributeError("code")

    def fail(uow: UnitOfWork) -> None:
        raise error

    outcome = run(failing(fail), to_sqs_records([EVENT]), on_fault=FaultPolicy.PUBLISH, retryable=retryable)

    assert [fault.reason for fault in outcome.faults] == [reason]


# -- Size --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["partition_key", "id"])
@pytest.mark.parametrize("policy", [FaultPolicy.PUBLISH, FaultPolicy.REPORT_AND_PUBLISH])
def test_a_field_from_outside_does_not_make_the_fault_event_too_large(field: str, policy: FaultPolicy) -> None:
    event = {**EVENT, field: "x" * 400_000}

    outcome = run(failing(lambda uow: 1 / 0), to_sqs_records([event, EVENT]), on_fault=policy)

    assert all(fault.published for fault in outcome.faults)
    assert outcome.faults[0].event is not None
    assert len(outcome.faults[0].event["partition_key"]) <= 2_048


def test_a_message_is_cut() -> None:
    event = event_of(failure_of({"event": EVENT}, ValueError("x" * 3_000_000)))

    assert event["uow"]["event"] == EVENT
    assert len(event["err"]["message"]) == 20_001


def test_what_is_cut_does_not_pass_for_whole() -> None:
    """A value of too many parts is cut, and what is left would fit: the record must not be set aside with it."""
    event = {**EVENT, "a": [[0] * 1_000] * 1_000}
    failure = failure_of({"event": event})

    published = FaultPublisher(SQSSource(), "bus", 1_000_000, PublishedIds()).publish(failure)
    next(published)
    with pytest.raises(StopIteration) as stop:
        published.send({})

    assert stop.value.value.is_whole is False
    assert stop.value.value.event["trimmed"] is True


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), JSON), st.lists(JSON, max_size=4))
def test_what_is_put_together_is_what_it_would_be_at_once(fields: dict[str, Any], items: list[Any]) -> None:
    together = joined(
        {name: safe_json(value) for name, value in fields.items()} | {"items": listed([*map(safe_json, items)])}
    )
    at_once = safe_json({**fields, "items": items})

    assert (together.text, together.size) == (at_once.text, at_once.size)
    assert together.size == len(together.text.encode())
    assert json.loads(together.text) == json.loads(at_once.text)
    assert to_json(EncodedObject(together.value, together.text)) == together.text


# -- Once for each record ----------------------------------------------------------------------------------------------


class _Counted(dict[str, Any]):
    """Counts how often it is converted."""

    count = 0

    def items(self) -> Any:
        type(self).count += 1
        return super().items()


@pytest.fixture
def counted() -> type[_Counted]:
    class Counted(_Counted):
        pass

    return Counted


def test_what_the_rules_of_a_record_share_is_converted_once(counted: type[_Counted]) -> None:
    record = {**to_sqs_records([EVENT])["Records"][0], "counted": counted(a=1)}
    event = {**EVENT, "counted": counted(a=1)}
    publisher = FaultPublisher(SQSSource(), "bus", 1_000_000, PublishedIds())

    made = [
        next(publisher.publish(failure_of({"record": record, "event": event}, rule_id=f"r{n}"))).event
        for n in range(20)
    ]

    assert counted.count == 2
    assert [one["uow"]["pipeline"] for one in made] == [f"r{n}" for n in range(20)]
    assert all(json.loads(to_json(one))["uow"]["event"]["counted"] == {"a": 1} for one in made)


def test_what_a_batch_was_compacted_of_is_converted_once(counted: type[_Counted]) -> None:
    units = [UnitOfWork(event={**EVENT, "counted": counted(n=n)}) for n in range(5)]
    publisher = FaultPublisher(SQSSource(), "bus", 1_000_000, PublishedIds())

    for n in range(20):
        next(publisher.publish(failure_of({"event": units[-1].event, "batch": list(units)}, rule_id=f"r{n}")))

    assert counted.count == 5


def test_nothing_is_converted_before_its_turn(counted: type[_Counted]) -> None:
    publisher = FaultPublisher(SQSSource(), "bus", 1_000_000, PublishedIds())
    event = {**EVENT, "counted": counted(a=1)}

    generators = [publisher.publish(failure_of({"event": event})) for _ in range(3)]
    before = counted.count
    next(generators[0])

    assert (before, counted.count) == (0, 1)


def test_what_would_not_fit_is_not_converted(counted: type[_Counted]) -> None:
    record = {**to_sqs_records([EVENT])["Records"][0], "body": "x" * 1_100_000}
    publisher = FaultPublisher(SQSSource(), "bus", 1_000_000, PublishedIds())

    next(publisher.publish(failure_of({"record": record, "event": {**EVENT, "counted": counted(a=1)}})))

    assert counted.count == 0


def test_what_is_kept_is_bounded(counted: type[_Counted], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_events, "_KEPT_CHARACTERS", 2_000)
    publisher = FaultPublisher(SQSSource(), "bus", 1_000_000, PublishedIds())
    events = [{**EVENT, "text": "x" * 1_000, "counted": counted(n=n)} for n in range(3)]

    made = [next(publisher.publish(failure_of({"event": event}))).event for event in events * 2]

    assert counted.count == 6
    assert [one["uow"]["event"]["counted"]["n"] for one in made] == [0, 1, 2, 0, 1, 2]


def test_a_value_is_not_taken_for_another_that_had_its_place() -> None:
    events = FaultEvents(SQSSource(), 1_000_000)

    for n in range(100):
        failure = failure_of({"event": {**EVENT, "n": n}})  # the one before is gone
        made = events.whole(failure, events.head(failure), at_any_size=False)
        assert made is not None
        assert made.value["uow"]["event"]["n"] == n


# -- The stack ---------------------------------------------------------------------------------------------------------


def _raised(make: Callable[[], Any]) -> BaseException:
    try:
        make()
    except BaseException as error:
        return error
    raise AssertionError("Nothing was raised.")


def _plain() -> None:
    raise ValueError("no")


def _caused() -> None:
    try:
        _plain()
    except ValueError as error:
        raise KeyError("x") from error


def _meanwhile() -> None:
    try:
        _caused()
    except KeyError:
        raise RuntimeError("why")  # noqa: B904


def _while_handling() -> None:
    try:
        _caused()
    except KeyError:
        _ = 1 / 0


def _suppressed() -> None:
    try:
        _plain()
    except ValueError:
        raise KeyError("x") from None


def _circle() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    raise first


def _endless() -> None:
    _endless()


def _syntax() -> None:
    compile("a b", "file.py", "exec")


@pytest.mark.parametrize(
    "make",
    [_plain, _caused, _meanwhile, _while_handling, _suppressed, _circle, _endless, _syntax],
    ids=lambda make: make.__name__,
)
def test_a_stack_trace_is_that_of_python(make: Callable[[], Any]) -> None:
    errors = [_raised(make) for _ in range(2)]
    events = FaultEvents(SQSSource(), 1_000_000)

    stacks = [events.head(failure_of({"event": EVENT}, error))["err"].value["stack"] for error in errors]

    assert stacks == ["".join(traceback.format_exception(error))[-20_000:] for error in errors]


def test_an_error_that_was_never_raised_has_a_stack_of_one_line() -> None:
    assert event_of(failure_of({"event": EVENT}))["err"]["stack"] == "ValueError: no\n"


# -- What becomes of the record ----------------------------------------------------------------------------------------
def _dispositions(outcome: Any) -> dict[str, set[str]]:
    """Return what the published fault events say of each record, which is what becomes of it."""
    assert all(fault.event["disposition"] == fault.disposition.value for fault in outcome.faults if fault.event)
    said: dict[str, set[str]] = {}
    for fault in outcome.faults:
        said.setdefault(fault.rule_id, set()).update([fault.event["disposition"]] if fault.event else [])
    return said


def _poison(uow: UnitOfWork) -> None:
    if uow.event.get("fails", True):
        raise ValueError("poison")


def test_a_trimmed_fault_event_says_that_its_record_is_reported() -> None:
    event = to_sqs_records([{"id": "1", "type": "x", "text": "x" * 1_000_000}])

    outcome = run(failing(_poison), event, on_fault=FaultPolicy.PUBLISH)

    assert _dispositions(outcome) == {"r": {"reported"}}


@pytest.mark.parametrize("policy", [FaultPolicy.REPORT, FaultPolicy.REPORT_AND_PUBLISH])
@pytest.mark.parametrize("first", [True, False])
def test_a_record_that_another_rule_reports_is_not_said_to_be_set_aside(policy: FaultPolicy, first: bool) -> None:
    rules = [
        {"id": "aside", "flavor": task, "execute": _poison},
        {"id": "reports", "flavor": task, "execute": _poison, "on_fault": policy},
    ]

    outcome = run(rules if first else rules[::-1], to_sqs_records([EVENT]), on_fault=FaultPolicy.PUBLISH)

    assert _dispositions(outcome)["aside"] == {"reported"}


def test_a_record_behind_a_reported_one_of_its_group_is_not_said_to_be_set_aside() -> None:
    def reported(uow: UnitOfWork) -> Any:
        yield Call(int)  # meanwhile the other record fails
        if uow.event["id"] == "1":
            raise ValueError("no")

    rules = [
        {"id": "reports", "flavor": task, "execute": reported, "on_fault": FaultPolicy.REPORT},
        {"id": "aside", "flavor": task, "execute": _poison},
    ]
    event = to_sqs_records(
        [
            {"body": {"id": "1", "type": "x", "fails": False}, "group_id": "g"},
            {"body": {"id": "2", "type": "x"}, "group_id": "g"},
        ],
        queue="orders.fifo",
    )

    outcome = run(rules, event, on_fault=FaultPolicy.PUBLISH)

    assert len(outcome.response["batchItemFailures"]) == 2
    assert _dispositions(outcome)["aside"] == {"reported"}
