"""What may still be asked for in a batch, so that a call that is not full yet waits for it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powertools_stream.call_options import CallOptions
    from powertools_stream.engine.dispatch.chunks import Chunk
    from powertools_stream.engine.dispatch.pending import PendingRequest, Requester
    from powertools_stream.requests import Asks
    from powertools_stream.rules.compiled import CompiledRule

__all__ = ["Lookahead"]

_Stage = tuple["Asks", "CallOptions | None", "type | None"]
"""How far a rule's run has come: what it asks for, how its calls are made, and which request it waits for, if any."""


class Lookahead:
    """Counts the runs of rules that are under way, by what they may still ask for."""

    def __init__(self) -> None:
        self._under_way: defaultdict[_Stage, int] = defaultdict(int)  # a Counter takes longer to make
        self._records_to_come = 0

    def expect(self, requester: Requester, count: int = 1) -> None:
        """Say that somebody, not in any call, may still make requests (or no longer: a negative count)."""
        rule = requester.rule
        self._under_way[rule.asks, rule.call_options, None] += count

    def expect_records(self, count: int = 1) -> None:
        """Say that there are records still to be read, from which any rule may be run (or no longer)."""
        self._records_to_come += count

    def joined(self, request: PendingRequest) -> None:
        """Count a request that has joined one in a call that is under way."""
        rule = request.requester.rule
        self._under_way[rule.asks, rule.call_options, type(request.request)] += 1

    def count(self, chunk: Chunk, change: int) -> None:
        """Count the requests in a call: +1 when it is on its way, -1 when it has ended."""
        # Most chunks hold requests of one type for one rule, so that one look-up counts them all.
        rule: CompiledRule | None = None
        kind: type | None = None
        count = 0
        for entry in chunk.entries:
            for request, _ in entry.waiting:
                if request.requester.rule is not rule or type(request.request) is not kind:
                    if rule is not None:
                        self._under_way[rule.asks, rule.call_options, kind] += count
                    rule, kind, count = request.requester.rule, type(request.request), 0
                count += change
        if rule is not None:
            self._under_way[rule.asks, rule.call_options, kind] += count

    def may_grow(self, chunk: Chunk) -> bool:
        """Tell whether something may still be asked for that would go into this call."""
        if self._records_to_come:
            return True
        # Calls with other options go in other chunks: nobody waits for a rule that is slow on purpose.
        options = chunk.call_options
        wanted = {type(request.request) for entry in chunk.entries for request, _ in entry.waiting}
        return any(
            count > 0 and theirs == options and _may_follow(asks, kind, wanted)
            for (asks, theirs, kind), count in self._under_way.items()
        )


def _may_follow(asks: Asks, kind: type | None, wanted: set[type]) -> bool:
    """Tell whether a flavor that asks for these, and waits for this kind, may go on to ask for one of `wanted`."""
    if not asks or (kind is not None and kind not in asks):
        return True
    later = asks if kind is None else asks[asks.index(kind) + 1 :]
    return not wanted.isdisjoint(later)
