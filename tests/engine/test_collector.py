"""The garbage collector, which is let run less often while a batch runs, and then as before."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.testing import to_sqs_records

EVENTS = to_sqs_records([{"id": "1", "type": "x"}])


@pytest.fixture(autouse=True)
def _threshold() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def _process(execute: Any) -> None:
    rules = [{"id": "r", "flavor": task, "execute": execute}]
    StreamProcessor(rules=rules, raise_on_entire_batch_failure=False).process_event(EVENTS)


def test_the_threshold_is_higher_during_a_batch_and_restored_after_it() -> None:
    seen: list[int] = []

    _process(lambda uow: seen.append(gc.get_threshold()[0]))

    assert seen[0] > 10_000
    assert gc.get_threshold() == (700, 10, 10)


def test_the_threshold_is_restored_whatever_happens() -> None:
    def stop(uow: UnitOfWork) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _process(stop)

    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("threshold", [0, 500_000])
def test_what_the_user_has_set_is_left_alone(threshold: int) -> None:
    gc.set_threshold(threshold)
    seen: list[int] = []

    _process(lambda uow: seen.append(gc.get_threshold()[0]))

    assert seen == [threshold]
    assert gc.get_threshold()[0] == threshold


def test_what_user_code_sets_meanwhile_stays() -> None:
    _process(lambda uow: gc.set_threshold(123))

    assert gc.get_threshold()[0] == 123


def test_batches_on_several_threads_restore_it_when_the_last_has_ended() -> None:
    inside, goes_on = threading.Event(), threading.Event()

    def wait(uow: UnitOfWork) -> None:
        inside.set()
        goes_on.wait(10)

    other = threading.Thread(target=_process, args=(wait,))
    other.start()
    assert inside.wait(10)
    _process(lambda uow: None)
    during = gc.get_threshold()[0]
    goes_on.set()
    other.join(10)

    assert during > 10_000
    assert gc.get_threshold() == (700, 10, 10)
