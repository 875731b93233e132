"""Lanes: units of work of one ordered rule and one order key run one at a time, in record order."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powertools_stream.engine.batch import Unit

__all__ = ["Lanes"]


class Lanes:
    """Who is under way in which lane, and who waits behind.

    A unit of work of several records is in a lane for each of their order keys, and runs when it is first in all. Units
    enter all their lanes at once and in one order, so that they never wait for each other in a circle.
    """

    def __init__(self) -> None:
        self._lanes: dict[Hashable, deque[Unit]] = {}

    def is_free(self, unit: Unit) -> bool:
        """Tell whether nobody is in the unit's lanes."""
        lanes = self._lanes
        return not lanes or not any(lane in lanes for lane in unit.lanes)

    def enter(self, unit: Unit) -> None:
        """Put the unit at the end of its lanes; it may run when `Unit.waits_for` is 0."""
        for lane in unit.lanes:
            queue = self._lanes.setdefault(lane, deque())
            unit.waits_for += bool(queue)
            queue.append(unit)

    def leave(self, unit: Unit) -> Iterator[Unit]:
        """Take a unit that has ended out of its lanes; yield those that are first in all of theirs now."""
        for lane in unit.lanes:
            queue = self._lanes.get(lane)
            if not queue or queue[0] is not unit:
                continue
            queue.popleft()
            if not queue:
                del self._lanes[lane]
                continue
            head = queue[0]
            head.waits_for -= 1
            if head.waits_for == 0:
                head.wrote_at = max(head.wrote_at, unit.wrote_at)
                yield head
