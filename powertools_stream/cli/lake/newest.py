"""The newest events of many."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Generic, TypeVar

from powertools_stream.cli.lake.once import Seen
from powertools_stream.cli.lake.stored import StoredEvent

__all__ = ["Newest"]


Row = TypeVar("Row")


class Newest(Generic[Row]):
    """Keeps the newest events, each id once, as it was stored last; of the others it only counts how many there are.

    Parameters
    ----------
    limit
        How many are kept.
    row_of
        Makes what is kept of an event.
    """

    def __init__(self, limit: int, row_of: Callable[[StoredEvent], Row]) -> None:
        self._limit = limit
        self._row_of = row_of
        self._seen = Seen()
        self._kept: dict[str, tuple[float, Row]] = {}
        self._oldest: list[tuple[float, str]] = []

    @property
    def count(self) -> int:
        """How many there are, kept or not."""
        return len(self._seen)

    def add(self, stored: StoredEvent) -> None:
        """Keep an event, if it is one of the newest."""
        self._seen.add(stored.event)
        at, identifier = _moment(stored), str(stored.event["id"])
        if identifier in self._kept and at < self._kept[identifier][0]:
            return
        if identifier not in self._kept and len(self._kept) >= self._limit and not self._make_room(at):
            return
        self._kept[identifier] = at, self._row_of(stored)
        heappush(self._oldest, (at, identifier))

    def rows(self) -> list[Row]:
        """Return what is kept, the newest last."""
        return [row for _, row in sorted(self._kept.values(), key=lambda kept: kept[0])]

    def _make_room(self, at: float) -> bool:
        """Drop the oldest, if it is older; what the heap says of an event that came again is out of date."""
        while self._oldest:
            oldest, identifier = self._oldest[0]
            if self._kept.get(identifier, (None,))[0] != oldest:
                heappop(self._oldest)
            elif oldest > at:
                return False
            else:
                heappop(self._oldest)
                del self._kept[identifier]
                return True
        return False


def _moment(stored: StoredEvent) -> float:
    at = stored.event.get("timestamp")
    return float(at) if isinstance(at, int | float) else 0.0
