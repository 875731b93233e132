"""Takes the requests of a batch, fills calls with them, and hands each answer to exactly the one who asked."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Protocol

from powertools_stream.call_options import RetryPolicy
from powertools_stream.engine.dispatch.calls import CallRunner
from powertools_stream.engine.dispatch.chunks import Chunk, ChunkBuffer
from powertools_stream.engine.dispatch.operations import OperationsWithOptions
from powertools_stream.engine.dispatch.pending import PendingEntry, PendingRequest, Reply, SharedRead
from powertools_stream.engine.dispatch.workers import Stuck, WorkerPool
from powertools_stream.engine.failed import Failed
from powertools_stream.errors import DeadlineError
from powertools_stream.outcomes import Observer
from powertools_stream.requests import RemainingTime
from powertools_stream.rules.compiled import NO_RULE

if TYPE_CHECKING:
    from powertools_stream.call_options import Rate
    from powertools_stream.connectors.base import Connector, Entry, Operation
    from powertools_stream.engine.dispatch.chunk_call import ChunkCall
    from powertools_stream.engine.dispatch.lookahead import Lookahead
    from powertools_stream.engine.interrupter import Attempt
    from powertools_stream.engine.observation import Observation
    from powertools_stream.requests import Request

__all__ = ["ConnectorFinder", "Dispatch", "Dispatcher"]


class ConnectorFinder(Protocol):
    """Knows which connector carries out which request."""

    def connector_for(self, request_type: type[Request]) -> Connector:
        """Return the connector, or raise a `StreamError` that says what to do."""
        ...

    def is_owned(self, request_type: type[Request]) -> bool:
        """Tell whether a connector of the user's names this very request type."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class Dispatcher:
    """What the requests of all batches share: connectors, worker threads, rates.

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
        max_workers: int = 32,
        retry: RetryPolicy | None = None,
        observers: Sequence[Observer] = (),
        rates: Mapping[type[Request], Rate] | None = None,
    ) -> None:
        self._connectors = connectors
        self._operations = OperationsWithOptions(rates or {})
        self._workers = WorkerPool(max_workers)
        self._retry = retry or RetryPolicy()
        self._observers = tuple(observers)

    def begin(
        self,
        lookahead: Lookahead,
        deadline: float,
        wake: Callable[[], None],
        attempt: Attempt,
        observation: Observation | None = None,
    ) -> Dispatch:
        """Get ready for the requests of a batch, which are to be answered before the deadline.

        Parameters
        ----------
        lookahead
            What may still be asked for.
        deadline
            `time.monotonic` seconds; inf: none.
        wake
            Called on any thread when a call has ended.
        attempt
            Calls user code, and returns what it raises as `Failed`.
        observation
            What observers see of the batch; None: nobody watches.
        """
        calls = CallRunner(self._workers, self._retry, self._observers, deadline, wake, attempt, observation)
        return Dispatch(self._connectors, self._operations, calls, lookahead, deadline, attempt)

    def abandon(self, dispatch: Dispatch) -> None:
        """End a batch: leave behind what is under way, and ignore its answers. What is not sent goes with it."""
        # Not what the workers say: one may have delivered its answer and not be back for the next job yet.
        is_waiting = dispatch.is_waiting
        dispatch.close()
        if is_waiting:
            self._workers.abandon()
            self._connectors.close()

    def wait_for_abandoned(self, until: float) -> bool:
        """Wait for the calls that an earlier batch left behind; False: the time (`time.monotonic`) came first."""
        return self._workers.wait_for_abandoned(until)

    def stuck(self) -> list[Stuck]:
        """Return the calls that an earlier batch left behind and that have not ended."""
        return self._workers.stuck()


class Dispatch:
    """The requests of one batch: collects them into calls, and hands out the answers. For the main thread.

    Parameters
    ----------
    connectors
        Knows which connector carries out which request.
    operations
        Applies the options of rules, and the rates of request types.
    calls
        Makes the calls.
    lookahead
        What may still be asked for.
    deadline
        When all is to be answered (`time.monotonic` seconds; inf: none).
    attempt
        Calls a connector, which may be the user's own, and returns what it raises as `Failed`.
    """

    def __init__(
        self,
        connectors: ConnectorFinder,
        operations: OperationsWithOptions,
        calls: CallRunner,
        lookahead: Lookahead,
        deadline: float,
        attempt: Attempt,
    ) -> None:
        self._attempt = attempt
        self._connectors = connectors
        self._operations = operations
        self._calls = calls
        self._lookahead = lookahead
        self._deadline = deadline
        # In any case before the deadline: half of the time is for collecting, the other half for the calls.
        self._hold_until = (time.monotonic() + deadline) / 2
        self._chunks = ChunkBuffer()
        self._reads: dict[tuple[Operation, Hashable], SharedRead] = {}
        self._answered_reads: list[tuple[Operation, Hashable]] = []
        self._writes = 0
        self._is_closed = False

    def close(self) -> None:
        """Take no more requests: a rule that was left behind on its thread may still make some."""
        self._is_closed = True

    def submit(self, request: Request, reply: Reply, *, after: Request | None = None) -> None:
        """Take a request. What it becomes is decided now, when it is sent is decided later.

        Parameters
        ----------
        after
            What is to be done first, by the function itself and without the options of the rule. If it fails, its error
            is the answer; else the answer is that of `request`, which has its place among others all the time.

        Raises
        ------
        BaseException
            Whatever the connector finds wrong with the request: it is the error of this request alone.
        """
        if self._is_closed:
            raise DeadlineError("The batch has ended; nothing is sent for it any more.")
        kind = type(request)
        if kind is RemainingTime and not self._connectors.is_owned(kind):
            reply.deliver(max(0.0, self._deadline - time.monotonic()))
            return
        connector = self._connectors.connector_for(kind)
        entries = self._attempt(connector.entries, request)
        if type(entries) is Failed:
            raise entries.error
        options = reply.requester.rule.call_options
        if options is not None or self._operations.have_rates:
            entries = self._operations.applied(entries, kind, options)
        pending = PendingRequest(request, connector, reply, len(entries))
        if self._calls.are_observed:
            pending.context = copy_context()
        if not entries:
            pending.deliver(self._attempt)
        elif after is not None:
            self._hold(entries, pending, after)
        else:
            for index, entry in enumerate(entries):
                self._add(entry, pending, index)
            if self._chunks.full:
                self._send_full()

    def _add(self, entry: Entry, request: PendingRequest, index: int) -> None:
        """Put an entry into a chunk; one that reads what is being read already gets that response."""
        is_shared = entry.operation.reads and entry.key is not None
        if is_shared and self._join(entry, request, index):
            return
        pending = PendingEntry(entry, request, index)
        if is_shared:
            self._reads[entry.operation, entry.key] = SharedRead(pending)
        self._chunks.add(pending)

    def _join(self, entry: Entry, request: PendingRequest, index: int) -> bool:
        """Let a request have the response to an equal read; False: there is none that it may have."""
        read = self._reads.get((entry.operation, entry.key))
        if read is None or not read.may_be_joined_by(request.requester):
            return False
        read.readers.add(request.requester.position)
        if read.response is None:
            read.entry.waiting.append((request, index))
            if read.entry.sent_at is not None:
                self._lookahead.joined(request)
        elif request.take(index, read.response[0]):
            request.deliver(self._attempt)
        return True

    def _hold(self, entries: Sequence[Entry], request: PendingRequest, after: Request) -> None:
        """Give the entries their places, and let them go when something else has been done."""
        held = [PendingEntry(entry, request, index) for index, entry in enumerate(entries)]
        self._lookahead.expect(request.requester)
        for pending in held:
            pending.is_ready = False
            self._chunks.add(pending)
        errand = _Errand(self, request, held)
        try:
            self.submit(after, errand)
        except Exception as error:
            errand.deliver(Failed(error))

    def release(self, request: PendingRequest, held: Sequence[PendingEntry], answer: Any) -> None:
        """Let entries go whose errand is done; if that failed, its error is the answer."""
        self._lookahead.expect(request.requester, -1)
        has_failed = type(answer) is Failed
        for pending in held:
            if has_failed:
                self._chunks.drop(pending)
            else:
                self._chunks.make_ready(pending)
        if self._chunks.full:
            self._send_full()
        if has_failed:
            request.reply.deliver(answer)

    @property
    def due_in(self) -> float:
        """Seconds until there is something to do, whatever comes in between; inf: there is nothing.

        Partial chunks are sent then whatever could still be added, or the turn of a call comes.
        """
        now = time.monotonic()
        due = self._hold_until - now if self._hold_until > now else math.inf
        return min(due, max(0.0, self._calls.next_turn - now))

    @property
    def is_waiting(self) -> bool:
        """Whether a call is under way, or waits for its turn."""
        return self._calls.under_way > 0

    def flush(self, *, others_run: bool = False) -> None:
        """Send the partial chunks that nothing under way could add to; all of them if nothing is under way.

        Called when nothing more can run on the main thread.

        Parameters
        ----------
        others_run
            Whether something that is no call is under way, e.g. a coroutine.
        """
        # Answers are shared while rules are still being started. From here on time passes.
        for known in self._answered_reads:
            self._reads.pop(known, None)
        self._answered_reads.clear()
        partial = self._chunks.partial()
        if not partial:
            return
        hold = (self._calls.under_way > 0 or others_run) and time.monotonic() < self._hold_until
        for chunk in partial:
            if not (hold and self._lookahead.may_grow(chunk)):
                self._chunks.close(chunk)
                self._send(chunk)

    def collect(self, timeout: float = 0.0) -> None:
        """Hand out the answers that have come; wait up to `timeout` seconds for the first."""
        for call in self._calls.ended(timeout):
            self._take(call)

    def _send_full(self) -> None:
        for chunk in self._chunks.take_full():
            self._send(chunk)
        # Gives the interpreter away for a moment: a worker gets its call out now, not only when the main thread's turn
        # of 5 ms is over (`sys.getswitchinterval`), which is half of the time that a call takes.
        time.sleep(0)

    def _send(self, chunk: Chunk) -> None:
        for pending in chunk.entries:
            pending.sent_at = self._writes
        self._lookahead.count(chunk, +1)
        self._calls.start(chunk)

    def _take(self, call: ChunkCall) -> None:
        """Take the responses of a call, and hand out the answers that are complete now."""
        chunk = call.chunk
        self._lookahead.count(chunk, -1)
        self._chunks.ended(chunk)
        reads = chunk.operation.reads
        if not reads:
            self._writes += 1
        for pending, response in zip(chunk.entries, call.responses, strict=True):
            if reads:
                self._keep_read(pending, response)
            for request, index in pending.waiting:
                if not reads:
                    request.requester.wrote_at = self._writes
                if request.take(index, response):
                    request.deliver(self._attempt)
        if self._chunks.full:
            self._send_full()
        self._calls.tell_observers(call)

    def _keep_read(self, pending: PendingEntry, response: Any) -> None:
        """Keep a response for those who ask for it right now; not an error, which asking again may mend."""
        known = (pending.entry.operation, pending.entry.key)
        read = self._reads.get(known)
        if read is None or read.entry is not pending:
            return
        if isinstance(response, BaseException):
            del self._reads[known]
        else:
            read.response = (response,)
            self._answered_reads.append(known)


class _Errand:
    """Has something done before entries are sent that wait for it: asks for it, and takes the answer."""

    __slots__ = ("_dispatch", "_held", "_request", "position", "wrote_at")

    rule = NO_RULE

    def __init__(self, dispatch: Dispatch, request: PendingRequest, held: Sequence[PendingEntry]) -> None:
        self.position = request.requester.position
        self.wrote_at = 0
        self._dispatch = dispatch
        self._request = request
        self._held = held

    @property
    def requester(self) -> _Errand:
        return self

    def deliver(self, answer: Any) -> None:
        self._dispatch.release(self._request, self._held, answer)
