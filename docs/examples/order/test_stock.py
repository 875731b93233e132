from __future__ import annotations

from typing import Any

from docs.examples.order.stock import moving_on, rules
from powertools_stream.testing import run, to_kinesis_records


# --8<-- [start:test]
def movements() -> dict[str, Any]:
    """Two of apples, the first of which is broken, and one of pears."""
    moved = {"type": "stock-moved", "by": 1}
    return to_kinesis_records(
        [
            {**moved, "item": "apples", "partition_key": "apples", "by": "?"},
            {**moved, "item": "apples", "partition_key": "apples"},
            {**moved, "item": "pears", "partition_key": "pears"},
        ]
    )


def test_the_records_of_a_key_wait_for_the_one_that_failed() -> None:
    outcome = run(rules, movements())

    moved = [each for each in outcome.results if each.rule_id == "move_stock"]
    assert [each.uow.event["item"] for each in moved] == ["pears"]
    assert [fault.reason.value for fault in outcome.faults] == ["fault", "held-back"]


# --8<-- [end:test]
def test_a_rule_that_is_not_ordered_runs_for_every_record() -> None:
    outcome = run(rules, movements())

    counted = [each for each in outcome.results if each.rule_id == "count_movement"]
    assert len(counted) == 3


def test_what_is_set_aside_holds_nothing_up() -> None:
    outcome = run(moving_on, movements())

    items = [each.uow.event["item"] for each in outcome.results]
    assert items == ["apples", "pears"]
    assert outcome.response == {"batchItemFailures": []}
