"""The oracle finds each kind of violation: it is shown runs that are as they should be but for one thing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.soak.drawing import draw
from tests.soak.history import Deed, Delivery, FaultReport, History
from tests.soak.oracle import check
from tests.soak.program import (
    CodeFailure,
    PlannedInvocation,
    PlannedOptions,
    PlannedRecord,
    PlannedRule,
    Program,
    describe,
)

_RECORDS = tuple(PlannedRecord(position, "alpha", key="k", timestamp=position) for position in range(3))


def program(**changes: Any) -> Program:
    """Three records of one key and an ordered rule with two writes for each."""
    planned = Program(
        seed=0,
        source="kinesis",
        records=_RECORDS,
        rules=(PlannedRule("rule-0", "task: requests"),),
        code=(),
        service=(),
        options=PlannedOptions(on_fault="publish"),
        invocations=(PlannedInvocation(1_000, 12),),
    )
    return replace(planned, **changes)


def delivery(planned: Program, reported: tuple[str, ...] = (), number: int = 0, **changes: Any) -> Delivery:
    """The delivery of all records, of which these are reported, and only they come again."""
    raw = {record.ref: {"soak": record.ref} for record in planned.records}
    named = [f"m-{ref}" if "sqs" in planned.source else str(10**20 + int(ref[1:])) for ref in reported]
    fields: dict[str, Any] = {
        "number": number,
        "refs": tuple(raw),
        "raw": raw,
        "remaining": 1.0,
        "response": {"batchItemFailures": [{"itemIdentifier": name} for name in named]},
        "reported": frozenset(reported),
        "acknowledged": frozenset(raw) - frozenset(reported),
    }
    return Delivery(**{**fields, **changes})


def deeds(*refs: str, number: int = 0) -> list[Deed]:
    """Both writes for each of these records, one after the other."""
    done = [(ref, label) for ref in refs for label in "01"]
    return [Deed(index, number, ref, "rule-0", label) for index, (ref, label) in enumerate(done)]


def set_aside(ref: str, index: int = 0, **changes: Any) -> FaultReport:
    fields: dict[str, Any] = {
        "index": index,
        "invocation": 0,
        "rule_id": "rule-0",
        "refs": frozenset({ref}),
        "records": {ref: {"soak": ref}},
        "disposition": "set-aside",
        "error": "ValueError",
        "is_whole": True,
        "event_type": "alpha",
    }
    return FaultReport(**{**fields, **changes})


def kinds(planned: Program, history: History) -> set[str]:
    return {violation.kind for violation in check(planned, history)}


def test_a_run_in_which_everything_is_done_in_order_is_fine() -> None:
    planned = program()

    assert check(planned, History([delivery(planned)], deeds("r0", "r1", "r2"))) == []


def test_a_record_without_one_of_its_writes_is_lost() -> None:
    planned = program()

    (violation,) = check(planned, History([delivery(planned)], deeds("r0", "r1", "r2")[:-1]))

    assert str(violation) == "lost: r2 in invocation 0: rule-0 has done 0"


def test_what_was_done_in_another_invocation_does_not_count() -> None:
    planned = program()

    assert "lost" in kinds(planned, History([delivery(planned)], deeds("r0", "r1", "r2", number=1)))


def test_a_record_that_is_reported_need_not_be_done() -> None:
    planned = program()

    assert check(planned, History([delivery(planned, ("r2",))], deeds("r0", "r1"))) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"is_whole": False}, {"lost"}),
        ({"records": {"r2": {"soak": "something else"}}}, {"lost"}),
        ({"disposition": "reported"}, {"lost"}),
        ({"invocation": 1}, {"lost"}),
    ],
)
def test_a_record_is_set_aside_by_a_whole_fault_event_only(changes: dict[str, Any], expected: set[str]) -> None:
    planned = program(code=(CodeFailure("rule-0", "r2", "code", "ValueError", 1),))
    history = History([delivery(planned)], deeds("r0", "r1"), [set_aside("r2", 9, **changes)])

    assert kinds(planned, history) == expected


def test_a_record_of_which_only_passing_errors_are_known_is_not_set_aside() -> None:
    planned = program(code=(CodeFailure("rule-0", "r2", "code", "RetryableError", 1),))
    history = History([delivery(planned)], deeds("r0", "r1"), [set_aside("r2", 9)])

    assert kinds(planned, history) == {"set aside"}


def test_a_record_is_not_set_aside_against_the_policy() -> None:
    planned = program(
        code=(CodeFailure("rule-0", "r2", "code", "ValueError", 1),), options=PlannedOptions(on_fault="report")
    )
    history = History([delivery(planned)], deeds("r0", "r1"), [set_aside("r2", 9)])

    assert kinds(planned, history) == {"set aside"}


def test_a_record_that_cannot_be_read_is_set_aside_or_reported() -> None:
    planned = program(records=(*_RECORDS[:2], replace(_RECORDS[2], malformed="not JSON")))
    aside = set_aside("r2", 9, rule_id="undefined")

    assert kinds(planned, History([delivery(planned)], deeds("r0", "r1"))) == {"lost"}
    assert kinds(planned, History([delivery(planned)], deeds("r0", "r1"), [aside])) == set()
    assert kinds(planned, History([delivery(planned, ("r2",))], deeds("r0", "r1"))) == set()


def test_the_writes_of_an_ordered_rule_come_in_record_order() -> None:
    planned = program()

    assert kinds(planned, History([delivery(planned)], deeds("r1", "r0", "r2"))) == {"out of order"}


def test_a_later_record_waits_for_an_earlier_one_to_succeed_in_a_later_invocation() -> None:
    planned = program()
    first = delivery(planned, ("r0", "r1", "r2"))
    second = delivery(planned, number=1)
    early = [Deed(-1, 0, "r1", "rule-0", "0")]

    history = History([first, second], [*early, *deeds("r0", "r1", "r2", number=1)])

    assert [str(violation) for violation in check(planned, history)] == [
        "out of order: r1 before r0 by rule-0 in invocation 0"
    ]


def test_a_later_record_follows_one_that_is_set_aside_once_the_fault_event_is_accepted() -> None:
    planned = program(code=(CodeFailure("rule-0", "r0", "code", "ValueError", 1),))
    done = [replace(deed, index=deed.index + 10) for deed in deeds("r1", "r2")]

    assert kinds(planned, History([delivery(planned)], done, [set_aside("r0", 9)])) == set()
    assert kinds(planned, History([delivery(planned)], done, [set_aside("r0", 11)])) == {"out of order"}


def test_a_rule_that_compacts_does_the_newest_record_for_all() -> None:
    planned = program(rules=(PlannedRule("rule-0", "task: requests", compact=True),))

    assert kinds(planned, History([delivery(planned)], deeds("r2"))) == set()
    assert kinds(planned, History([delivery(planned)], deeds("r1"))) == {"lost"}


def test_of_records_of_the_same_age_the_one_that_came_last_is_the_newest() -> None:
    records = tuple(replace(record, timestamp=7) for record in _RECORDS)
    planned = program(source="sqs", records=records, rules=(PlannedRule("rule-0", "task: requests", compact=True),))

    for last, expected in (("r1", set()), ("r0", {"lost"})):
        refs = (*(record.ref for record in records if record.ref != last), last)
        assert kinds(planned, History([delivery(planned, refs=refs)], deeds("r1"))) == expected


def test_an_invocation_that_ends_too_late_is_found() -> None:
    planned = program()

    assert kinds(planned, History([delivery(planned, elapsed=1.2)], deeds("r0", "r1", "r2"))) == set()
    assert kinds(planned, History([delivery(planned, elapsed=1.3)], deeds("r0", "r1", "r2"))) == {"late"}


@pytest.mark.parametrize("names", [[""], ["unheard-of"], [str(10**20), str(10**20)]])
def test_names_in_the_response_are_known_and_there_once(names: list[str]) -> None:
    planned = program()
    response = {"batchItemFailures": [{"itemIdentifier": name} for name in names]}

    history = History([delivery(planned, response=response)], deeds("r0", "r1", "r2"))

    assert kinds(planned, history) == {"badly named"}


@pytest.mark.parametrize(
    ("error", "failed", "expected"),
    [
        ("BatchProcessingError: all", 3, set()),
        ("BatchProcessingError: some", 2, {"escaped"}),
        ("ValueError: no", 3, {"escaped"}),
    ],
)
def test_nothing_is_raised_unless_all_records_failed(error: str, failed: int, expected: set[str]) -> None:
    planned = program(options=PlannedOptions(raise_on_entire_batch_failure=True))

    raised = delivery(planned, ("r0", "r1", "r2"), error=error, failed=failed)

    assert kinds(planned, History([raised])) == expected


def test_behind_a_reported_record_of_a_fifo_queue_all_of_its_group_is_reported() -> None:
    planned = program(source="sqs-fifo", records=(*_RECORDS[:2], replace(_RECORDS[2], key="other")))
    done = deeds("r0", "r1", "r2")

    assert kinds(planned, History([delivery(planned, ("r0", "r1"))], done)) == set()
    assert kinds(planned, History([delivery(planned, ("r0",))], done)) == {"group"}


def test_what_is_reported_though_nothing_fails_any_more_is_found() -> None:
    planned = program()

    assert kinds(planned, History([delivery(planned, ("r2",), is_last=True)], deeds("r0", "r1"))) == {"stuck"}


def test_the_same_seed_draws_the_same_program() -> None:
    programs = [draw(seed) for seed in range(100)]

    assert programs == [draw(seed) for seed in range(100)]
    assert len({describe(drawn).partition(":")[2] for drawn in programs}) == 100
