"""What becomes of a batch of a stream: which records are done, which are sent again, and which are given up on.

These are pure functions. The rules are AWS's:
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from powertools_stream.local.mappings.batching import Record

__all__ = ["AGE_EXCEEDED", "RETRIES_EXHAUSTED", "Decision", "Piece", "RetryLimits", "decide", "too_old"]

# The conditions in records for the destination.
RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
AGE_EXCEEDED = "RecordAgeExceeded"


@dataclass(frozen=True)
class RetryLimits:
    """How often, and until when, records of a stream are sent again.

    Parameters
    ----------
    max_retries
        How many times a batch is sent again before it is discarded; -1: no limit.
    max_record_age
        How old a record may be that is sent, in seconds; -1: no limit.
    bisect
        Whether a batch is split in two if the function fails.
    """

    max_retries: int = -1
    max_record_age: float = -1
    bisect: bool = False


@dataclass(frozen=True)
class Piece:
    """Records that are sent together: a batch, or what is left of one.

    Parameters
    ----------
    records
        The records, in order.
    retries
        How many retries they have used up.
    invocations
        How many invocations have had them.
    """

    records: tuple[Record, ...]
    retries: int = 0
    invocations: int = 0


@dataclass(frozen=True)
class Decision:
    """What becomes of the records of one invocation.

    Parameters
    ----------
    done
        How many are done: the first ones.
    again
        What is sent again, in order, before anything else.
    discarded
        What is given up on; None: nothing.
    """

    done: int
    again: tuple[Piece, ...] = ()
    discarded: Piece | None = None


def decide(piece: Piece, restart: int | None, *, is_reported: bool, limits: RetryLimits) -> Decision:
    """Decide what becomes of records that were sent.

    Parameters
    ----------
    piece
        The records.
    restart
        The index of the first one that is to be sent again; None: all are done.
    is_reported
        Whether the function reported it; if not, it failed as a whole.
    limits
        The limits of the mapping.
    """
    if restart is None:
        return Decision(done=len(piece.records))
    left, invocations = piece.records[restart:], piece.invocations + 1
    if restart > 0:
        # After any progress it is another batch, with all its retries left.
        return Decision(restart, (Piece(left, 0, invocations),))
    if limits.bisect and not is_reported and len(left) > 1:
        # "Splitting batches doesn't consume the retry quota."
        middle = (len(left) + 1) // 2
        halves = (left[:middle], left[middle:])
        return Decision(0, tuple(Piece(half, piece.retries, invocations) for half in halves))
    if 0 <= limits.max_retries <= piece.retries:
        return Decision(0, discarded=Piece(left, piece.retries, invocations))
    return Decision(0, (Piece(left, piece.retries + 1, invocations),))


def too_old(
    records: Sequence[Record], now: float, *, limits: RetryLimits, arrival_of: Callable[[Record], float]
) -> int:
    """Return how many of the first records are too old to be sent."""
    if limits.max_record_age < 0:
        return 0
    ages = (now - arrival_of(record) for record in records)
    return next((index for index, age in enumerate(ages) if age <= limits.max_record_age), len(records))
