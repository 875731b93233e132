from __future__ import annotations

import json

from powertools_stream.local.mappings.batching import BatchLimits, Waiting, fitting, size_of

LIMITS = BatchLimits(size=3, window=10, max_bytes=100)


def records(*sizes: int) -> list[dict[str, str]]:
    """Return records that take so many bytes in an event, with their commas."""
    return [{"a": "x" * (size - len('{"a":""},'))} for size in sizes]


def test_the_size_of_a_record_is_what_it_adds_to_the_event() -> None:
    one, two = records(30, 40)
    event = json.dumps({"Records": [one, two, {"a": "é"}]}, separators=(",", ":"), ensure_ascii=False)

    assert [size_of(one), size_of(two)] == [30, 40]
    assert size_of({"a": "é"}) == 11
    # The last one has no comma.
    assert len(event.encode()) == len('{"Records":[]}') + 30 + 40 + 11 - 1


def test_as_many_records_fit_as_the_limits_allow_and_at_least_one() -> None:
    assert fitting([10] * 5, LIMITS) == 3
    assert fitting([50, 35, 1], LIMITS) == 2
    assert fitting([50, 36, 1], LIMITS) == 1
    assert fitting([500, 1], LIMITS) == 1
    assert fitting([], LIMITS) == 0


def test_a_batch_is_due_before_its_window_ends_if_the_next_record_does_not_fit() -> None:
    waiting = Waiting(LIMITS)
    first, second = records(60, 60)

    waiting.add([first], now=0)
    early = waiting.take(1)
    waiting.add([second], now=1)
    due = waiting.take(1)

    assert early == []
    assert due == [first]
    assert waiting.take(10.5) == []
    assert waiting.take(11) == [second]


def test_a_batch_is_full_by_its_number_of_records_or_by_their_bytes() -> None:
    waiting = Waiting(LIMITS)
    full = []

    for sizes in ([60], [60]):
        waiting.add(records(*sizes), now=0)
        full.append(waiting.is_full)
    waiting.take(0, at_once=True)
    full.append(waiting.is_full)
    waiting.add(records(10, 10), now=0)
    full.append(waiting.is_full)

    assert full == [False, True, False, True]


def test_records_that_may_not_be_sent_yet_stay() -> None:
    waiting = Waiting(LIMITS)
    first, second = records(20, 30)
    waiting.add([first, second], now=0)

    assert waiting.take(0, at_once=True, is_free=lambda record: record is second) == [second]
    assert len(waiting) == 1
