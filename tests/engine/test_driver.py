from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from types import MappingProxyType
from typing import Any

import pytest

from powertools_stream import FaultPolicy, UnitOfWork
from powertools_stream.errors import RunError
from powertools_stream.flavors import task
from powertools_stream.requests import Call, GetItems
from powertools_stream.testing import drive, run, to_kinesis_records
from tests.engine.store import Save, Store, numbered, processing
from tests.rules.test_idempotency import Memory


def test_everything_in_a_list_settles_before_the_first_error_is_raised() -> None:
    store = Store(lambda name, payloads: [RuntimeError(str(p)) if p in ("a", "b") else p for p in payloads])
    seen: list[str] = []

    def child() -> Generator[Any, Any, str]:
        seen.append((yield Save("child")))
        return "child's answer"

    async def coroutine() -> str:
        await asyncio.sleep(0.001)
        seen.append("coroutine")
        return "coroutine's answer"

    def asks(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, UnitOfWork]:
        with pytest.raises(RuntimeError, match="b"):
            yield [child(), Save("b"), coroutine(), [Save("a")]]
        answers = yield [child(), coroutine(), [Save("c"), []]]
        return uow.extend(answers=answers)

    processor = processing(asks, store=store)
    processor.process_event(numbered(1))

    (result,) = processor.results
    assert result.uow["answers"] == ["child's answer", "coroutine's answer", ["c", []]]
    assert sorted(seen) == ["child", "child", "coroutine", "coroutine"]


@pytest.mark.parametrize("asked", [None, 42, "request", object()])
def test_yielding_what_is_no_request_says_what_may_be_yielded(asked: Any) -> None:
    def asks(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        yield asked

    (fault,) = run([{"id": "odd", "flavor": asks}], numbered(1)).faults

    assert isinstance(fault.error, RunError)
    assert "Expected a flavor to yield" in str(fault.error)


def test_yielding_the_class_of_a_request_says_to_make_one() -> None:
    def asks(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        yield Save

    (fault,) = run([{"id": "odd", "flavor": asks}], numbered(1)).faults

    assert "found the class Save. Make one of it: yield Save(…)." in str(fault.error)


def test_returning_what_is_no_unit_of_work_says_what_may_be_returned() -> None:
    (fault,) = run([{"id": "odd", "flavor": lambda uow, rule: 42}], numbered(1)).faults

    assert "Expected a flavor to return a UnitOfWork" in str(fault.error)


def returns_a_mapping(uow: UnitOfWork, rule: Any) -> dict[str, Any]:
    return {**uow, "total": 42}


def returns_mappings(uow: UnitOfWork, rule: Any) -> list[Any]:
    return [{**uow, "total": 42}, uow.extend(total=43)]


def returns_a_mapping_in_the_end(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, Any]:
    answer = yield Call(int, "42")
    return {**uow, "total": answer}


def returns_a_mapping_that_is_no_dict(uow: UnitOfWork, rule: Any) -> Any:
    return MappingProxyType({**uow, "total": 42})


def returns_a_unit_of_work_of_its_own(uow: UnitOfWork, rule: Any) -> UnitOfWork:
    return Own(uow, total=42)


class Own(UnitOfWork):
    pass


@pytest.mark.parametrize(
    ("flavor", "totals"),
    [
        (returns_a_mapping, [42]),
        (returns_mappings, [42, 43]),
        (returns_a_mapping_in_the_end, [42]),
        (returns_a_mapping_that_is_no_dict, [42]),
        (returns_a_unit_of_work_of_its_own, [42]),
    ],
)
def test_a_plain_mapping_is_a_unit_of_work(flavor: Any, totals: list[int]) -> None:
    outcome = run([{"id": "r", "flavor": flavor}], numbered(1), responses={Call: 42})
    driven = drive(flavor, outcome.results[0].uow, responses=lambda request: 42)

    assert outcome.faults == []
    assert [result.uow["total"] for result in outcome.results] == totals
    assert [uow["total"] for uow in driven.results] == totals
    for uow in (*(result.uow for result in outcome.results), *driven.results):
        assert isinstance(uow, UnitOfWork)
        assert uow.rule_id == "r"


def test_a_list_with_something_else_says_what_is_in_it() -> None:
    (fault,) = run([{"id": "odd", "flavor": lambda uow, rule: [uow, "text", 5]}], numbered(1)).faults

    assert "but found a list with str, int. Return uow.extend" in str(fault.error)


def test_awaiting_a_request_says_to_yield_it() -> None:
    async def execute(uow: UnitOfWork) -> Any:
        return await GetItems({"Keys": [{"pk": "1"}]})  # type: ignore[misc]

    (fault,) = run([{"id": "r", "flavor": task, "execute": execute}], numbered(1)).faults

    assert isinstance(fault.error, TypeError)
    assert "A request is yielded, not awaited: `response = yield GetItems(…)`" in str(fault.error)


def test_user_functions_run_on_the_main_thread_and_blocking_calls_do_not() -> None:
    threads: set[str] = set()

    def asks(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        main = threading.current_thread()
        worker = yield Call(threading.current_thread)
        assert threading.current_thread() is main
        threads.add("main" if worker is main else "worker")

    run([{"id": "calls", "flavor": asks}], numbered(3))

    assert threads == {"worker"}


def _asking() -> Generator[Any, Any, int]:
    yield Call(abs, -1)
    return 1


def _twice_at_once(uow: UnitOfWork) -> Generator[Any, Any, Any]:
    asking = _asking()
    return (yield [asking, asking])


def _one_after_the_other(uow: UnitOfWork) -> Generator[Any, Any, Any]:
    asking = _asking()
    yield asking
    return (yield asking)


def _begun_by_hand(uow: UnitOfWork) -> Generator[Any, Any, Any]:
    asking = _asking()
    next(asking)
    return (yield asking)


def _returned_twice(uow: UnitOfWork) -> list[Any]:
    asking = _asking()
    return [asking, asking]


def _itself(uow: UnitOfWork) -> Generator[Any, Any, Any]:
    held: list[Any] = []

    def _asking() -> Generator[Any, Any, Any]:
        return (yield held[0])

    held.append(_asking())
    return (yield held[0])


@pytest.mark.parametrize(
    "execute",
    [_twice_at_once, _one_after_the_other, _begun_by_hand, _returned_twice, _itself],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("check_mutation", [True, False])
def test_a_generator_that_was_started_already_is_an_error_and_never_none(execute: Any, check_mutation: bool) -> None:
    message = r"has not been started, but found '_asking' for the second time.*Call _asking\(…\) again for each use"

    outcome = run([{"id": "r", "flavor": task, "execute": execute}], numbered(1), check_mutation=check_mutation)

    (fault,) = outcome.faults
    with pytest.raises(RunError, match=message):
        raise fault.error
    with pytest.raises(RunError, match=message):
        drive(task, {"event": {}}, {"execute": execute}, lambda request: 1)


@pytest.mark.parametrize("check_mutation", [True, False])
@pytest.mark.parametrize("is_flavor", [True, False], ids=["of the flavor", "of a function"])
def test_a_generator_that_records_share_runs_for_the_first_of_them(is_flavor: bool, check_mutation: bool) -> None:
    shared = _asking()

    def flavor(uow: UnitOfWork, rule: Any) -> Any:
        return shared

    fields: dict[str, Any] = {"flavor": flavor} if is_flavor else {"flavor": task, "execute": lambda uow: shared}

    outcome = run([{"id": "r", **fields}], numbered(3), check_mutation=check_mutation)

    errors = [str(fault.error) for fault in outcome.faults]
    assert len(errors) == (3 if is_flavor else 2)  # what this generator returns is no unit of work
    assert all("for the second time" in error for error in errors[-2:])


@pytest.mark.parametrize("check_mutation", [True, False])
@pytest.mark.parametrize("fields", [{"ordered": True}, {"idempotent": True}], ids=lambda fields: next(iter(fields)))
def test_a_generator_that_records_share_is_an_error_where_they_wait_for_each_other(
    fields: dict[str, Any], check_mutation: bool
) -> None:
    def shared() -> Generator[Any, Any, None]:
        yield Call(abs, -1)

    made = shared()

    def flavor(uow: UnitOfWork, rule: Any) -> Any:
        return made

    event = to_kinesis_records([{"id": str(n), "type": "e", "partition_key": "k"} for n in range(2)])
    options: dict[str, Any] = {"idempotency_store": Memory(), "on_fault": FaultPolicy.PUBLISH}

    outcome = run([{"id": "r", "flavor": flavor, **fields}], event, check_mutation=check_mutation, **options)

    (fault,) = outcome.faults
    assert "found 'shared' for the second time" in str(fault.error)
