from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.local.mappings.retries import Decision, Piece, RetryLimits, decide, too_old

RECORDS: tuple[dict[str, Any], ...] = tuple({"at": at} for at in range(5))
BATCH = Piece(RECORDS)


def decided(piece: Piece, restart: int | None, *, is_reported: bool = True, **limits: Any) -> Decision:
    return decide(piece, restart, is_reported=is_reported, limits=RetryLimits(**limits))


def test_a_batch_of_which_nothing_was_reported_is_done() -> None:
    assert decided(BATCH, None) == Decision(done=5)


def test_the_rest_of_a_batch_is_another_batch_with_all_its_retries() -> None:
    assert decided(Piece(RECORDS, retries=3, invocations=3), 2, max_retries=3) == Decision(
        done=2, again=(Piece(RECORDS[2:], retries=0, invocations=4),)
    )


@pytest.mark.parametrize("is_reported", [True, False])
def test_a_batch_without_progress_uses_up_a_retry(is_reported: bool) -> None:
    assert decided(BATCH, 0, is_reported=is_reported, max_retries=1).again == (Piece(RECORDS, 1, 1),)
    assert decided(Piece(RECORDS, 1, 1), 0, is_reported=is_reported, max_retries=1).discarded == Piece(RECORDS, 1, 2)


def test_without_a_limit_it_is_sent_again_for_ever() -> None:
    assert decided(Piece(RECORDS, 10_000, 10_000), 0).discarded is None


def test_after_an_error_a_batch_is_split_and_no_retry_is_used_up() -> None:
    decision = decided(BATCH, 0, is_reported=False, bisect=True, max_retries=0)

    assert decision.again == (Piece(RECORDS[:3], 0, 1), Piece(RECORDS[3:], 0, 1))


def test_a_reported_batch_is_not_split_and_a_single_record_cannot_be() -> None:
    single = Piece(RECORDS[:1])

    assert decided(BATCH, 0, bisect=True).again == (Piece(RECORDS, 1, 1),)
    assert decided(single, 0, is_reported=False, bisect=True).again == (Piece(RECORDS[:1], 1, 1),)
    assert decided(single, 0, is_reported=False, bisect=True, max_retries=0).discarded == Piece(RECORDS[:1], 0, 1)


@pytest.mark.parametrize(("now", "count"), [(60, 0), (61, 1), (63, 3), (100, 5)])
def test_the_oldest_records_of_a_batch_may_be_too_old(now: int, count: int) -> None:
    limits = RetryLimits(max_record_age=60)

    assert too_old(RECORDS, now, limits=limits, arrival_of=lambda record: float(record["at"])) == count


def test_without_a_limit_no_record_is_too_old() -> None:
    assert too_old(RECORDS, 10**9, limits=RetryLimits(), arrival_of=lambda record: float(record["at"])) == 0
