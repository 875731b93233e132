"""Runs the coroutines of a batch side by side, on the main thread, on one event loop kept between batches."""

from __future__ import annotations

import asyncio
import logging
import os
import types
import weakref
from collections.abc import Awaitable, Coroutine, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.failed import Failed
from powertools_stream.errors import ConfigurationError, CutOffError, RetryableError

if TYPE_CHECKING:
    from powertools_stream.engine.dispatch.pending import Reply
    from powertools_stream.engine.interrupter import Interrupter
    from powertools_stream.engine.observation import Observation
    from powertools_stream.engine.trace_stacks import TraceStacks

__all__ = ["Coroutines"]

_log = logging.getLogger("powertools_stream")

_LONGEST_WAIT = 3600.0
_CANCELLATION_TIME = 0.05
"""Seconds that cancelled coroutines get to clean up."""


_LEFT_BEHIND: list[tuple[asyncio.AbstractEventLoop, list[asyncio.Task[Any]]]] = []
"""What did not end when it was cancelled."""


class Coroutines:
    """The coroutines that user functions returned and that have not ended."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: dict[asyncio.Task[None], Reply] = {}
        self._woken: asyncio.Event | None = None
        self._older_tasks: set[asyncio.Task[Any]] | None = None
        self._close: Any = None

    @property
    def is_running(self) -> bool:
        """Whether a coroutine has not ended."""
        return bool(self._tasks)

    def start(
        self,
        coroutine: Coroutine[Any, Any, Any],
        interrupter: Interrupter,
        reply: Reply,
        traces: TraceStacks | None = None,
        observation: Observation | None = None,
    ) -> None:
        """Start a coroutine; its result or error is the reply. It goes on with the context variables of who starts it.

        Raises
        ------
        ConfigurationError
            The processor runs inside a running event loop, which cannot be entered a second time.
        """
        if asyncio._get_running_loop() is not None:
            coroutine.close()
            raise ConfigurationError(
                "Expected to run coroutines on an event loop of the processor's own, but found a loop running already "
                "in this thread. Call the processor from synchronous code, or through asyncio.to_thread."
            )
        loop = self._find_loop()
        if self._older_tasks is None:
            self._older_tasks = asyncio.all_tasks(loop)
        # What is left behind stays on the loop, and must not keep the processor: it knows neither that nor its reply.
        this = weakref.ref(self)
        steps = observation if observation is not None and observation.has_steps else None
        task = loop.create_task(_run(this, _interruptible(coroutine, interrupter, traces, steps)))
        self._tasks[task] = reply

        def end(task: asyncio.Task[None]) -> None:
            if coroutines := this():  # if it is on the list still, user code cancelled it before it began
                coroutines._end(task, Failed(_cancelled(asyncio.CancelledError())))
            coroutine.close()

        task.add_done_callback(end)

    def _find_loop(self) -> asyncio.AbstractEventLoop:
        """In Lambda take the thread's own loop, as Powertools does: pools that are opened on it at import work."""
        loop = self._loop
        if os.environ.get("LAMBDA_TASK_ROOT"):
            loop = _loop_of_thread()
        elif loop is None or loop.is_closed():
            loop = asyncio.new_event_loop()
            self._close = weakref.finalize(self, loop.close)
        if loop is not self._loop:
            self._loop = loop
            self._woken = asyncio.Event()
        return loop

    def _end(self, task: asyncio.Task[None], answer: Any) -> None:
        """Take a task off the list, and deliver its answer; one that is not on it has been answered, or is too late."""
        reply = self._tasks.pop(task, None)
        if reply is None:
            return
        reply.deliver(answer)
        if self._woken is not None:
            self._woken.set()

    def wake(self) -> None:
        """End `wait` early; may be called on any thread."""
        if self._loop is not None and self._woken is not None:
            # Closed meanwhile: nobody waits any more.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._woken.set)

    def wait(self, timeout: float) -> None:
        """Let the coroutines run until one ends, somebody calls `wake`, or `timeout` seconds are over."""
        if self._loop is None or self._woken is None:
            return
        # User code may have cancelled all tasks of the loop, this one too.
        with suppress(asyncio.CancelledError, _StoppedError):
            _run_on(self._loop, _wait_for(self._woken, min(timeout, _LONGEST_WAIT)))
        self._woken.clear()

    def end(self, interrupter: Interrupter) -> None:
        """End the batch: cancel what it has started and what has not ended, so that no step of it runs in the next.

        What does not end in time is left behind with its loop.
        """
        loop, older = self._loop, self._older_tasks
        self._tasks.clear()
        self._older_tasks = None
        if loop is None or older is None or loop.is_closed() or loop.is_running():
            return
        if not (left := asyncio.all_tasks(loop) - older):
            return
        ended = interrupter.attempt(_run_on, loop, _cancel_all(left))
        if type(ended) is Failed and isinstance(ended.error, _StoppedError):
            interrupter.attempt(_run_on, loop, _cancel_all(left))
        if stuck := [task for task in left if not task.done()]:
            self._leave_behind(loop, stuck)

    def _leave_behind(self, loop: asyncio.AbstractEventLoop, tasks: list[asyncio.Task[Any]]) -> None:
        """Never enter the loop again: what is on it would run beside the records of the next batch."""
        # Kept: the garbage collector would close the coroutines, which runs their code once more.
        _LEFT_BEHIND.append((loop, tasks))
        _log.error(
            "%d coroutines did not end when they were cancelled, and are left behind with their event loop: %s. "
            "A coroutine that catches asyncio.CancelledError has to raise it again.",
            len(tasks),
            ", ".join(repr(task.get_coro()) for task in tasks[:3]),
        )
        self._loop = self._woken = None
        if self._close is not None:
            self._close.detach()
        if os.environ.get("LAMBDA_TASK_ROOT"):
            asyncio.set_event_loop(asyncio.new_event_loop())


def _loop_of_thread() -> asyncio.AbstractEventLoop:
    try:
        loop = asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:  # there is none yet
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
    if loop.is_closed():
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
    return loop


async def _run(this: weakref.ref[Coroutines], guarded: Awaitable[Any]) -> None:
    task: Any = asyncio.current_task()
    answer: Any
    try:
        answer = await guarded
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        answer = Failed(_cancelled(error) if _was_cancelled(error, task) else error)
    # Here, not in a callback of the task: the loop may be left before it calls that, and be entered again to wait for
    # a coroutine that has ended.
    if coroutines := this():
        coroutines._end(task, answer)


class _StoppedError(Exception):
    """The loop was stopped before it had done what it was entered for."""


def _run_on(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end.

    Raises
    ------
    _StoppedError
        User code stopped the loop, or it was entered before, and left by an interruption just when it would have
        stopped by itself: then it stops now.
    """
    try:
        loop.run_until_complete(coroutine)
    except RuntimeError as error:
        if loop.is_closed() or loop.is_running():
            raise
        raise _StoppedError from error


async def _cancel_all(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=_CANCELLATION_TIME)


async def _wait_for(event: asyncio.Event, timeout: float) -> None:
    # asyncio.wait_for would do, but makes a task of its own on each call.
    loop = asyncio.get_running_loop()
    timer = loop.call_later(timeout, event.set)
    try:
        await event.wait()
    finally:
        timer.cancel()


def _was_cancelled(error: BaseException, task: Any) -> bool:
    """Tell whether a task was cancelled from outside, by what another record's function has done perhaps."""
    if not isinstance(error, asyncio.CancelledError):
        return False
    cancelling = getattr(task, "cancelling", None)  # from Python 3.11 on
    return cancelling is not None and cancelling() > 0


def _cancelled(error: BaseException) -> RetryableError:
    passing = RetryableError("The coroutine was cancelled by user code; it may succeed without that.")
    passing.__cause__ = error
    return passing


@types.coroutine
def _interruptible(
    coroutine: Coroutine[Any, Any, Any],
    interrupter: Interrupter,
    traces: TraceStacks | None,
    observation: Observation | None,
) -> Generator[Any, Any, Any]:
    """Run a coroutine as ``await`` does; it can be interrupted while its code runs, and not while it waits."""
    step: Any = coroutine.send
    value: Any = None
    while True:
        call = (step, value) if observation is None else (observation.resumed, step, value)
        if traces is None:
            yielded = interrupter.attempt(*call)
        else:
            yielded = traces.step(coroutine, interrupter.attempt, *call)
        if type(yielded) is Failed:
            error = yielded.error
            if traces is not None:
                traces.forget(coroutine)
            if isinstance(error, StopIteration):
                return error.value
            raise error
        try:
            step, value = coroutine.send, (yield yielded)
        except GeneratorExit:  # it is thrown away
            with suppress(CutOffError):  # the invocation is over: no step of it runs any more
                interrupter.attempt(coroutine.close)
            raise
        except BaseException as error:
            step, value = coroutine.throw, error
