"""Fills calls with entries. Pure: decides what goes together and what must wait; sends nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powertools_stream.call_options import CallOptions
    from powertools_stream.connectors.base import Connector, Entry, Operation
    from powertools_stream.engine.dispatch.pending import PendingEntry

__all__ = ["Chunk", "ChunkBuffer"]

_position = attrgetter("position")
_entry = attrgetter("entry")


class Chunk:
    """The entries of one call."""

    __slots__ = ("connector", "entries", "operation", "size")

    def __init__(self, operation: Operation, connector: Connector) -> None:
        self.operation = operation
        self.connector = connector
        self.entries: list[PendingEntry] = []
        self.size = 0

    def has_room_for(self, entry: Entry) -> bool:
        """Tell whether the entry fits, by count and by bytes."""
        operation = self.operation
        if len(self.entries) >= operation.max_entries:
            return False
        return operation.max_bytes is None or not self.entries or self.size + entry.size <= operation.max_bytes

    def add(self, pending: PendingEntry) -> bool:
        """Take the entry in; tell whether the chunk is full now, so that no entry, however small, could be added."""
        self.entries.append(pending)
        self.size += pending.entry.size
        return len(self.entries) >= self.operation.max_entries

    def in_order(self) -> list[Entry]:
        """Return the entries in the order of the records that asked for them."""
        self.entries.sort(key=_position)
        return list(map(_entry, self.entries))

    @property
    def call_options(self) -> CallOptions | None:
        """How the call is made: the same for all that share it."""
        request, _ = self.entries[0].waiting[0]
        return request.requester.rule.call_options


class _Claim:
    """Who has an ordered key now, and who waits for it."""

    __slots__ = ("chunk", "waiting")

    def __init__(self) -> None:
        self.chunk: Chunk | None = None
        self.waiting: deque[PendingEntry] = deque()


class ChunkBuffer:
    """The calls that are being filled.

    Two rules decide where an entry goes. It joins the open chunk of its operation, if it fits; else that chunk is full
    and a new one is opened. But entries with one key are written in the order in which they came: while a chunk with
    that key is under way, the next one waits.

    Attributes
    ----------
    full
        The chunks that are full, and not taken yet.
    """

    def __init__(self) -> None:
        self.full: list[Chunk] = []
        self._open: dict[Operation, Chunk] = {}
        self._claims: dict[Hashable, _Claim] = {}

    def add(self, pending: PendingEntry) -> None:
        """Put an entry into a chunk, or behind the entry with its key that is under way."""
        lane = pending.lane
        if lane is None:
            if pending.is_ready:
                self._place(pending)
            return
        claim = self._claims.setdefault(lane, _Claim())
        if not claim.waiting and self._may_join(claim, pending):
            claim.chunk = self._place(pending)
        else:
            claim.waiting.append(pending)

    def make_ready(self, pending: PendingEntry) -> None:
        """Let an entry go that was not ready when it was added."""
        pending.is_ready = True
        if pending.lane is None:
            self._place(pending)
        else:
            self._go_on(pending.lane)

    def drop(self, pending: PendingEntry) -> None:
        """Take out an entry that was not ready, and never will be."""
        if pending.lane is not None:
            self._claims[pending.lane].waiting.remove(pending)
            self._go_on(pending.lane)

    def take_full(self) -> list[Chunk]:
        """Return the chunks that are full, once."""
        full, self.full = self.full, []
        return full

    def partial(self) -> list[Chunk]:
        """Return the chunks that have room left; they stay open."""
        return list(self._open.values())

    def close(self, chunk: Chunk) -> None:
        """Take a partial chunk out: nothing is added to it any more."""
        del self._open[chunk.operation]

    def ended(self, chunk: Chunk) -> None:
        """Let those go on that waited for the keys of a chunk whose call has ended."""
        for pending in chunk.entries:
            if (lane := pending.lane) is not None and (claim := self._claims.get(lane)) and claim.chunk is chunk:
                claim.chunk = None
                self._go_on(lane)

    def _go_on(self, lane: Hashable) -> None:
        """Place those that wait for a key, as far as they may go."""
        claim = self._claims[lane]
        while claim.waiting and self._may_join(claim, claim.waiting[0]):
            claim.chunk = self._place(claim.waiting.popleft())
        if claim.chunk is None and not claim.waiting:
            del self._claims[lane]

    def _may_join(self, claim: _Claim, pending: PendingEntry) -> bool:
        if not pending.is_ready:
            return False
        if claim.chunk is None:
            return True
        operation = pending.entry.operation
        chunk = self._open.get(operation)
        return chunk is claim.chunk and not operation.one_per_key and chunk.has_room_for(pending.entry)

    def _place(self, pending: PendingEntry) -> Chunk:
        operation = pending.entry.operation
        chunk = self._open.get(operation)
        if chunk is not None and not chunk.has_room_for(pending.entry):
            self.full.append(self._open.pop(operation))
            chunk = None
        if chunk is None:
            chunk = self._open[operation] = Chunk(operation, pending.connector)
        if chunk.add(pending):
            self.full.append(self._open.pop(operation))
        return chunk
