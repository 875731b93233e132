"""Drives generators: takes what they ask for to the dispatch, and resumes them with the answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextvars import Context, copy_context
from types import CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.failed import Failed
from powertools_stream.engine.steps import RUNNING, Step
from powertools_stream.engine.trace_stacks import TraceStacks
from powertools_stream.errors import EntryTooLargeError, RunError, StreamError
from powertools_stream.requests.request import Request
from powertools_stream.rules.asking import started_already
from powertools_stream.rules.compiled import NO_RULE

if TYPE_CHECKING:
    from powertools_stream.engine.coroutines import Coroutines
    from powertools_stream.engine.deadline import Deadline
    from powertools_stream.engine.dispatch.dispatcher import Dispatch
    from powertools_stream.engine.dispatch.lookahead import Lookahead
    from powertools_stream.engine.dispatch.pending import Reply, Requester
    from powertools_stream.engine.encryption import BatchEncryption
    from powertools_stream.engine.interrupter import Interrupter
    from powertools_stream.engine.observation import Observation
    from powertools_stream.payloads.large_events import LargeEvents

__all__ = ["Completion", "Driver"]

_START: Any = object()
"""Takes the place of the first answer: there is none yet."""


class Completion:
    """Hands an answer over to a method, with who asked for it."""

    __slots__ = ("_take", "requester")

    def __init__(self, requester: Any, take: Callable[[Any, Any], None]) -> None:
        self.requester = requester
        self._take = take

    def deliver(self, answer: Any) -> None:
        """Hand the answer over."""
        self._take(self.requester, answer)


class _Fiber:
    """One generator under way: it gets the answers to what it asks for, and its own outcome is a reply.

    It has context variables of its own, as an asyncio task has: what one sets does not show in another, and what it has
    set is there when it goes on.
    """

    __slots__ = ("_ready", "context", "generator", "reply", "requester")

    def __init__(self, generator: Generator[Any, Any, Any], reply: Reply, ready: deque[Any], context: Context) -> None:
        self.context = context
        self.generator = generator
        self.reply = reply
        self.requester = reply.requester
        self._ready = ready

    def deliver(self, answer: Any) -> None:
        self._ready.append((self, answer))


class _Join:
    """Several things asked for at once: all settle, then the answers go on as a list, or the first error."""

    __slots__ = ("_answers", "_missing", "_reply")

    def __init__(self, count: int, reply: Reply) -> None:
        self._answers: list[Any] = [None] * count
        self._missing = count
        self._reply = reply

    def take(self, index: int, answer: Any) -> None:
        self._answers[index] = answer
        self._missing -= 1
        if self._missing == 0:
            failed = (answer for answer in self._answers if type(answer) is Failed)
            self._reply.deliver(next(failed, self._answers))


class _JoinedReply:
    """One of the things that were asked for at once."""

    __slots__ = ("_index", "_join", "requester")

    def __init__(self, join: _Join, index: int, requester: Requester) -> None:
        self.requester = requester
        self._join = join
        self._index = index

    def deliver(self, answer: Any) -> None:
        self._join.take(self._index, answer)


class _Awaited:
    """Takes a coroutine off the list of what may still make requests, and passes its answer on."""

    __slots__ = ("_lookahead", "_reply", "requester")

    def __init__(self, reply: Reply, lookahead: Lookahead) -> None:
        self.requester = reply.requester
        self._reply = reply
        self._lookahead = lookahead
        lookahead.expect(self.requester)

    def deliver(self, answer: Any) -> None:
        self._lookahead.expect(self.requester, -1)
        self._reply.deliver(answer)


class _ForBatch:
    """Asks on behalf of the batch, in the function's own role, for what one of its runs waits for."""

    __slots__ = ("_lookahead", "_reply", "position", "wrote_at")

    rule = NO_RULE

    def __init__(self, reply: Reply, lookahead: Lookahead) -> None:
        self.position = reply.requester.position
        self.wrote_at = 0
        self._reply = reply
        self._lookahead = lookahead
        lookahead.expect(reply.requester)

    @property
    def requester(self) -> _ForBatch:
        """Itself."""
        return self

    def deliver(self, answer: Any) -> None:
        self._lookahead.expect(self._reply.requester, -1)
        self._reply.deliver(answer)


class Driver:
    """The generators of a batch that are under way.

    Parameters
    ----------
    dispatch
        Answers requests.
    coroutines
        Runs coroutines.
    interrupter
        Cuts user code off at the deadline.
    lookahead
        What may still be asked for.
    large_events
        What becomes of events that are too large to be sent as they are; None: such an event is an error.
    encryption
        Encrypts what goes out; None: nothing is encrypted.
    observation
        What observers see of the batch; None: nobody watches.

    Attributes
    ----------
    is_used
        Whether a generator has been started, so that `run_ready` may find something to do.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        coroutines: Coroutines,
        interrupter: Interrupter,
        lookahead: Lookahead,
        large_events: LargeEvents | None = None,
        encryption: BatchEncryption | None = None,
        observation: Observation | None = None,
    ) -> None:
        self._dispatch = dispatch
        self._coroutines = coroutines
        self._interrupter = interrupter
        self._lookahead = lookahead
        self._large_events = large_events
        self._encryption = encryption
        self._observation = observation
        self._traces = TraceStacks.in_use()
        self._ready: deque[tuple[_Fiber, Any]] = deque()
        self.is_used = False

    def start(self, generator: Generator[Any, Any, Any], reply: Reply) -> None:
        """Drive a generator, up to the first thing that it waits for now; what it returns is the reply."""
        self.is_used = True
        self._resume(self._fiber(generator, reply), _START)

    def start_later(self, generator: Generator[Any, Any, Any], reply: Reply) -> None:
        """Drive a generator as soon as the main thread is free."""
        self.is_used = True
        self._ready.append((self._fiber(generator, reply), _START))

    def _fiber(self, generator: Generator[Any, Any, Any], reply: Reply) -> _Fiber:
        context = copy_context()
        if self._observation is not None:
            context.run(RUNNING.set, Step.of(reply.requester, self._observation.source))
        return _Fiber(generator, reply, self._ready, context)

    def run_ready(self, deadline: Deadline) -> None:
        """Resume whatever has its answer, until nothing more can run."""
        if self._dispatch.is_waiting:
            self._dispatch.collect()
        self._resume_ready(deadline)

    def run(self, deadline: Deadline) -> bool:
        """Run until every generator has ended; False: the deadline came first."""
        dispatch, coroutines = self._dispatch, self._coroutines
        while not deadline.has_passed:
            if self._ready:
                self._resume_ready(deadline)
                continue
            dispatch.flush(others_run=coroutines.is_running)
            if coroutines.is_running:
                self._wait_for_coroutines(min(deadline.remaining, dispatch.due_in))
                dispatch.collect()
            elif dispatch.is_waiting:
                dispatch.collect(min(deadline.remaining, dispatch.due_in))
            else:
                return True
        return False

    def _wait_for_coroutines(self, timeout: float) -> None:
        self._interrupter.is_in_loop = True
        try:
            self._coroutines.wait(timeout)
        finally:
            self._interrupter.is_in_loop = False

    def _resume_ready(self, deadline: Deadline) -> None:
        ready = self._ready
        while ready and not deadline.has_passed:
            self._resume(*ready.popleft())

    def _resume(self, fiber: _Fiber, answer: Any) -> None:
        if answer is _START:
            # Only now: it may be waiting a second time for its turn.
            if error := started_already(fiber.generator):
                fiber.reply.deliver(Failed(error))
                return
            answer = None
        asked = fiber.context.run(self._advance, fiber, answer)
        if type(asked) is not Failed:
            return
        if isinstance(asked.error, StopIteration):
            fiber.reply.deliver(asked.error.value)
        else:
            fiber.reply.deliver(asked)

    def _advance(self, fiber: _Fiber, answer: Any) -> Any:
        """Let a generator go on, and take what it asks for; return that, or what it raises as `Failed`."""
        generator, observation = fiber.generator, self._observation
        step: Sequence[Any] = (generator.throw, answer.error) if type(answer) is Failed else (generator.send, answer)
        if observation is not None and observation.has_steps:
            step = (observation.resumed, *step)
        if self._traces is None:
            asked = self._interrupter.attempt(*step)
        else:
            asked = self._traces.step(fiber, self._interrupter.attempt, *step)
            if type(asked) is Failed:
                self._traces.forget(fiber)
        if type(asked) is Failed:
            return asked
        if observation is None or observation.asked_in is None:
            self._ask(asked, fiber)
        else:
            observation.asked_in.run(self._ask, asked, fiber)
        return asked

    def _ask(self, asked: Any, reply: Reply) -> None:
        if isinstance(asked, Request):
            self._take(asked, reply)
        elif isinstance(asked, list | tuple):
            self._ask_all(asked, reply)
        elif type(asked) is GeneratorType:
            self.start_later(asked, reply)
        elif type(asked) is CoroutineType:
            self._await(asked, reply)
        elif self._encryption is not None and self._encryption.is_ready(asked):
            self._submit(asked.request, reply)
        else:
            reply.deliver(Failed(_unexpected(asked)))

    def _take(self, request: Request, reply: Reply) -> None:
        """Submit a request, or do first what encryption takes."""
        steps = None
        if self._encryption is not None:
            try:
                steps = self._encryption.around(request, reply.requester)
            except Exception as error:  # what a request holds is the user's
                reply.deliver(Failed(error))
                return
        if steps is None and self._encryption is not None and self._encryption.is_for_batch(request):
            self._submit(request, _ForBatch(reply, self._lookahead))
        elif steps is None:
            self._submit(request, reply)
        else:
            self.start(steps, reply)

    def _submit(self, request: Request, reply: Reply) -> None:
        large_events = self._large_events
        try:
            if large_events is None:
                self._dispatch.submit(request, reply)
                return
            request = large_events.compressed(request)
            try:
                self._dispatch.submit(request, reply)
            except EntryTooLargeError:
                deposit = large_events.deposited(request)
                if deposit is None:
                    raise
                self._dispatch.submit(deposit.claim_check, reply, after=deposit.put)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            reply.deliver(Failed(error))

    def _ask_all(self, asked: Sequence[Any], reply: Reply) -> None:
        if not asked:
            reply.deliver([])
            return
        join = _Join(len(asked), reply)
        for index, item in enumerate(asked):
            self._ask(item, _JoinedReply(join, index, reply.requester))

    def _await(self, coroutine: CoroutineType[Any, Any, Any], reply: Reply) -> None:
        awaited = _Awaited(reply, self._lookahead)
        try:
            self._coroutines.start(coroutine, self._interrupter, awaited, self._traces, self._observation)
        except StreamError as error:
            awaited.deliver(Failed(error))


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
