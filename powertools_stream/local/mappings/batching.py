"""When a batch is complete: records wait until there are enough of them, or for as long as the batching window says.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["BatchLimits", "Record", "Waiting", "fitting", "size_of"]

Record = dict[str, Any]
"""A record as Lambda sends it."""

# The limit of a synchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MAX_BYTES = 6 * 1024 * 1024

# {"Records": []}
_ENVELOPE = 15


@dataclass(frozen=True)
class BatchLimits:
    """How large a batch may be, and how long it may wait.

    Parameters
    ----------
    size
        The maximum number of records.
    window
        How long records may wait for more of them, in seconds.
    max_bytes
        The maximum size of the event.
    """

    size: int
    window: float = 0.0
    max_bytes: int = _MAX_BYTES


def size_of(record: Record) -> int:
    """Return the size of a record in an event, in bytes, with its comma."""
    return len(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")) + 1


def fitting(sizes: Iterable[int], limits: BatchLimits) -> int:
    """Return how many of the first records fit into a batch: at least one, however large it is."""
    total, count = _ENVELOPE, 0
    for size in sizes:
        total += size
        if count == limits.size or (count and total > limits.max_bytes):
            break
        count += 1
    return count


@dataclass(frozen=True)
class _Waiting:
    record: Record
    size: int
    since: float


@dataclass
class Waiting:
    """Records that were read, and not yet sent.

    Parameters
    ----------
    limits
        The limits of a batch.
    """

    limits: BatchLimits
    _records: list[_Waiting] = field(default_factory=list)
    _bytes: int = _ENVELOPE

    def __len__(self) -> int:
        return len(self._records)

    @property
    def is_full(self) -> bool:
        """Whether nothing more would fit into a batch."""
        return len(self._records) >= self.limits.size or self._bytes >= self.limits.max_bytes

    def add(self, records: Sequence[Record], now: float) -> None:
        """Add records that were read now."""
        added = [_Waiting(record, size_of(record), now) for record in records]
        self._records += added
        self._bytes += sum(each.size for each in added)

    def take(
        self, now: float, *, at_once: bool = False, is_free: Callable[[Record], bool] = lambda record: True
    ) -> list[Record]:
        """Return the records of the next batch, and forget them; none if it may still wait for more.

        Parameters
        ----------
        now
            The time, in seconds.
        at_once
            Whether the batch waits for nothing.
        is_free
            Whether a record may be sent now; the others stay.
        """
        free = [each for each in self._records if is_free(each.record)]
        count = fitting((each.size for each in free), self.limits)
        if not free or not (at_once or self._is_due(free, count, now)):
            return []
        taken = {id(each) for each in free[:count]}
        self._records = [each for each in self._records if id(each) not in taken]
        self._bytes -= sum(each.size for each in free[:count])
        return [each.record for each in free[:count]]

    def _is_due(self, free: Sequence[_Waiting], count: int, now: float) -> bool:
        # There are three ways for a batch to be complete: its window ends, it has enough records, or one does not fit.
        return now - free[0].since >= self.limits.window or count == self.limits.size or count < len(free)
