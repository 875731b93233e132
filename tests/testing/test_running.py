from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.flavors import collect, correlate, task
from powertools_stream.testing import (
    run,
    to_dynamodb_records,
    to_kafka_records,
    to_schedule_event,
    to_sqs_records,
)


def _rule(**fields: Any) -> dict[str, Any]:
    return {"id": "rule", "flavor": task, "execute": lambda uow: None, **fields}


def test_records_that_no_rule_matched_are_listed_as_lambda_delivered_them() -> None:
    event = to_sqs_records([{"type": "a"}, {"type": "b"}, {"type": "c"}])

    outcome = run([_rule(event_type="b"), _rule(id="other", event_type=["b", "d"])], event)

    assert outcome.unmatched == [event["Records"][0], event["Records"][2]]


def test_nothing_is_listed_if_every_record_has_a_rule() -> None:
    assert run([_rule()], to_sqs_records([{"type": "a"}])).unmatched == []


def test_a_record_that_a_filter_refuses_is_listed() -> None:
    event = to_sqs_records([{"type": "a", "n": 1}, {"type": "a", "n": 2}])

    outcome = run([_rule(filters=[lambda uow: uow.event["n"] == 1])], event)

    assert outcome.unmatched == event["Records"][1:]


def test_a_record_whose_prepared_unit_of_work_is_for_no_rule_is_listed() -> None:
    event = to_dynamodb_records([{"new_image": {"pk": "1", "sk": "order"}}])

    assert run([{"id": "c", "flavor": correlate, "correlation_key": "id"}], event).unmatched == event["Records"]


def test_a_record_with_the_tag_skip_is_listed() -> None:
    event = to_sqs_records([{"type": "a", "tags": {"skip": True}}])

    assert run([_rule()], event).unmatched == event["Records"]


@pytest.mark.parametrize("event", [to_kafka_records([{"type": "b"}]), to_schedule_event("nightly")])
def test_it_is_listed_whatever_the_source(event: dict[str, Any]) -> None:
    (record,) = run([_rule(event_type="a")], event).unmatched

    assert record.get("topic") == "orders" or record == event


def test_a_record_that_failed_is_among_the_faults_instead() -> None:
    def refuse(uow: Any) -> bool:
        raise ValueError("no")

    unreadable = run([_rule()], to_sqs_records(["%"]))
    failing_filter = run([_rule(filters=[refuse])], to_sqs_records([{"type": "a"}]))
    failing_rule = run([_rule(execute=refuse)], to_sqs_records([{"type": "a"}]))

    for outcome in (unreadable, failing_filter, failing_rule):
        assert len(outcome.faults) == 1
        assert outcome.unmatched == []


def test_of_compacted_records_each_has_a_rule() -> None:
    event = to_sqs_records([{"type": "a", "partition_key": "p"}, {"type": "a", "partition_key": "p"}])

    assert run([_rule(compact=True)], event).unmatched == []


def test_without_rules_every_record_is_listed() -> None:
    event = to_sqs_records([{"type": "a"}])

    assert run([], event).unmatched == event["Records"]


def test_observers_are_told_as_ever() -> None:
    class Observer:
        def __init__(self) -> None:
            self.calls = list[Any]()
            self.failed = list[Any]()

        def on_call(self, details: Any) -> None:
            self.calls.append(details)

        def on_record_failed(self, details: Any) -> None:
            self.failed.append(details)

    observer = Observer()
    event = to_sqs_records([{"id": "1", "type": "a", "timestamp": 1, "partition_key": "p"}])
    rules = [{"id": "c", "flavor": collect, "table_name": "events"}, _rule(execute=lambda uow: 1 / 0)]
    run(rules, event, observers=[observer])

    assert len(observer.failed) == 1
    assert len(observer.calls) >= 2
