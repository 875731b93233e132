from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from powertools_stream import RuleRegistry, StreamProcessor
from powertools_stream.call_options import Pacer, RetryPolicy
from powertools_stream.errors import DeadlineError, RequestFailedError, RuleError
from powertools_stream.flavors import TaskRule, task
from powertools_stream.outcomes import Reason
from powertools_stream.requests import Call, PutEvent, PutItem
from powertools_stream.testing import FakeConnector, ScriptedEndpoint, run, to_sqs_records
from powertools_stream.uow import UnitOfWork
from tests.conftest import Aws, LambdaContext


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


# -- Pacer -------------------------------------------------------------------------------------------------------------


def test_turns_are_evenly_spaced() -> None:
    pacer = Pacer(10, 5, clock=_Clock())

    assert [pacer.reserve() for _ in range(3)] == [100.0, 100.5, 101.0]


def test_time_that_nobody_used_is_not_made_up_for() -> None:
    clock = _Clock()
    pacer = Pacer(1, 1, clock=clock)
    pacer.reserve()

    clock.now = 110.0

    assert [pacer.reserve(), pacer.reserve()] == [110.0, 111.0]


def test_a_turn_that_comes_too_late_is_not_taken() -> None:
    pacer = Pacer(1, 1, clock=_Clock())
    pacer.reserve()

    assert pacer.reserve(before=101.0) is None
    assert pacer.reserve(before=101.5) == 101.0


@pytest.mark.parametrize("rate", [(0, 1), (1, 0), (-1, 1)])
def test_a_rate_is_above_zero(rate: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"such as \(10, 1\)"):
        Pacer(*rate)
    with pytest.raises(RuleError, match=r"Rule 'r': the field 'rate' takes \(calls, seconds\), both above 0"):
        TaskRule(id="r", emit="y", rate=rate)


# -- Rates of rules and of requests ------------------------------------------------------------------------------------


class _Clocked(FakeConnector):
    """Records when each request was carried out."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[tuple[str, float]] = []

    def send(self, entries: Any) -> Any:
        self.times.extend((entry.payload[0].kwargs.get("of", ""), time.monotonic()) for entry in entries)
        return super().send(entries)

    def gaps(self, of: str = "") -> list[float]:
        times = [at for name, at in self.times if name == of]
        return [later - earlier for earlier, later in pairwise(times)]


def _ask(uow: UnitOfWork) -> Iterator[Any]:
    yield Call(_nothing, of="")


def _nothing(**_: Any) -> None:
    """Take some keyword arguments, and do nothing."""


def test_the_calls_of_a_rule_follow_each_other_no_faster_than_its_rate() -> None:
    connector = _Clocked()
    rule = {"id": "slow", "flavor": task, "execute": _ask, "ordered": False, "rate": (50, 1)}

    outcome = run([rule], to_sqs_records([{"type": "x"}] * 6), connectors=[connector], max_workers=8)

    assert outcome.response == {"batchItemFailures": []}
    assert len(connector.times) == 6
    assert sum(connector.gaps()) > 5 * 0.015


def _stop_the_thread(uow: UnitOfWork) -> Iterator[Any]:
    if uow.event["n"] == 3:
        time.sleep(0.3)
    yield Call(_nothing, of="")


def _stop_the_worker(uow: UnitOfWork) -> Iterator[Any]:
    if uow.event["n"] == 0:
        yield Call(time.sleep, 0.3)
    else:
        yield Call(_nothing, of="late")


@pytest.mark.parametrize(("execute", "of", "calls"), [(_stop_the_thread, "", 8), (_stop_the_worker, "late", 7)])
def test_calls_that_are_late_do_not_come_all_at_once(execute: Any, of: str, calls: int) -> None:
    connector = _Clocked()
    rule = {"id": "slow", "flavor": task, "execute": execute, "ordered": False, "rate": (50, 1)}
    events = [{"type": "x", "n": n} for n in range(8)]

    run([rule], to_sqs_records(events), connectors=[connector], max_workers=1)

    late = connector.gaps(of)[-4:]
    assert len(connector.gaps(of)) == calls - 1
    assert sum(late) > 4 * 0.015


def test_a_call_that_is_sent_again_does_not_wait_for_all_that_wait_for_their_turn() -> None:
    asked: list[int] = []

    class Throttled(FakeConnector):
        def entries(self, request: Any) -> Any:
            (entry,) = super().entries(request)
            return (replace(entry, operation=replace(entry.operation, max_attempts=2)),)

        def send(self, entries: Any) -> Any:
            asked.append(entries[0].payload[0].kwargs["of"])
            return [RequestFailedError("ThrottlingException", "slow down")] if asked == [0] else [None]

    def ask(uow: UnitOfWork) -> Iterator[Any]:
        yield Call(_nothing, of=uow.event["n"])

    rule = {"id": "slow", "flavor": task, "execute": ask, "ordered": False, "rate": (20, 1)}

    outcome = run(
        [rule],
        to_sqs_records([{"type": "x", "n": n} for n in range(8)]),
        connectors=[Throttled()],
        retry=RetryPolicy(base_delay=0.0),
    )

    assert outcome.response == {"batchItemFailures": []}
    assert sorted(asked) == [0, *range(8)]
    assert asked.index(0, 1) < 4


def test_no_call_of_another_rule_is_held_until_a_slow_rule_is_through(
    lambda_context: Callable[..., LambdaContext],
) -> None:
    connector = _Clocked()
    published: list[float] = []

    class Batching(_Clocked):
        requests = (PutEvent,)

        def entries(self, request: Any) -> Any:
            (entry,) = super().entries(request)
            return (replace(entry, operation=replace(entry.operation, max_entries=10)),)

        def send(self, entries: Any) -> Any:
            published.append(time.monotonic())
            return [None] * len(entries)

    def publish(uow: UnitOfWork) -> Iterator[Any]:
        yield Call(_nothing, of="fast")
        yield PutEvent({"id": uow.event["id"], "type": "y"})

    rules = [
        {"id": "slow", "flavor": task, "execute": _ask, "ordered": False, "rate": (10, 1)},
        {"id": "fast", "flavor": task, "execute": publish, "ordered": False},
    ]

    run(
        rules,
        to_sqs_records([{"type": "x"}] * 6),
        connectors=[Batching(), connector],
        max_workers=2,
        context=lambda_context(60_000),
    )

    slow = [at for name, at in connector.times if name == ""]
    assert len(slow) == 6
    assert published[-1] < slow[-1]


def test_a_rule_with_a_rate_slows_no_other_rule_down() -> None:
    connector = _Clocked()

    def asks(of: str) -> Callable[[UnitOfWork], Iterator[Any]]:
        def execute(uow: UnitOfWork) -> Iterator[Any]:
            yield Call(_nothing, of=of)

        return execute

    rules = [
        {"id": "slow", "flavor": task, "execute": asks("slow"), "ordered": False, "rate": (20, 1)},
        {"id": "fast", "flavor": task, "execute": asks("fast"), "ordered": False},
    ]

    run(rules, to_sqs_records([{"type": "x"}] * 10), connectors=[connector], max_workers=2)

    assert len(connector.gaps("slow")) == len(connector.gaps("fast")) == 9
    slow_took, fast_took = sum(connector.gaps("slow")), sum(connector.gaps("fast"))
    assert fast_took < slow_took / 3


def test_all_calls_for_a_request_type_share_its_rate() -> None:
    connector = _Clocked()
    rules = [{"id": name, "flavor": task, "execute": _ask, "ordered": False} for name in "ab"]

    run(rules, to_sqs_records([{"type": "x"}] * 3), connectors=[connector], max_workers=8, rates={Call: (50, 1)})

    assert len(connector.times) == 6
    assert sum(connector.gaps()) > 5 * 0.015


def test_what_the_rate_leaves_no_time_for_is_reported_at_once(
    lambda_context: Callable[..., LambdaContext],
) -> None:
    connector = _Clocked()
    rule = {"id": "slow", "flavor": task, "execute": _ask, "ordered": False, "rate": (1, 60)}
    started = time.monotonic()

    outcome = run([rule], to_sqs_records([{"type": "x"}] * 3), connectors=[connector], context=lambda_context(30_000))

    assert len(connector.times) == 1
    assert len(outcome.response["batchItemFailures"]) == 2
    assert [fault.reason for fault in outcome.faults] == [Reason.UNFINISHED] * 2
    assert all(isinstance(fault.error, DeadlineError) and "rate" in str(fault.error) for fault in outcome.faults)
    assert time.monotonic() - started < 20


def test_the_rate_holds_over_batches() -> None:
    connector = _Clocked()
    rule = {"id": "slow", "flavor": task, "execute": _ask, "ordered": False, "rate": (20, 1)}
    processor = StreamProcessor(rules=[rule], connectors=[connector])

    for _ in range(3):
        processor.process_event(to_sqs_records([{"type": "x"}]))

    assert sum(connector.gaps()) > 2 * 0.04


def test_attempts_keep_to_the_rate_too(endpoint: ScriptedEndpoint) -> None:
    times: list[float] = []

    def throttles(operation: str, body: dict[str, Any]) -> Any:
        times.append(time.monotonic())
        return None if len(times) > 3 else (400, {"__type": "ThrottlingException", "message": "slow down"})

    rule = {"id": "slow", "flavor": task, "emit": "y", "rate": (10, 1)}
    processor = StreamProcessor(rules=[rule], bus_name="bus", retry=RetryPolicy(base_delay=0.0))
    processor.process_event(to_sqs_records([{"type": "x"}]))  # makes the client, which is slow
    endpoint.script = throttles

    response = processor.process_event(to_sqs_records([{"type": "x"}]))

    assert response == {"batchItemFailures": []}
    assert times[-1] - times[0] > 3 * 0.08


# -- Roles -------------------------------------------------------------------------------------------------------------


def test_a_rule_with_a_role_makes_its_calls_in_it(endpoint: ScriptedEndpoint) -> None:
    rules = RuleRegistry()
    rules.add(id="own", flavor=task, emit="y")
    rules.add(id="theirs", flavor=task, emit="z", role_arn="arn:aws:iam::210987654321:role/theirs")
    connector = FakeConnector()
    sent: list[tuple[str | None, int]] = []

    class Told(FakeConnector):
        def send(self, entries: Any) -> Any:
            sent.append((entries[0].operation.role_arn, len(entries)))
            return connector.send(entries)

    run(rules, to_sqs_records([{"type": "x"}] * 2), connectors=[Told()], max_workers=1)

    assert {role for role, _ in sent} == {None, "arn:aws:iam::210987654321:role/theirs"}


def test_a_role_of_another_account_is_assumed_once_and_used_for_its_rule_only(aws: Aws) -> None:
    other = "arn:aws:iam::210987654321:role/theirs"
    table = {
        "TableName": "things",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    aws.client("dynamodb").create_table(**table)
    credentials = aws.client("sts").assume_role(RoleArn=other, RoleSessionName="test")["Credentials"]
    theirs = aws.client_of("dynamodb", credentials)
    theirs.create_table(**table)

    def put(uow: UnitOfWork) -> Iterator[Any]:
        yield PutItem({"Item": {"pk": uow.event["id"]}}, table_name="things")

    rules = RuleRegistry()
    rules.add(id="theirs", flavor=task, execute=put, role_arn=other, event_type="theirs")
    rules.add(id="own", flavor=task, execute=put, event_type="own")
    events = [{"id": f"{kind}-{n}", "type": kind} for n in range(30) for kind in ("own", "theirs")]

    response = StreamProcessor(rules=rules).process_event(to_sqs_records(events))

    assert response == {"batchItemFailures": []}
    for client, kind in ((aws.client("dynamodb"), "own"), (theirs, "theirs")):
        keys = {item["pk"]["S"] for item in client.scan(TableName="things")["Items"]}
        assert keys == {f"{kind}-{n}" for n in range(30)}


def test_a_role_that_must_not_be_assumed_is_a_configuration_error(endpoint: ScriptedEndpoint) -> None:
    denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
    endpoint.script = {"POST /": lambda operation, body: (403, denied)}
    rule = {"id": "theirs", "flavor": task, "emit": "y", "role_arn": "arn:aws:iam::210987654321:role/theirs"}
    processor = StreamProcessor(rules=[rule], bus_name="bus", raise_on_entire_batch_failure=False)

    processor.process_event(to_sqs_records([{"type": "x"}]))

    assert endpoint.count("PutEvents") == 1, "the fault event's only"
    (fault,) = processor.faults
    assert fault.reason is Reason.CONFIGURATION


# -- Powertools' circuit breaker ---------------------------------------------------------------------------------------


def test_an_open_circuit_breaker_reports_the_record_and_makes_no_fault_event() -> None:
    errors = pytest.importorskip("aws_lambda_powertools.utilities.circuit_breaker.exceptions")

    def charge(uow: UnitOfWork) -> None:
        raise errors.CircuitBreakerOpenError("payments")

    outcome = run([{"id": "charge", "flavor": task, "execute": charge}], to_sqs_records([{"type": "x"}]))

    assert len(outcome.response["batchItemFailures"]) == 1
    (fault,) = outcome.faults
    assert (fault.reason, fault.event) == (Reason.RETRYABLE, None)


def test_events_on_other_terms_share_no_call() -> None:
    sizes: list[int] = []

    class Told(FakeConnector):
        def entries(self, request: Any) -> Any:
            (entry,) = super().entries(request)
            return (replace(entry, operation=replace(entry.operation, max_entries=10)),)

        def send(self, entries: Any) -> Any:
            sizes.append(len(entries))
            return super().send(entries)

    rules = [
        {"id": "own", "flavor": task, "emit": "y"},
        {"id": "theirs", "flavor": task, "emit": "z", "role_arn": "arn:aws:iam::210987654321:role/theirs"},
    ]

    outcome = run(rules, to_sqs_records([{"type": "x"}] * 10), connectors=[Told()])

    assert sizes == [10, 10]
    assert all(isinstance(request, PutEvent) for request in outcome.requests) or not outcome.requests
