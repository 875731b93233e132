"""Which records go together."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from powertools_stream.cli.resubmit import records as records_module
from powertools_stream.cli.resubmit.plan import MAX_CONTEXT_BYTES, Invocation, client_context, invocations
from powertools_stream.cli.resubmit.records import NotResubmittableError
from powertools_stream.cli.resubmit.units import Unit, gathered, unit_of
from powertools_stream.cli.sending.functions import encoded
from powertools_stream.testing import to_distributed_map_event, to_kinesis_records, to_sqs_records


def unit(record: Any, rule: str = "mail", function: str = "orders", **more: Any) -> Unit:
    fault = {"id": "f", "timestamp": 1, "uow": {"pipeline": rule, "record": record}, **more}
    return unit_of(fault, function, lambda place: place)


def records(count: int, **more: Any) -> list[Any]:
    records: list[Any] = to_sqs_records([{"id": str(n), **more} for n in range(count)])["Records"]
    return records


def sizes(made: list[Invocation]) -> list[int]:
    return [one.count for one in made]


def test_they_fill_invocations_by_function_source_and_rules() -> None:
    units = [
        *(unit(record) for record in records(5)),
        *(unit(record, "label") for record in records(2)),
        *(unit(record, function="payments") for record in records(1)),
        unit(to_kinesis_records([{"id": "k"}])["Records"][0]),
    ]

    made = invocations(gathered(iter(units)), 2)

    assert sorted((one.function, one.rules, one.count, one.units[0].source.name) for one in made) == [
        ("orders", ("label", "mail"), 2, "sqs"),
        ("orders", ("mail",), 1, "kinesis"),
        ("orders", ("mail",), 1, "sqs"),
        ("orders", ("mail",), 2, "sqs"),
        ("payments", ("mail",), 1, "sqs"),
    ]


def test_they_take_no_more_than_lambda_accepts() -> None:
    big = [unit(record) for record in records(5, text="ü" * 1_250_000)]

    made = invocations(gathered(iter(big)), 100)

    assert sizes(made) == [2, 2, 1]
    assert all(len(encoded(one.events[0])) < 6 * 1024 * 1024 for one in made)


def test_rules_that_do_not_fit_into_a_client_context_are_several_invocations() -> None:
    (record,) = records(1)
    rules = [f"{n}-{'r' * 900}" for n in range(5)]

    made = invocations(gathered(unit(record, rule) for rule in rules), 10)

    assert [rule for one in made for rule in one.rules] == rules
    assert [len(one.rules) for one in made] == [2, 2, 1]
    for one in made:
        context = client_context(one.rules)
        assert len(context) <= MAX_CONTEXT_BYTES
        assert json.loads(base64.b64decode(context)) == {
            "custom": {"powertools_stream": {"resubmit": {"rules": [*one.rules]}}}
        }


def test_a_message_that_was_received_again_is_the_same_one() -> None:
    (first,) = records(1)
    again = {**first, "receiptHandle": "x", "attributes": {**first["attributes"], "ApproximateReceiveCount": "7"}}
    other = {**first, "body": "{}"}

    found = gathered(iter([unit(first), unit(again, timestamp=2), unit(other)]))

    assert [one.rules for one in found] == [{"mail": 2}, {"mail": 1}]
    assert found[0].key("mail") != found[1].key("mail")


def test_a_stream_keeps_its_order_by_its_numbers_whatever_the_order_in_the_lake() -> None:
    stream = to_kinesis_records([{"id": str(n), "partition_key": "k"} for n in range(12)])["Records"]

    found = gathered(unit(record) for record in reversed(stream))

    assert [record for one in found for record in one.records] == stream


def test_items_of_another_batch_input_and_what_a_pipe_has_sent_go_on_their_own() -> None:
    batches = [to_distributed_map_event([{"id": "i"}], batch_input={"n": n}) for n in range(2)]
    items = [{"Item": batch["Items"][0], "BatchInput": batch["BatchInput"]} for batch in batches]
    (piped,) = records(1)

    made = invocations([*map(unit, items), unit(piped, event_source="pipe"), unit(piped)], 10)

    assert [one.events for one in made] == [[batches[0]], [batches[1]], [[piped]], [{"Records": [piped]}]]


@pytest.mark.parametrize("batch_size", [2, 10])
def test_no_rule_runs_on_a_record_before_those_with_the_same_key(batch_size: int) -> None:
    keys = ["a", "a", "b", "a", "b", "b", "a", "c", "c"]
    rules = ["1", "12", "1", "1", "2", "12", "2", "2", "12"]
    stream = to_kinesis_records([{"id": str(n), "partition_key": key} for n, key in enumerate(keys)])["Records"]
    units = [unit(record, rule) for record, those in zip(stream, rules, strict=True) for rule in those]

    made = invocations(gathered(iter(units)), batch_size)

    assert max(sizes(made)) <= batch_size
    ran = [(rule, record) for one in made for rule in one.rules for each in one.units for record in each.records]
    for rule in "12":
        for key in "abc":
            place = [stream.index(record) for name, record in ran if name == rule and keys[stream.index(record)] == key]
            assert place == [n for n, those in enumerate(rules) if rule in those and keys[n] == key]


def test_what_nothing_orders_fills_invocations_whatever_the_rules() -> None:
    units = [unit(record, "mail" if n % 2 else "label") for n, record in enumerate(records(20))]

    assert sizes(invocations(gathered(iter(units)), 10)) == [10, 10]


@pytest.mark.parametrize("record", [{"id": "1"}, {"Item": 1, "more": 2}, {"BatchInput": 1}])
def test_what_is_no_record_of_its_source_is_refused(record: Any) -> None:
    with pytest.raises(NotResubmittableError, match="malformed: not what distributed-map delivers"):
        unit(record, event_source="distributed-map")


@pytest.mark.parametrize("source", sorted(records_module._named()))
@pytest.mark.parametrize("value", [None, 1, "x", ["x"], {"a": 1}])
def test_whatever_a_record_holds_it_is_refused_or_can_be_sent(source: str, value: Any) -> None:
    names = (
        "kinesis",
        "dynamodb",
        "attributes",
        "Sns",
        "s3",
        "topic",
        "partition",
        "offset",
        "messageId",
        "Item",
        "id",
    )
    for record in ({name: value} for name in names):
        try:
            made = invocations([unit(record, event_source=source)], 10)
        except NotResubmittableError:
            continue
        assert [len(encoded(event)) > 0 for one in made for event in one.events] == [True]
