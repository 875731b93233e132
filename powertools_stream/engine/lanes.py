"""Lanes: the runs of one ordered rule with one order key go one at a time, in record order."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powertools_stream.engine.batch import RuleRun

__all__ = ["Lanes"]


class Lanes:
    """Who is under way in which lane, and who waits behind.

    A run on several records is in a lane for each of their order keys, and goes when it is first in all. Runs enter all
    their lanes at once and in one order, so that they never wait for each other in a circle.
    """

    def __init__(self) -> None:
        self.taken: dict[Hashable, deque[RuleRun]] = {}

    def is_free(self, run: RuleRun) -> bool:
        """Tell whether nobody is in the lanes of a run."""
        return not any(lane in self.taken for lane in run.lanes)

    def enter(self, run: RuleRun) -> None:
        """Put a run at the end of its lanes; it may go when `RuleRun.waits_for` is 0."""
        for lane in run.lanes:
            queue = self.taken.setdefault(lane, deque())
            run.waits_for += bool(queue)
            queue.append(run)

    def leave(self, run: RuleRun) -> Iterator[RuleRun]:
        """Take a run that has ended out of its lanes; yield those that are first in all of theirs now."""
        for lane in run.lanes:
            queue = self.taken.get(lane)
            if not queue or queue[0] is not run:
                continue
            queue.popleft()
            if not queue:
                del self.taken[lane]
                continue
            head = queue[0]
            head.waits_for -= 1
            if head.waits_for == 0:
                head.wrote_at = max(head.wrote_at, run.wrote_at)
                yield head
