from __future__ import annotations

import json
from typing import Any

import pytest

from powertools_stream.local.activity import (
    FunctionTally,
    LogLine,
    MappingBatch,
    MappingFailed,
    MappingTally,
    Tally,
)
from powertools_stream.local.function import Invocation
from powertools_stream.local.mappings import BatchOutcome


def invocation(*ids: str, error: BaseException | None = None) -> Invocation:
    return Invocation("Listener", "request", {"Records": [{"messageId": each} for each in ids]}, None, error, 0.5)


def batch(invocation: Invocation | None, **counts: Any) -> MappingBatch:
    return MappingBatch("Orders", BatchOutcome("arn", "Listener", invocation, **counts))


def test_invocations_and_their_errors_are_counted() -> None:
    tally = Tally()
    tally(invocation("1"))
    tally(invocation("2", error=ValueError("bad")))
    assert tally.functions == {"Listener": FunctionTally(invocations=2, errors=1, seconds=1.0)}
    assert tally.activities == 2


def test_a_record_that_comes_again_is_one_record() -> None:
    tally = Tally()
    tally(batch(invocation("1", "2", "3"), done=1, retried=2))
    tally(batch(invocation("2", "3"), done=1, retried=1))
    assert tally.mappings == {
        "Orders": MappingTally(batches=2, records=3, deliveries=5, done=2, retried=3, discarded=0)
    }
    assert tally.mappings["Orders"].open == 1


def test_records_that_became_too_old_may_have_been_sent_or_not() -> None:
    tally = Tally()
    tally(batch(None, discarded=2))
    assert tally.mappings["Orders"] == MappingTally(batches=1, records=2, discarded=2)

    tally(batch(invocation("1", "2", "3"), retried=3))
    tally(batch(None, discarded=3))
    assert tally.mappings["Orders"].records == 5
    assert tally.mappings["Orders"].open == 0


@pytest.mark.parametrize("text", ["", "plain", "{broken", "[1]", '{"message": "of somebody else", "batch": 5}'])
def test_other_lines_change_nothing(text: str) -> None:
    tally = Tally()
    tally(LogLine("Listener", text))
    assert (tally.functions, dict(tally.failures)) == ({}, {})


def test_rules_and_faults_are_read_from_the_lines_of_the_processor() -> None:
    tally = Tally()
    tally(line(batch={"rule_runs": 7, "faults": 2}))
    tally(line(batch={"rule_runs": 1, "faults": 0}))
    tally(line(rules=["accept", "keep"], reasons=["fault", "retryable"]))
    assert tally.functions["Listener"] == FunctionTally(rule_runs=8, faults=2)
    assert tally.failures == {("Listener", "accept", "fault"): 1, ("Listener", "keep", "retryable"): 1}


def test_a_mapping_that_ended_is_a_problem() -> None:
    tally, failed = Tally(), MappingFailed("Orders", ValueError("gone"))
    tally(failed)
    assert tally.problems == [failed]


def line(**fields: Any) -> LogLine:
    return LogLine("Listener", json.dumps(fields))
