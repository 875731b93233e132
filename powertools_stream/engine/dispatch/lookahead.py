"""What may still be asked for in a batch, so that a call that is not full yet waits for it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powertools_stream.call_options import Terms
    from powertools_stream.engine.dispatch.chunks import Chunk
    from powertools_stream.engine.dispatch.pending import Asker, Ticket
    from powertools_stream.requests import Asks

__all__ = ["Prospects"]

_Stage = tuple["Asks", "Terms | None", "type | None"]
"""Where a unit of work stands: what it asks for, on what terms, and what it waits for; None: for no request."""


class Prospects:
    """Counts the units of work that are under way, by what they may still ask for."""

    def __init__(self) -> None:
        self._under_way: defaultdict[_Stage, int] = defaultdict(int)  # a Counter takes longer to make
        self._records_to_come = 0

    def expect(self, asker: Asker, count: int = 1) -> None:
        """Say that a unit of work, not in any call, may still make its requests (or no longer: a negative count)."""
        self._under_way[asker.asks, asker.terms, None] += count

    def expect_records(self, count: int = 1) -> None:
        """Say that there are records still to be read, from which any unit of work may come (or no longer)."""
        self._records_to_come += count

    def joined(self, ticket: Ticket) -> None:
        """Count a request that has joined one in a call that is under way."""
        asker = ticket.asker
        self._under_way[asker.asks, asker.terms, type(ticket.request)] += 1

    def count(self, chunk: Chunk, change: int) -> None:
        """Count the requests in a call: +1 when it is on its way, -1 when it has ended."""
        # Most chunks hold requests of one type for one flavor, so that one look-up counts them all.
        asks: Asks | None = None
        asked: type | None = None
        terms = chunk.pending[0].waiters[0][0].asker.terms  # of all that share a call
        count = 0
        for pending in chunk.pending:
            for ticket, _ in pending.waiters:
                if ticket.asker.asks is not asks or type(ticket.request) is not asked:
                    if asks is not None:
                        self._under_way[asks, terms, asked] += count
                    asks, asked, count = ticket.asker.asks, type(ticket.request), 0
                count += change
        if asks is not None:
            self._under_way[asks, terms, asked] += count

    def may_grow(self, chunk: Chunk) -> bool:
        """Tell whether something may still be asked for that would go into this call."""
        if self._records_to_come:
            return True
        # Calls on other terms go in other chunks: nobody waits for a rule that is slow on purpose.
        terms = chunk.pending[0].waiters[0][0].asker.terms
        wanted = {type(ticket.request) for pending in chunk.pending for ticket, _ in pending.waiters}
        return any(
            count > 0 and theirs == terms and _may_follow(asks, asked, wanted)
            for (asks, theirs, asked), count in self._under_way.items()
        )


def _may_follow(asks: Asks, asked: type | None, wanted: set[type]) -> bool:
    """Tell whether a flavor that asks for these, and waits for `asked`, may go on to ask for one of `wanted`."""
    if not asks or (asked is not None and asked not in asks):
        return True
    later = asks if asked is None else asks[asks.index(asked) + 1 :]
    return not wanted.isdisjoint(later)
