from __future__ import annotations

import math
from typing import Any

from powertools_stream.call_options import Pacer
from powertools_stream.connectors.base import Operation
from powertools_stream.engine.dispatch.chunks import Chunk
from powertools_stream.engine.dispatch.paced_calls import PacedCalls


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _chunks(count: int, *pacers: Pacer) -> list[Chunk]:
    connector: Any = None
    return [Chunk(Operation("http", "GET", pacers=pacers), connector) for _ in range(count)]


def _begin(turns: PacedCalls, chunks: list[Chunk]) -> None:
    for chunk in chunks:
        for pacer in chunk.operation.pacers:
            pacer.begun()
        turns.begun(chunk)


def test_a_call_goes_when_its_turn_comes_and_not_before() -> None:
    clock = _Clock()
    turns = PacedCalls(math.inf, clock)
    chunks = _chunks(2, Pacer(2, 1, clock=clock))
    for chunk in chunks:
        turns.add(chunk)

    assert turns.take() == chunks[:1]
    _begin(turns, chunks[:1])
    assert (turns.take(), turns.next_at) == ([], 100.5)
    clock.now = 100.5
    assert turns.take() == chunks[1:]
    assert turns.next_at == math.inf


def test_those_that_are_late_do_not_come_in_a_heap() -> None:
    clock = _Clock()
    turns = PacedCalls(math.inf, clock)
    for chunk in _chunks(10, Pacer(2, 1, clock=clock)):
        turns.add(chunk)
    _begin(turns, turns.take())

    clock.now = 110.0

    late = turns.take()
    _begin(turns, late)
    assert len(late) == 1
    assert (turns.take(), turns.next_at) == ([], 110.5)


def test_the_next_keeps_its_distance_from_when_a_call_began_and_not_from_when_it_was_handed_over() -> None:
    clock = _Clock()
    turns = PacedCalls(math.inf, clock)
    for chunk in _chunks(2, Pacer(2, 1, clock=clock)):
        turns.add(chunk)
    handed_over = turns.take()

    clock.now = 103.0  # all workers were busy
    assert (turns.take(), turns.next_at) == ([], math.inf)
    _begin(turns, handed_over)

    assert turns.next_at == 103.5


def test_a_call_waits_for_all_its_pacers_and_takes_no_turn_in_vain() -> None:
    clock = _Clock()
    turns = PacedCalls(math.inf, clock)
    fast, slow = Pacer(10, 1, clock=clock), Pacer(1, 1, clock=clock)
    slow.take()
    (both,) = _chunks(1, fast, slow)
    (alone,) = _chunks(1, fast)

    turns.add(both)
    turns.add(alone)

    assert turns.take() == [alone]
    clock.now = 101.0
    assert turns.take() == [both]


def test_calls_without_a_rate_go_at_once_whether_or_not_others_have_begun() -> None:
    turns = PacedCalls(math.inf, _Clock())
    chunks = _chunks(3, Pacer(math.inf, 1, clock=_Clock()))
    for chunk in chunks:
        turns.add(chunk)

    assert turns.take() == chunks


def test_calls_whose_turn_comes_too_late_are_given_up_from_the_end() -> None:
    clock = _Clock()
    turns = PacedCalls(102.1, clock)
    pacer = Pacer(1, 1, clock=clock)
    chunks = _chunks(5, pacer)
    for chunk in chunks:
        turns.add(chunk)
    _begin(turns, turns.take())

    assert turns.give_up() == chunks[3:]
    pacer.hold(102.0)  # the host asks for a pause
    assert turns.give_up() == chunks[2:3]
    clock.now = 102.0
    assert turns.take() == chunks[1:2]
