from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import Call
from powertools_stream.testing import run
from tests.engine.store import numbered


def test_coroutines_of_a_batch_run_side_by_side_on_one_loop_kept_between_batches() -> None:
    loops: set[int] = set()
    under_way = 0
    most = 0

    async def execute(uow: UnitOfWork) -> None:
        nonlocal under_way, most
        loops.add(id(asyncio.get_running_loop()))
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1

    processor = StreamProcessor(rules=[{"id": "async", "flavor": task, "execute": execute}])
    for _ in range(2):
        assert processor.process_event(numbered(5)) == {"batchItemFailures": []}

    assert most == 5
    assert len(loops) == 1


async def _inside_a_loop(rules: Any, event: Any) -> Any:
    return run(rules, event)


def test_a_coroutine_inside_a_running_loop_is_a_clear_error() -> None:

    async def execute(uow: UnitOfWork) -> None: ...

    rules = [{"id": "async", "flavor": task, "execute": execute}]
    outcome = asyncio.run(_inside_a_loop(rules, numbered(1)))

    assert "found a loop running already" in str(outcome.faults[0].error)


def test_many_coroutines_that_end_together_are_all_waited_for_and_no_longer() -> None:
    async def short(n: int) -> int:
        await asyncio.sleep(n % 3 / 10_000)
        return n

    def asks(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, UnitOfWork]:
        total = 0
        for n in range(5):
            answers = yield [short(n), Call(int, n), short(n + 1)]
            total += sum(answers)
        return uow.extend(total=total)

    for _ in range(10):
        outcome = run([{"id": "asks", "flavor": asks}], numbered(20), max_workers=4)

        assert [result.uow["total"] for result in outcome.results] == [35] * 20
