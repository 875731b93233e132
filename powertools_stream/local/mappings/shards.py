"""The shards of a stream: in what order they are read, and what of them was read and is not done."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from powertools_stream.local.mappings.batching import BatchLimits, Record, Waiting
from powertools_stream.local.mappings.retries import Piece

__all__ = ["Lane", "Shard", "ShardInfo", "is_blocked"]

# How much of a shard is read ahead of what is done.
_MAX_AHEAD = 10_000


@dataclass(frozen=True)
class ShardInfo:
    """A shard, as the service describes it.

    Parameters
    ----------
    shard_id
        Its id.
    parents
        The shards that it continues, after a split or a merger.
    is_closed
        Whether it gets no more records.
    """

    shard_id: str
    parents: tuple[str, ...] = ()
    is_closed: bool = False


@dataclass(eq=False)
class Lane:
    """A part of a shard, whose batches are sent one after the other."""

    shard_id: str
    waiting: Waiting
    again: deque[Piece] = field(default_factory=deque)
    """What was sent, and is not done: it is sent again before anything new."""
    retry_at: float = 0.0
    is_in_flight: bool = False

    def held(self) -> int:
        """Return how many records were read and are neither done nor in flight."""
        return len(self.waiting) + sum(len(piece.records) for piece in self.again)


@dataclass(eq=False)
class Shard:
    """The progress of reading one shard."""

    info: ShardInfo
    iterator: str | None
    """Where to read on; None: all of it was read."""
    position: Mapping[str, Any]
    """Where that is, in case the iterator expires: the parameters for another one."""
    lanes: Sequence[Lane]

    @classmethod
    def of(
        cls, info: ShardInfo, iterator: str | None, position: Mapping[str, Any], factor: int, limits: BatchLimits
    ) -> Shard:
        """Return a shard that is read from here, with as many lanes as the parallelization factor says."""
        return cls(info, iterator, position, tuple(Lane(info.shard_id, Waiting(limits)) for _ in range(factor)))

    def lane_of(self, key: str) -> Lane:
        """Return the lane of a partition key: always the same, so that its records stay in order."""
        return self.lanes[crc32(key.encode()) % len(self.lanes)]

    def add(self, records: Sequence[Record], keys: Sequence[str], now: float) -> None:
        """Add records that were read now to the lanes of their keys."""
        for record, key in zip(records, keys, strict=True):
            self.lane_of(key).waiting.add([record], now)

    @property
    def is_ahead(self) -> bool:
        """Whether enough of it was read for now."""
        return sum(len(lane.waiting) for lane in self.lanes) >= _MAX_AHEAD

    @property
    def is_finished(self) -> bool:
        """Whether all of it was read, and is done."""
        return self.iterator is None and not any(lane.is_in_flight or lane.held() for lane in self.lanes)


def is_blocked(shard: Shard, shards: Mapping[str, Shard]) -> bool:
    """Return whether a shard must wait for its parents: records of a key go on in a child once the parent is closed."""
    return any(parent in shards and not shards[parent].is_finished for parent in shard.info.parents)
