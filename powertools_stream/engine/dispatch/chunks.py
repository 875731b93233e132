"""Fills calls with entries. Pure: decides what goes together and what must wait; sends nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powertools_stream.connectors.base import Connector, Entry, Operation

__all__ = ["Chunk", "Chunks", "Pending"]


class Pending:
    """One entry on its way, with everyone who waits for its response.

    One that is not ready has its place among the others with its key, but goes into no chunk.
    """

    __slots__ = ("entry", "is_ready", "position", "sent_at", "waiters")

    def __init__(self, entry: Entry, position: tuple[int, int], waiter: tuple[Any, int]) -> None:
        self.entry = entry
        self.position = position
        self.waiters = [waiter]
        self.sent_at: int | None = None
        self.is_ready = True

    @property
    def lane(self) -> Hashable | None:
        """What orders it among other writes, whichever operation carries them; None: nothing does."""
        entry = self.entry
        if entry.key is None or entry.operation.reads:
            return None
        return entry.operation.service, entry.key


class Chunk:
    """The entries of one call."""

    __slots__ = ("connector", "operation", "pending", "size")

    def __init__(self, operation: Operation, connector: Connector) -> None:
        self.operation = operation
        self.connector = connector
        self.pending: list[Pending] = []
        self.size = 0

    def has_room_for(self, entry: Entry) -> bool:
        """Tell whether the entry fits, by count and by bytes."""
        operation = self.operation
        if len(self.pending) >= operation.max_entries:
            return False
        return operation.max_bytes is None or not self.pending or self.size + entry.size <= operation.max_bytes

    def add(self, pending: Pending) -> None:
        """Take the entry in."""
        self.pending.append(pending)
        self.size += pending.entry.size

    @property
    def is_full(self) -> bool:
        """Whether no entry, however small, could be added."""
        return len(self.pending) >= self.operation.max_entries

    def entries(self) -> list[Entry]:
        """Return the entries in the order of the records that asked for them."""
        self.pending.sort(key=lambda pending: pending.position)
        return [pending.entry for pending in self.pending]


class _Claim:
    """Who has an ordered key now, and who waits for it."""

    __slots__ = ("chunk", "waiting")

    def __init__(self) -> None:
        self.chunk: Chunk | None = None
        self.waiting: deque[tuple[Pending, Connector]] = deque()


class Chunks:
    """The calls that are being filled.

    Two rules decide where an entry goes. It joins the open chunk of its operation, if it fits; else that chunk is full
    and a new one is opened. But entries with one key are written in the order in which they came: while a chunk with
    that key is under way, the next one waits.
    """

    def __init__(self) -> None:
        self._open: dict[Operation, Chunk] = {}
        self._full: list[Chunk] = []
        self._claims: dict[Hashable, _Claim] = {}

    def add(self, pending: Pending, connector: Connector) -> None:
        """Put an entry into a chunk, or behind the entry with its key that is under way."""
        lane = pending.lane
        if lane is None:
            if pending.is_ready:
                self._place(pending, connector)
            return
        claim = self._claims.setdefault(lane, _Claim())
        if not claim.waiting and self._may_join(claim, pending):
            claim.chunk = self._place(pending, connector)
        else:
            claim.waiting.append((pending, connector))

    def make_ready(self, pending: Pending, connector: Connector) -> None:
        """Let an entry go that was not ready when it was added."""
        pending.is_ready = True
        lane = pending.lane
        if lane is None:
            self._place(pending, connector)
        else:
            self._go_on(lane)

    def drop(self, pending: Pending, connector: Connector) -> None:
        """Take out an entry that was not ready, and never will be."""
        if (lane := pending.lane) is not None:
            self._claims[lane].waiting.remove((pending, connector))
            self._go_on(lane)

    def take_full(self) -> list[Chunk]:
        """Return the chunks that are full, once."""
        full, self._full = self._full, []
        return full

    def partial(self) -> list[Chunk]:
        """Return the chunks that have room left; they stay open."""
        return list(self._open.values())

    def close(self, chunk: Chunk) -> None:
        """Take a partial chunk out: nothing is added to it any more."""
        del self._open[chunk.operation]

    def ended(self, chunk: Chunk) -> None:
        """Let those go on that waited for the keys of a chunk whose call has ended."""
        lanes = {lane for pending in chunk.pending if (lane := pending.lane) is not None}
        for lane in lanes:
            self._claims[lane].chunk = None
            self._go_on(lane)

    def _go_on(self, lane: Hashable) -> None:
        """Place those that wait for a key, as far as they may go."""
        claim = self._claims[lane]
        while claim.waiting and self._may_join(claim, claim.waiting[0][0]):
            claim.chunk = self._place(*claim.waiting.popleft())
        if claim.chunk is None and not claim.waiting:
            del self._claims[lane]

    def _may_join(self, claim: _Claim, pending: Pending) -> bool:
        if not pending.is_ready:
            return False
        if claim.chunk is None:
            return True
        operation = pending.entry.operation
        chunk = self._open.get(operation)
        return chunk is claim.chunk and not operation.one_per_key and chunk.has_room_for(pending.entry)

    def _place(self, pending: Pending, connector: Connector) -> Chunk:
        operation = pending.entry.operation
        chunk = self._open.get(operation)
        if chunk is not None and not chunk.has_room_for(pending.entry):
            self._full.append(self._open.pop(operation))
            chunk = None
        if chunk is None:
            chunk = self._open[operation] = Chunk(operation, connector)
        chunk.add(pending)
        if chunk.is_full:
            self._full.append(self._open.pop(operation))
        return chunk
