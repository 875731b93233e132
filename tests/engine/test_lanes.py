from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from powertools_stream import FaultPolicy, RetryableError, UnitOfWork, flavor
from powertools_stream.outcomes import Reason
from powertools_stream.requests import Call
from powertools_stream.sources import SQSSource
from powertools_stream.testing import run, to_kinesis_records
from tests.engine.store import Save, Store, numbered, processing, writes


def kinesis(*keys: str) -> dict[str, Any]:
    event = to_kinesis_records([{"type": "e", "n": n} for n in range(len(keys))])
    for record, key in zip(event["Records"], keys, strict=True):
        record["kinesis"]["partitionKey"] = key
    return event


def test_an_ordered_rule_takes_one_key_one_at_a_time_and_other_keys_beside_it() -> None:
    open_keys: list[str] = []
    together: set[tuple[str, ...]] = set()

    @flavor(ordered=True)
    def follows(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, UnitOfWork]:
        key = uow.record["kinesis"]["partitionKey"]
        assert key not in open_keys
        open_keys.append(key)
        together.add(tuple(sorted(open_keys)))
        yield Save(uow.event["n"])
        open_keys.remove(key)
        return uow

    def answer(name: str, payloads: list[Any]) -> list[Any]:
        time.sleep(0.005)
        return payloads

    store = Store(answer)
    processor = processing(follows, store=store)
    response = processor.process_event(kinesis("a", "b", "a", "b", "a"))

    assert response == {"batchItemFailures": []}
    assert ("a", "b") in together
    saved = [payloads[0] for _, payloads in store.calls]
    assert [n for n in saved if n % 2 == 0] == [0, 2, 4]
    assert [n for n in saved if n % 2 == 1] == [1, 3]


@pytest.mark.parametrize(
    ("error", "policy", "started"),
    [
        (ValueError("no"), FaultPolicy.REPORT_AND_PUBLISH, [0, 1, 3]),
        (RetryableError("not now"), FaultPolicy.PUBLISH, [0, 1, 3]),
        (ValueError("no"), FaultPolicy.PUBLISH, [0, 1, 2, 3, 4]),
    ],
)
def test_a_reported_record_holds_back_later_ones_with_its_key_and_one_set_aside_does_not(
    error: Exception, policy: FaultPolicy, started: list[int]
) -> None:
    seen: list[int] = []

    @flavor(ordered=True)
    def follows(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        seen.append(uow.event["n"])
        yield Call(int)
        if uow.event["n"] == 0:
            raise error

    outcome = run([{"id": "follows", "flavor": follows}], kinesis("a", "b", "a", "b", "a"), on_fault=policy)

    assert sorted(seen) == started
    held_back = [fault for fault in outcome.faults if fault.reason is Reason.HELD_BACK]
    assert len(held_back) == 5 - len(started)


@pytest.mark.parametrize(("skip_group_on_error", "started"), [(True, [0, 1, 3]), (False, [0, 1])])
def test_fifo_stops_at_the_group_or_at_the_batch(skip_group_on_error: bool, started: list[int]) -> None:
    seen: list[int] = []

    def fails(uow: UnitOfWork, rule: Any) -> None:
        seen.append(uow.event["n"])
        if uow.event["n"] == 1:
            raise ValueError("no")

    event = numbered(4)
    for record, group in zip(event["Records"], ("a", "b", "b", "a"), strict=True):
        record["attributes"]["MessageGroupId"] = group

    outcome = run(
        [{"id": "fails", "flavor": fails}],
        event,
        source=SQSSource(fifo=True),
        skip_group_on_error=skip_group_on_error,
    )

    assert seen == started
    assert len(outcome.response["batchItemFailures"]) == (2 if skip_group_on_error else 3)


@pytest.mark.slow
def test_ten_thousand_records_of_one_key_run_through_an_ordered_rule_that_suspends() -> None:
    processor = processing(flavor(ordered=True)(writes), store=Store(), keep_results=False)

    assert processor.process_event(kinesis(*["one"] * 10_000)) == {"batchItemFailures": []}


def test_what_the_deadline_leaves_in_a_lane_or_in_a_call_is_reported_as_unfinished(
    lambda_context: Callable[..., Any],
) -> None:
    @flavor(ordered=True)
    def slow(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        yield Call(time.sleep, 1.5 if uow.event["n"] == 1 else 0)

    outcome = run([{"id": "slow", "flavor": slow}], kinesis("a", "b", "b"), context=lambda_context(800), max_workers=4)

    assert [fault.reason for fault in outcome.faults] == [Reason.UNFINISHED] * 2
    assert len(outcome.results) == 1
    assert all(fault.event is None for fault in outcome.faults)
