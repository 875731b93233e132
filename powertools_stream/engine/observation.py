"""What the observers of one batch see from the inside, and what is counted for them."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.observers import FailingObservers
from powertools_stream.engine.steps import RUNNING
from powertools_stream.errors import UnmatchedEventError
from powertools_stream.outcomes import BatchDetails, BatchSummary, CallStart
from powertools_stream.rules.compiled import NO_RULE

if TYPE_CHECKING:
    from powertools_stream.engine.batch import Batch, Failure
    from powertools_stream.engine.dispatch.chunks import Chunk
    from powertools_stream.outcomes import CallDetails, Observer
    from powertools_stream.sources.source import Source

__all__ = ["Observation", "Watchers"]

_Open = Callable[[Any], "AbstractContextManager[Any] | None"]


@dataclass(frozen=True)
class Methods:
    """What observers want to be told of: those of their methods that are optional, by name."""

    batch: Sequence[_Open]
    step: Sequence[_Open]
    call: Sequence[_Open]
    on_batch: Sequence[Callable[[BatchSummary], None]]

    @classmethod
    def of(cls, observers: Sequence[Any]) -> Methods:
        """Return the methods that these observers have."""
        return cls(*([getattr(one, name) for one in observers if hasattr(one, name)] for name in _OPTIONAL))


_OPTIONAL = ("batch", "step", "call", "on_batch")


class Watchers:
    """The observers that may want to see batches from the inside. One for a processor.

    Parameters
    ----------
    observers
        All there are.
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = [one for one in observers if any(hasattr(one, name) for name in _OPTIONAL)]
        self._enabled: list[Observer] = []
        self._methods = Methods.of(self._enabled)

    def methods(self, logger: Any) -> Methods | None:
        """Return the methods of those that want to see the next batch; None: none of them does.

        Parameters
        ----------
        logger
            Where an observer that raises is named.
        """
        enabled = [one for one in self._observers if _is_enabled(one, logger)]
        if not enabled:
            return None
        # Most often the same ones as last time.
        if enabled != self._enabled:
            self._enabled, self._methods = enabled, Methods.of(enabled)
        return self._methods


class Observation:
    """The contexts that observers open around a batch, its steps and its calls, and the counts of the batch.

    There is none if nobody watches.

    Parameters
    ----------
    methods
        Of the observers that want to know of this batch.
    source
        Where its records come from.
    logger
        Where an observer that raises is named.

    Attributes
    ----------
    source
        As given.
    runs
        The id of a rule for each of its runs.
    timestamps
        The ``timestamp`` of each event that was read, whatever it is.
    unmatched, idle
        How many records hold events that no rule matched, and how many hold nothing for a rule.
    has_steps
        Whether an observer opens contexts around steps.
    asked_in
        The context variables at the end of the last step, with those that observers have set for it.
    """

    def __init__(self, methods: Methods, source: Source, logger: Any) -> None:
        self.source = source
        self.runs: list[str] = []
        self.timestamps: list[Any] = []
        self.unmatched = 0
        self.idle = 0
        self._calls: list[CallDetails] = []
        self._started = time.monotonic()
        self._failing = FailingObservers(logger)
        self._methods = methods
        self._opened: list[AbstractContextManager[Any]] = []
        self.has_steps = bool(methods.step)
        self.asked_in: Context | None = None

    @property
    def has_batch(self) -> bool:
        """Whether an observer opens a context around the batch."""
        return bool(self._methods.batch)

    def begin(self, details: BatchDetails) -> None:
        """Open the contexts around the batch."""
        self._open(self._methods.batch, details, self._opened)

    def end(self, error: BaseException | None) -> None:
        """Close the contexts around the batch."""
        self._close(self._opened, error)

    def tell(self, summary: BatchSummary) -> None:
        """Tell of the batch that has ended."""
        for on_batch in self._methods.on_batch:
            try:
                on_batch(summary)
            except Exception as error:
                self._note(on_batch, error)

    def on_call(self, details: CallDetails) -> None:
        """Take note of a call that has ended."""
        self._calls.append(details)

    def resumed(self, function: Any, *args: Any) -> Any:
        """Call user code of what runs now inside of the contexts that observers open around it."""
        self.asked_in = None
        running = RUNNING.get() if self.has_steps else None
        details = running.details() if running is not None else None
        if details is None:
            return function(*args)
        return self._inside(self._methods.step, details, self._resumed, function, *args)

    def _resumed(self, function: Any, *args: Any) -> Any:
        result = function(*args)
        self.asked_in = copy_context()  # before the observers close what they have opened
        return result

    def call(self, chunk: Chunk, attempt: int, send: Any, entries: Sequence[Any]) -> Any:
        """Make a call, with the context variables of who asked first; on the worker's thread."""
        request, _ = chunk.entries[0].waiting[0]
        if (context := request.context) is None:
            return self._call(chunk, attempt, send, entries)
        # A copy: several calls may be made for one request, side by side.
        return context.copy().run(self._call, chunk, attempt, send, entries)

    def _call(self, chunk: Chunk, attempt: int, send: Any, entries: Sequence[Any]) -> Any:
        if not self._methods.call:
            return send(entries)
        running = RUNNING.get()
        details = CallStart(
            chunk.operation.service,
            chunk.operation.name,
            len(entries),
            attempt,
            _rule_ids(chunk),
            running.details() if running is not None else None,
        )
        return self._inside(self._methods.call, details, send, entries)

    def summary(self, batch: Batch) -> BatchSummary:
        """Return what became of the batch."""
        records, failed = len(batch.states), batch.failed()
        unread = sum([any(map(_is_unread, state.failures)) for state in failed])
        reported = sum([state.is_reported for state in failed])
        return BatchSummary(
            source=batch.source.name,
            records=records,
            matched=records - self.unmatched - self.idle - unread,
            unmatched=self.unmatched,
            runs=Counter(self.runs),
            faults=tuple(fault for state in failed for fault in state.faults),
            reported=reported,
            set_aside=len(failed) - reported,
            skipped=batch.rules_skipped,
            calls=tuple(self._calls),
            seconds=time.monotonic() - self._started,
            oldest_timestamp=_oldest(self.timestamps),
        )

    def _inside(self, openers: Sequence[_Open], details: Any, function: Any, *args: Any) -> Any:
        """Call a function inside of the contexts of the observers, which get to see the error that it raises."""
        opened: list[AbstractContextManager[Any]] = []
        error: BaseException | None = None
        try:
            self._open(openers, details, opened)
            result = function(*args)
            # A connector returns errors as values: if there is nothing else, the call has failed.
            if type(details) is CallStart and result and all(isinstance(one, BaseException) for one in result):
                error = result[0]
            return result
        except StopIteration:  # the end of a generator
            raise
        except BaseException as raised:
            error = raised
            raise
        finally:
            self._close(opened, error)
            error = None  # its frames would be a circle

    def _open(self, openers: Sequence[_Open], details: Any, opened: list[AbstractContextManager[Any]]) -> None:
        for opener in openers:
            try:
                context = opener(details)
                if context is not None:
                    context.__enter__()
                    opened.append(context)
            except Exception as error:
                self._note(opener, error)

    def _close(self, opened: list[AbstractContextManager[Any]], error: BaseException | None) -> None:
        while opened:
            context = opened.pop()
            try:
                if error is None:
                    context.__exit__(None, None, None)
                else:
                    context.__exit__(type(error), error, error.__traceback__)
            except Exception as raised:
                if raised is not error:
                    self._note(context, raised)

    def _note(self, whose: Any, error: Exception) -> None:
        self._failing.note(getattr(whose, "__self__", whose), error)


def _is_enabled(observer: Any, logger: Any) -> bool:
    try:
        return bool(getattr(observer, "is_enabled", True))
    except Exception as error:
        FailingObservers(logger).note(observer, error)
        return False


def _oldest(timestamps: Sequence[Any]) -> float | None:
    # Told by their types, all at once: whole numbers, as those of most batches are, need not be looked at one by one.
    are_whole = set(map(type, timestamps)) == {int}
    return min(timestamps if are_whole else filter(_is_number, timestamps), default=None)


def _is_number(timestamp: Any) -> bool:
    return type(timestamp) in (int, float) and math.isfinite(timestamp)


def _is_unread(failure: Failure) -> bool:
    """Tell whether a record failed before it could be matched."""
    return failure.rule is NO_RULE and not isinstance(failure.error, UnmatchedEventError)


def _rule_ids(chunk: Chunk) -> tuple[str, ...]:
    rules = (request.requester.rule for pending in chunk.entries for request, _ in pending.waiting)
    return tuple(dict.fromkeys(rule.id for rule in rules if rule is not NO_RULE))
