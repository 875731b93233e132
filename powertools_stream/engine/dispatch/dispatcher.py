"""Takes the requests of a batch, fills calls with them, and hands each answer to exactly the one who asked."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, Protocol

from powertools_stream.call_options import NO_TERMS, Pacer
from powertools_stream.engine.dispatch.chunk_call import NO_TURN, Attempts, RetryPolicy
from powertools_stream.engine.dispatch.chunks import Chunk, Chunks, Pending
from powertools_stream.engine.dispatch.lookahead import Prospects
from powertools_stream.engine.dispatch.paced_calls import Turns
from powertools_stream.engine.dispatch.pending import Asker, SharedRead, Ticket, Waiter
from powertools_stream.engine.dispatch.workers import Workers
from powertools_stream.errors import DeadlineError
from powertools_stream.outcomes import Failed, Observer
from powertools_stream.requests import RemainingTime

if TYPE_CHECKING:
    import threading

    from powertools_stream.call_options import Rate, Terms
    from powertools_stream.connectors.base import Connector, Entry, Operation
    from powertools_stream.outcomes import CallDetails
    from powertools_stream.requests import Asks, Request

__all__ = ["ConnectorFinder", "Dispatcher"]

_LONGEST_WAIT = 3600.0
"""Seconds; a queue takes no infinite time-out."""


class ConnectorFinder(Protocol):
    """Knows which connector carries out which request."""

    def connector_for(self, request_type: type[Request]) -> Connector:
        """Return the connector, or raise a `StreamError` that says what to do."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class _Errand:
    """Has something done before entries are sent that wait for it; on nobody's terms, and by no rule."""

    __slots__ = ("_dispatcher", "_pending", "_ticket", "wrote_at")

    asks: Asks = ()
    terms: Terms | None = None

    def __init__(self, dispatcher: Dispatcher, ticket: Ticket, pending: Sequence[Pending]) -> None:
        self.wrote_at = 0
        self._dispatcher = dispatcher
        self._ticket = ticket
        self._pending = pending

    @property
    def position(self) -> tuple[int, int]:
        return self._ticket.asker.position

    def deliver(self, slot: int, answer: Any) -> None:
        self._dispatcher.release(self._ticket, self._pending, answer)


_Told = tuple["Chunk", "Sequence[Any] | None", Sequence["CallDetails"]]
"""A chunk whose call has ended: with the responses to its entries, and the calls that it took. One whose call has just
begun has no responses."""


class Dispatcher:
    """Collects requests into calls, and runs the calls on worker threads.

    All methods are for the main thread. A batch is bracketed by `begin` and `abandon`.

    Parameters
    ----------
    connectors
        Knows which connector carries out which request.
    max_workers
        How many calls are under way at a time, at most.
    retry
        How entries are sent again that failed in passing.
    observers
        Told of each call that has ended.
    rates
        How fast the calls may follow each other that carry requests of a type.
    """

    def __init__(
        self,
        connectors: ConnectorFinder,
        *,
        max_workers: int = 8,
        retry: RetryPolicy | None = None,
        observers: Sequence[Observer] = (),
        rates: Mapping[type[Request], Rate] | None = None,
    ) -> None:
        self._connectors = connectors
        self._workers = Workers(max_workers)
        self._retry = retry or RetryPolicy()
        self._observers = tuple(observers)
        self._operations: dict[tuple[Operation, Terms, Pacer | None], Operation] = {}
        self._pacers = {kind: Pacer(*rate) for kind, rate in (rates or {}).items()}
        self.wake: Callable[[], None] | None = None
        # Not a SimpleQueue: its get() waits for ever when a signal, such as the guard's, comes as its time runs out.
        self._told: Queue[_Told] = Queue()
        self.begin(math.inf)

    def begin(self, deadline: float) -> None:
        """Get ready for requests that are to be answered before the deadline (`time.monotonic` seconds; inf: none)."""
        self._deadline = deadline
        # In any case before the deadline: half of the time is for collecting, the other half for the calls.
        self._hold_until = (time.monotonic() + deadline) / 2
        self._chunks = Chunks()
        self._reads: dict[tuple[Operation, Hashable], SharedRead] = {}
        self._answered_reads: list[tuple[Operation, Hashable]] = []
        self._answers: deque[Ticket] = deque()
        self._turns = Turns(deadline, time.monotonic)
        self.prospects = Prospects()
        self._calls_under_way = 0
        self._writes = 0

    def wait_for_abandoned(self, until: float) -> bool:
        """Wait for the calls that an earlier batch left behind; False: the time (`time.monotonic`) came first."""
        return self._workers.wait_for_abandoned(until)

    def submit(
        self, request: Request, asker: Asker, waiter: Waiter, slot: int, *, after: Request | None = None
    ) -> None:
        """Take a request. What it becomes is decided now, when it is sent is decided later.

        Parameters
        ----------
        after
            What is to be done first, by the function itself and not on the asker's terms. If it fails, its error is the
            answer; else the answer is that of `request`, which has its place among others all the time.

        Raises
        ------
        Exception
            Whatever the connector finds wrong with the request: it is the error of this request alone.
        """
        if type(request) is RemainingTime:
            waiter.deliver(slot, max(0.0, self._deadline - time.monotonic()))
            return
        connector = self._connectors.connector_for(type(request))
        entries = connector.entries(request)
        if asker.terms is not None or self._pacers:
            entries = self._on_terms(entries, asker.terms, self._pacers.get(type(request)))
        ticket = Ticket(request, connector, asker, waiter, slot)
        ticket.expect(len(entries))
        if after is not None and entries:
            self._hold(entries, ticket, after)
            return
        if not entries:
            self._answers.append(ticket)
        for index, entry in enumerate(entries):
            is_shared = entry.operation.reads and entry.key is not None
            if is_shared and self._join(entry, ticket, index):
                continue
            pending = Pending(entry, asker.position, (ticket, index))
            if is_shared:
                read = self._reads[entry.operation, entry.key] = SharedRead(pending)
                read.askers.add(asker.position)
            self._chunks.add(pending, connector)
        self._send_full()

    def _hold(self, entries: Sequence[Entry], ticket: Ticket, after: Request) -> None:
        """Give the entries their places, and let them go when something else has been done."""
        held = [Pending(entry, ticket.asker.position, (ticket, index)) for index, entry in enumerate(entries)]
        errand = _Errand(self, ticket, held)
        self.submit(after, errand, errand, 0)
        self.prospects.expect(ticket.asker)
        for pending in held:
            pending.is_ready = False
            self._chunks.add(pending, ticket.connector)

    def release(self, ticket: Ticket, held: Sequence[Pending], answer: Any) -> None:
        """Let entries go whose errand is done; where it failed, its error is the answer."""
        self.prospects.expect(ticket.asker, -1)
        has_failed = type(answer) is Failed
        for pending in held:
            (self._chunks.drop if has_failed else self._chunks.make_ready)(pending, ticket.connector)
        self._send_full()
        if has_failed:
            ticket.waiter.deliver(ticket.slot, answer)

    def _on_terms(self, entries: Sequence[Entry], terms: Terms | None, pacer: Pacer | None) -> Sequence[Entry]:
        """Return the entries with operations of their own: what is sent on other terms goes in other calls."""
        if terms is None and pacer is None:
            return entries
        terms = terms or NO_TERMS
        moved = []
        for entry in entries:
            known = (entry.operation, terms, pacer)
            operation = self._operations.get(known)
            if operation is None:
                pacers = entry.operation.pacers + tuple(p for p in (terms.pacer, pacer) if p is not None)
                operation = replace(entry.operation, role_arn=terms.role_arn, pacers=pacers)
                self._operations[known] = operation
            moved.append(replace(entry, operation=operation))
        return moved

    def _join(self, entry: Entry, ticket: Ticket, index: int) -> bool:
        """Let a request have the response to an equal read; False: there is none that it may have."""
        read = self._reads.get((entry.operation, entry.key))
        if read is None or not read.may_be_joined_by(ticket.asker):
            return False
        read.askers.add(ticket.asker.position)
        if read.response is None:
            read.pending.waiters.append((ticket, index))
            if read.pending.sent_at is not None:
                self.prospects.joined(ticket)
        elif ticket.take(index, read.response[0]):
            self._answers.append(ticket)
        return True

    @property
    def due_in(self) -> float:
        """Seconds until there is something to do, whatever comes in between; inf: there is nothing.

        Partial chunks are sent then whatever could still be added, or the turn of a call comes.
        """
        now = time.monotonic()
        due = self._hold_until - now if self._hold_until > now else math.inf
        return min(due, max(0.0, self._turns.next_at - now)) if self._turns else due

    @property
    def is_waiting(self) -> bool:
        """Whether a call is under way or an answer has come."""
        return self._calls_under_way > 0 or bool(self._answers)

    def flush(self, *, others_run: bool = False) -> None:
        """Send the partial chunks that nothing under way could add to; all of them where nothing is under way.

        Called when nothing more can run on the main thread.

        Parameters
        ----------
        others_run
            Whether something that is no call is under way, e.g. a coroutine.
        """
        # Answers are shared while units of work are still being started. From here on time passes.
        for known in self._answered_reads:
            self._reads.pop(known, None)
        self._answered_reads.clear()
        hold = (self._calls_under_way > 0 or others_run) and time.monotonic() < self._hold_until
        for chunk in self._chunks.partial():
            if not (hold and self.prospects.may_grow(chunk)):
                self._chunks.close(chunk)
                self._send(chunk)

    def collect(self, timeout: float = 0.0) -> None:
        """Hand out the answers that have come; wait up to `timeout` seconds for the first."""
        if self._turns:
            self._take_turns()
        self._hand_out()
        if self._calls_under_way == 0:
            return  # no answer will come
        try:
            told = self._told.get(timeout=min(timeout, _LONGEST_WAIT)) if timeout > 0 else self._told.get_nowait()
            while True:
                self._hear(*told)
                told = self._told.get_nowait()
        except Empty:
            pass
        self._hand_out()

    def abandon(self) -> None:
        """End the batch: leave behind what is under way, and ignore its answers. What is not sent goes with `begin`."""
        # Not what the workers say: one may have delivered its answer and not be back for the next job yet.
        if self._calls_under_way > 0:
            self._workers.abandon()
            self._connectors.close()
            # Where late answers go, nobody looks any more. Made here, not per batch: it costs as much as two records.
            self._told = Queue()

    def _send_full(self) -> None:
        full = self._chunks.take_full()
        for chunk in full:
            self._send(chunk)
        if full:
            # Gives the interpreter away for a moment: a worker gets its call out now, not only when the main thread's
            # turn of 5 ms is over (`sys.getswitchinterval`), which is half of the time that a call takes.
            time.sleep(0)

    def _send(self, chunk: Chunk) -> None:
        for pending in chunk.pending:
            pending.sent_at = self._writes
        self.prospects.count(chunk, +1)
        self._calls_under_way += 1
        if chunk.operation.pacers:
            self._turns.add(chunk)
            self._take_turns()
        else:
            self._start(chunk)

    def _take_turns(self) -> None:
        """Start the calls whose turn has come, and fail those for which it would come too late."""
        for chunk in self._turns.take():
            self._start(chunk)
        for chunk in self._turns.give_up():
            self._told.put((chunk, [DeadlineError(NO_TURN)] * len(chunk.pending), ()))
            if self.wake is not None:
                self.wake()

    def _start(self, chunk: Chunk) -> None:
        # Bound here: a late answer goes to the queue of its own batch, where nobody looks any more.
        entries, policy, deadline, told = chunk.entries(), self._retry, self._deadline, self._told
        pacers = chunk.operation.pacers
        is_paced = any(pacer.interval for pacer in pacers)

        def tell(responses: Sequence[Any] | None, calls: Sequence[CallDetails] = ()) -> None:
            told.put((chunk, responses, calls))
            if (wake := self.wake) is not None:
                wake()

        def carry_out(dismissed: threading.Event) -> None:
            if is_paced:
                for pacer in pacers:
                    pacer.begun()
                tell(None)
            attempts = Attempts(chunk.connector, entries, policy, deadline, dismissed)
            attempts.carry_out()
            tell(attempts.responses, attempts.calls)

        self._workers.submit(carry_out)

    def _hear(self, chunk: Chunk, responses: Sequence[Any] | None, calls: Sequence[CallDetails]) -> None:
        if responses is None:
            self._turns.begun(chunk)
        else:
            self._chunk_ended(chunk, responses, calls)

    def _chunk_ended(self, chunk: Chunk, responses: Sequence[Any], calls: Sequence[CallDetails]) -> None:
        self._calls_under_way -= 1
        self.prospects.count(chunk, -1)
        self._chunks.ended(chunk)
        operation = chunk.operation
        if not operation.reads:
            self._writes += 1
        for pending, response in zip(chunk.pending, responses, strict=True):
            if operation.reads:
                self._keep_read(pending, response)
            for ticket, index in pending.waiters:
                if not operation.reads:
                    ticket.asker.wrote_at = self._writes
                if ticket.take(index, response):
                    self._answers.append(ticket)
        self._send_full()
        for observer in self._observers:
            for call in calls:
                observer.on_call(call)

    def _keep_read(self, pending: Pending, response: Any) -> None:
        """Keep a response for those who ask for it right now; not an error, which asking again may mend."""
        known = (pending.entry.operation, pending.entry.key)
        read = self._reads.get(known)
        if read is None or read.pending is not pending:
            return
        if isinstance(response, BaseException):
            del self._reads[known]
        else:
            read.response = (response,)
            self._answered_reads.append(known)

    def _hand_out(self) -> None:
        while self._answers:
            ticket = self._answers.popleft()
            ticket.waiter.deliver(ticket.slot, ticket.answer())
