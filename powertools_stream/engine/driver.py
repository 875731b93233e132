"""Drives generators: takes what they ask for to the dispatcher, and resumes them with the answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from types import CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.dispatch.dispatcher import Dispatcher
from powertools_stream.engine.dispatch.pending import Asker, Waiter
from powertools_stream.errors import CutOffError, EntryTooLargeError, RunError
from powertools_stream.outcomes import Failed
from powertools_stream.requests.request import Request, content_of, with_content

if TYPE_CHECKING:
    from powertools_stream.engine.coroutines import Coroutines
    from powertools_stream.engine.deadline import Deadline, Guard
    from powertools_stream.payloads.claim_checks import ClaimChecks
    from powertools_stream.payloads.compression import Compression

__all__ = ["Strands"]


class _Strand:
    """One generator under way, and who waits for what it returns."""

    __slots__ = ("_ready", "asker", "generator", "slot", "waiter")

    def __init__(
        self, generator: Generator[Any, Any, Any], asker: Asker, waiter: Waiter, slot: int, ready: deque[Any]
    ) -> None:
        self.generator = generator
        self.asker = asker
        self.waiter = waiter
        self.slot = slot
        self._ready = ready

    def deliver(self, slot: int, answer: Any) -> None:
        self._ready.append((self, answer))


class _Join:
    """Several things asked for at once: all settle, then the answers go on as a list, or the first error."""

    __slots__ = ("_answers", "_missing", "_slot", "_waiter")

    def __init__(self, count: int, waiter: Waiter, slot: int) -> None:
        self._answers: list[Any] = [None] * count
        self._missing = count
        self._waiter = waiter
        self._slot = slot

    def deliver(self, slot: int, answer: Any) -> None:
        self._answers[slot] = answer
        self._missing -= 1
        if self._missing == 0:
            failed = (answer for answer in self._answers if type(answer) is Failed)
            self._waiter.deliver(self._slot, next(failed, self._answers))


class _Awaiting:
    """Takes a coroutine off the list of what may still make requests, and passes its answer on."""

    __slots__ = ("_asker", "_dispatcher", "_waiter")

    def __init__(self, waiter: Waiter, asker: Asker, dispatcher: Dispatcher) -> None:
        self._waiter = waiter
        self._asker = asker
        self._dispatcher = dispatcher
        dispatcher.prospects.expect(asker)

    def deliver(self, slot: int, answer: Any) -> None:
        self._dispatcher.prospects.expect(self._asker, -1)
        self._waiter.deliver(slot, answer)


class Strands:
    """The generators of a batch that are under way.

    Parameters
    ----------
    dispatcher
        Answers requests.
    coroutines
        Runs coroutines.
    guard
        Is on while user code runs.
    claim_checks
        Where events are left that are too large to be sent; None: nowhere.
    compression
        Which values of events are compressed when they are sent; None: none.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        coroutines: Coroutines,
        guard: Guard,
        claim_checks: ClaimChecks | None = None,
        compression: Compression | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._coroutines = coroutines
        self._guard = guard
        self._claim_checks = claim_checks
        self._compression = compression
        self._ready: deque[tuple[_Strand, Any]] = deque()

    def start(self, generator: Generator[Any, Any, Any], asker: Asker, waiter: Waiter, slot: int = 0) -> None:
        """Drive a generator, up to the first thing that it waits for now; what it returns goes to the waiter."""
        self._resume(_Strand(generator, asker, waiter, slot, self._ready), None)

    def start_later(self, generator: Generator[Any, Any, Any], asker: Asker, waiter: Waiter, slot: int = 0) -> None:
        """Drive a generator as soon as the main thread is free."""
        self._ready.append((_Strand(generator, asker, waiter, slot, self._ready), None))

    @property
    def may_go_on(self) -> bool:
        """Whether something has been asked for, so that `run_ready` may find an answer."""
        return bool(self._ready) or self._dispatcher.is_waiting

    def run_ready(self, deadline: Deadline) -> None:
        """Resume whatever has its answer, until nothing more can run."""
        self._dispatcher.collect()
        while self._ready and not deadline.has_passed:
            self._resume(*self._ready.popleft())

    def run(self, deadline: Deadline) -> bool:
        """Run until every generator has ended; False: the deadline came first."""
        dispatcher, coroutines = self._dispatcher, self._coroutines
        dispatcher.wake = coroutines.wake
        while not deadline.has_passed:
            self.run_ready(deadline)
            if self._ready:
                continue
            dispatcher.flush(others_run=coroutines.is_running)
            if not (coroutines.is_running or dispatcher.is_waiting):
                return True
            timeout = min(deadline.remaining, dispatcher.due_in)
            if coroutines.is_running:
                coroutines.wait(timeout)
            else:
                dispatcher.collect(timeout)
        return False

    def _resume(self, strand: _Strand, answer: Any) -> None:
        guard = self._guard
        generator = strand.generator
        outcome: Any
        try:
            guard.running = True
            try:
                asked = generator.throw(answer.error) if type(answer) is Failed else generator.send(answer)
            finally:
                guard.running = False
        except StopIteration as stop:
            outcome = stop.value
        except (Exception, CutOffError) as error:
            outcome = Failed(error)
        else:
            self._ask(asked, strand.asker, strand, 0)
            return
        strand.waiter.deliver(strand.slot, outcome)

    def _ask(self, asked: Any, asker: Asker, waiter: Waiter, slot: int) -> None:
        if isinstance(asked, Request):
            self._submit(asked, asker, waiter, slot)
        elif isinstance(asked, list | tuple):
            self._ask_all(asked, asker, waiter, slot)
        elif type(asked) is GeneratorType:
            self.start_later(asked, asker, waiter, slot)
        elif type(asked) is CoroutineType:
            self._await(asked, asker, waiter, slot)
        else:
            waiter.deliver(slot, Failed(_unexpected(asked)))

    def _submit(self, request: Request, asker: Asker, waiter: Waiter, slot: int) -> None:
        try:
            packed = request if self._compression is None else _compressed(request, self._compression)
            self._dispatcher.submit(packed, asker, waiter, slot)
        except EntryTooLargeError as error:
            self._leave_at_s3(request, error, asker, waiter, slot)
        except Exception as error:
            waiter.deliver(slot, Failed(error))

    def _leave_at_s3(
        self, request: Request, error: EntryTooLargeError, asker: Asker, waiter: Waiter, slot: int
    ) -> None:
        """Send a claim check in the place of an event that is too large, where there is a bucket for it."""
        try:
            instead = self._claim_checks.in_place_of(request) if self._claim_checks is not None else None
            if instead is None:
                raise error
            put, check = instead
            self._dispatcher.submit(check, asker, waiter, slot, after=put)
        except Exception as mistake:
            waiter.deliver(slot, Failed(mistake))

    def _ask_all(self, asked: Sequence[Any], asker: Asker, waiter: Waiter, slot: int) -> None:
        if not asked:
            waiter.deliver(slot, [])
            return
        join = _Join(len(asked), waiter, slot)
        for index, item in enumerate(asked):
            self._ask(item, asker, join, index)

    def _await(self, coroutine: CoroutineType[Any, Any, Any], asker: Asker, waiter: Waiter, slot: int) -> None:
        awaiting = _Awaiting(waiter, asker, self._dispatcher)
        try:
            self._coroutines.start(coroutine, self._guard, awaiting, slot)
        except RunError as error:
            awaiting.deliver(slot, Failed(error))


def _compressed(request: Request, compression: Compression) -> Request:
    event = content_of(request)
    if event is None:
        return request
    packed = compression.compressed(event)
    return request if packed is event else with_content(request, packed)


def _unexpected(asked: Any) -> RunError:
    if isinstance(asked, type):
        name = asked.__name__
        found, advice = f"the class {name}", f"Make one of it: yield {name}(…)."
    else:
        found, advice = type(asked).__name__, "Results are handed over with return, not with yield."
    return RunError(
        "Expected a flavor to yield a request, a coroutine, a generator, or a list of these, "
        f"but found {found}. {advice}"
    )
