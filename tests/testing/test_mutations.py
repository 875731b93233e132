"""A rule that changes what it shares is found, whatever its source and wherever it does it."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable, Generator
from typing import Any

import pytest

from powertools_stream import RuleRegistry
from powertools_stream.flavors import correlate, evaluate, materialize, task, update
from powertools_stream.requests import Call, PutEvent, Query
from powertools_stream.testing import (
    assert_unchanged,
    run,
    to_alarm_event,
    to_cognito_event,
    to_dynamodb_records,
    to_eventbridge_envelope,
    to_eventbridge_event,
    to_firehose_records,
    to_kafka_records,
    to_kinesis_records,
    to_pipe_records,
    to_s3_records,
    to_schedule_event,
    to_sns_envelope,
    to_sns_records,
    to_sqs_records,
)

EVENT = {"id": "1", "type": "order-created", "order": {"lines": [{"price": 7}]}}
BY_SOURCE: dict[str, Any] = {
    "sqs": to_sqs_records([EVENT]),
    "kinesis": to_kinesis_records([EVENT]),
    "dynamodb": to_dynamodb_records([{"new_image": {"pk": "1", "lines": [1]}}]),
    "kafka": to_kafka_records([EVENT]),
    "self-managed kafka": to_kafka_records([EVENT], self_managed=True),
    "s3": to_s3_records(["orders/1.json"]),
    "sns": to_sns_records([EVENT]),
    "eventbridge": to_eventbridge_event(EVENT),
    "pipes": to_pipe_records(to_sqs_records([EVENT])),
    "firehose": to_firehose_records([EVENT]),
    "scheduler": to_schedule_event("nightly"),
    "cloudwatch": to_alarm_event("orders-failing"),
    "cognito": to_cognito_event(),
    "eventbridge by way of sqs": to_sqs_records([to_eventbridge_envelope(EVENT)]),
    "sns by way of sqs": to_sqs_records([to_sns_envelope(EVENT)]),
}


@pytest.fixture(params=BY_SOURCE)
def event(request: pytest.FixtureRequest) -> Any:
    """Return the event of each source."""
    return copy.deepcopy(BY_SOURCE[request.param])


def _rule(execute: Callable[..., Any], rule_id: str = "meddle", **fields: Any) -> dict[str, Any]:
    return {"id": rule_id, "flavor": task, "execute": execute, **fields}


def _mark(uow: Any) -> None:
    uow.event["seen"] = True


def _look(uow: Any) -> Any:
    return uow.event.get("type")


def _found(*rules: dict[str, Any], event: Any = None, **options: Any) -> str:
    with pytest.raises(AssertionError) as raised:
        run(list(rules), event or to_sqs_records([EVENT]), **options)
    return str(raised.value)


def test_run_finds_a_rule_that_changes_its_event_whatever_the_source(event: Any) -> None:
    assert "the rule 'meddle' changed event.seen: True was added" in _found(_rule(_mark), event=event)


def test_assert_unchanged_around_run_finds_it_whatever_the_source(event: Any) -> None:
    with pytest.raises(AssertionError, match=r"changed event\.seen"), assert_unchanged(event):
        run([_rule(_mark)], event, check_mutation=False)


def test_a_rule_that_only_reads_passes(event: Any) -> None:
    with assert_unchanged(event):
        run([_rule(_look)], event)


def test_a_change_of_the_record_is_found(event: Any) -> None:
    def meddle(uow: Any) -> None:
        uow.record["seen"] = True

    with pytest.raises(AssertionError, match=r"the rule 'meddle' changed record\.seen: True was added"):
        run([_rule(meddle)], event)


def test_it_need_not_be_checked() -> None:
    assert run([_rule(_mark)], to_sqs_records([EVENT]), check_mutation=False).faults == []


def test_the_message_says_what_was_there_and_what_to_do() -> None:
    def meddle(uow: Any) -> None:
        uow.event["order"]["lines"][0]["price"] = 8

    message = _found(_rule(meddle))

    assert "event.order.lines[0].price: 7 became 8" in message
    assert "uow.extend" in message


def test_the_message_stays_short_if_every_record_is_changed() -> None:
    def meddle(uow: Any) -> None:
        uow.event["seen"] = uow.event["id"]

    message = _found(_rule(meddle), event=to_sqs_records([{"id": str(n)} for n in range(100)]))

    assert message.count("was added") == 5
    assert "100 times" in message


def test_only_the_rule_that_did_it_is_named() -> None:
    message = _found(_rule(_look, "first"), _rule(_mark), _rule(_look, "last"))

    assert "first" not in message
    assert "last" not in message


def _between(uow: Any) -> Generator[Any, Any, None]:
    yield PutEvent({"id": "1", "type": "t"})
    uow.event["seen"] = True
    yield PutEvent({"id": "2", "type": "t"})


def _asks_twice(uow: Any) -> Generator[Any, Any, None]:
    yield PutEvent({"id": "3", "type": "t"})
    yield PutEvent({"id": "4", "type": "t"})


def test_a_rule_is_named_among_others_that_take_turns_with_it() -> None:
    rules = [_rule(_asks_twice, "first"), _rule(_between), _rule(_asks_twice, "last")]

    message = _found(*rules)

    assert "the rule 'meddle' changed event.seen" in message
    assert "first" not in message
    assert "last" not in message


def test_a_rule_that_fails_is_found_all_the_same() -> None:
    def meddle(uow: Any) -> None:
        _mark(uow)
        raise ValueError("no")

    assert "the rule 'meddle'" in _found(_rule(meddle))


async def _meddle_later(uow: Any) -> None:
    await asyncio.sleep(0)
    uow.event["seen"] = True


def test_a_change_in_a_coroutine_is_found_and_its_rule_is_named() -> None:
    assert "the rule 'meddle' changed event.seen" in _found(_rule(_asks_twice, "first"), _rule(_meddle_later))


def test_where_it_cannot_be_told_apart_every_rule_that_may_have_done_it_is_named() -> None:
    async def look(uow: Any) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    assert "one of the rules 'look', 'meddle' changed" in _found(_rule(look, "look"), _rule(_meddle_later))


def test_a_change_on_a_worker_is_found() -> None:
    def meddle(uow: Any) -> Generator[Any, Any, None]:
        yield Call(uow.event.update, {"seen": True})

    message = _found(_rule(meddle), responses={Call: lambda call: call.function(*call.args)})

    assert "the rule 'meddle' changed event.seen" in message


@pytest.mark.parametrize("field", ["filters", "emit", "event_type"])
def test_every_function_of_a_rule_is_watched(field: str) -> None:
    def meddle(uow: Any) -> Any:
        _mark(uow)
        return {"type": "t"} if field == "emit" else True

    given: Any = [meddle] if field == "filters" else meddle

    assert "the rule 'meddle' changed event.seen" in _found(_rule(_look, **{field: given}))


def test_a_flavor_with_requests_side_by_side_is_watched() -> None:
    def to_update_request(uow: Any) -> dict[str, Any]:
        uow.event["order"]["lines"].clear()
        return {"Key": {"pk": "1"}, "UpdateExpression": "SET a = b"}

    rule = {
        "id": "meddle",
        "flavor": materialize,
        "to_update_request": to_update_request,
        "split_on": "event.order.lines",
        "table_name": "orders",
    }

    assert "the rule 'meddle' changed event.order.lines" in _found(rule)


def test_a_rule_whose_units_of_work_are_prepared_is_watched() -> None:
    row = {"pk": "1", "sk": "EVENT", "discriminator": "EVENT", "data": "o-1", "event": {**EVENT, "timestamp": 1}}
    event = to_dynamodb_records([{"new_image": {**row, "timestamp": 1}}])

    def expression(uow: Any) -> bool:
        _mark(uow)
        return False

    def correlation_key(uow: Any) -> str:
        _mark(uow)
        return "o-1"

    evaluating = {"id": "meddle", "flavor": evaluate, "emit": "t", "expression": expression}
    correlating = {"id": "meddle", "flavor": correlate, "correlation_key": correlation_key}
    rows = [{**row, "timestamp": 1}]

    assert "'meddle' changed event.seen" in _found(
        {**evaluating, "table_name": "events"}, event=event, responses={Query: rows}
    )
    assert "'meddle' changed event.seen" in _found({**correlating, "table_name": "events"}, event=event)


def test_what_is_compacted_is_watched() -> None:
    event = to_sqs_records([{**EVENT, "partition_key": "p"}, {**EVENT, "id": "2", "partition_key": "p"}])

    def meddle(uow: Any) -> None:
        uow["batch"][0].event["seen"] = True

    assert "the rule 'meddle' changed event.seen" in _found(_rule(meddle, compact=True), event=event)


def test_a_flavor_that_leaves_things_in_its_own_unit_of_work_changes_nothing_shared() -> None:
    rule = {
        "id": "keep",
        "flavor": update,
        "to_update_request": lambda uow: {"Key": {"pk": "1"}, "UpdateExpression": "SET a = b"},
        "table_name": "orders",
    }

    assert run([rule, _rule(_look)], to_dynamodb_records([{"new_image": {"pk": "1"}}])).faults == []


def test_the_error_of_a_batch_does_not_hide_a_change() -> None:
    def meddle(uow: Any) -> None:
        _mark(uow)
        raise ValueError("no")

    assert "the rule 'meddle' changed event.seen" in _found(_rule(meddle), event=to_schedule_event("nightly"))


def test_what_cannot_be_copied_is_left_alone() -> None:
    event = to_eventbridge_event(EVENT)
    event["detail"] = {**EVENT, "lock": threading.Lock()}

    assert run([_rule(lambda uow: "done")], event).results[0].uow["result"] == "done"


def test_an_error_within_assert_unchanged_ends_its_watch() -> None:
    with pytest.raises(ValueError, match="no"), assert_unchanged({}):
        raise ValueError("no")

    assert run([_rule(_mark)], to_sqs_records([EVENT]), check_mutation=False).faults == []


def test_a_registry_may_be_run_again() -> None:
    rules = RuleRegistry([_rule(_look)])

    assert [len(run(rules, to_sqs_records([EVENT])).results) for _ in range(2)] == [1, 1]
