"""Runs the coroutines of a batch side by side, on the main thread, on one event loop kept between batches."""

from __future__ import annotations

import asyncio
import types
import weakref
from collections.abc import Coroutine, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from powertools_stream.errors import CutOffError, RunError
from powertools_stream.outcomes import Failed

if TYPE_CHECKING:
    from powertools_stream.engine.dispatch.pending import Reply
    from powertools_stream.engine.interrupter import Interrupter

__all__ = ["Coroutines"]

_LONGEST_WAIT = 3600.0
_CANCELLATION_TIME = 0.05
"""Seconds that cancelled coroutines get to clean up."""


class Coroutines:
    """The coroutines that user functions returned and that have not ended."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._woken: asyncio.Event | None = None

    @property
    def is_running(self) -> bool:
        """Whether a coroutine has not ended."""
        return bool(self._tasks)

    def start(self, coroutine: Coroutine[Any, Any, Any], interrupter: Interrupter, reply: Reply) -> None:
        """Start a coroutine; its result or error is the reply.

        Raises
        ------
        RunError
            The processor runs inside a running event loop, which cannot be entered a second time.
        """
        if asyncio._get_running_loop() is not None:
            coroutine.close()
            raise RunError(
                "Expected to run coroutines on an event loop of the processor's own, but found a loop running already "
                "in this thread. Call the processor from synchronous code, or through asyncio.to_thread."
            )
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
            weakref.finalize(self, self._loop.close)
            self._woken = asyncio.Event()
        task = self._loop.create_task(self._run(coroutine, interrupter, reply))
        self._tasks.add(task)
        task.add_done_callback(lambda _: coroutine.close())  # one that was cancelled before it began

    async def _run(self, coroutine: Coroutine[Any, Any, Any], interrupter: Interrupter, reply: Reply) -> None:
        task: Any = asyncio.current_task()
        try:
            answer = await _interruptible(coroutine, interrupter)
        except asyncio.CancelledError:
            if _is_cancelling(task):
                raise
            answer = Failed(RunError("The coroutine was cancelled by user code."))
        except (Exception, CutOffError) as error:
            answer = Failed(error)
        # Here, not in a callback of the task: the loop may be left before it calls that, and be entered again to
        # wait for a coroutine that has ended.
        self._tasks.discard(task)
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
        self._loop.run_until_complete(_wait_for(self._woken, min(timeout, _LONGEST_WAIT)))
        self._woken.clear()

    def cancel(self) -> None:
        """Cancel what has not ended."""
        if not self._tasks or self._loop is None:
            return
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.wait(tasks, timeout=_CANCELLATION_TIME))
        self._tasks.clear()


async def _wait_for(event: asyncio.Event, timeout: float) -> None:
    # asyncio.wait_for would do, but makes a task of its own on each call.
    loop = asyncio.get_running_loop()
    timer = loop.call_later(timeout, event.set)
    try:
        await event.wait()
    finally:
        timer.cancel()


def _is_cancelling(task: asyncio.Task[Any]) -> bool:
    cancelling = getattr(task, "cancelling", None)  # from Python 3.11 on
    return cancelling is None or cancelling() > 0


@types.coroutine
def _interruptible(coroutine: Coroutine[Any, Any, Any], interrupter: Interrupter) -> Generator[Any, Any, Any]:
    """Run a coroutine as ``await`` does; it can be interrupted while its code runs, and not while it waits."""
    step: Any = coroutine.send
    value: Any = None
    while True:
        yielded = interrupter.attempt(step, value)
        if type(yielded) is Failed:
            error = yielded.error
            if isinstance(error, StopIteration):
                return error.value
            raise error
        try:
            step, value = coroutine.send, (yield yielded)
        except BaseException as error:
            step, value = coroutine.throw, error
