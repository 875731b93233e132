"""What all event source mappings do: take a batch, call the function with it, and settle it by the response."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass
from threading import Event
from typing import Any, Generic, Protocol, TypeVar

from powertools_stream.local.function import Invocation
from powertools_stream.local.mappings.batching import Record

__all__ = ["Batch", "BatchOutcome", "Clock", "EventSourceMapping", "Function", "Observer"]

# No mapping has more invocations in flight: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
_MAX_THREADS = 1000

# How long a source rests that had nothing, in seconds: longer each time.
_SHORTEST_REST, _LONGEST_REST = 0.01, 0.25

Clock = Callable[[], float]
"""Returns the time in seconds since 1970."""


class Function(Protocol):
    """What a mapping calls: `LambdaFunction`, or one of your own."""

    @property
    def name(self) -> str:
        """The function's name."""
        ...

    @property
    def timeout(self) -> float:
        """How long it may run, in seconds."""
        ...

    def invoke(self, event: Mapping[str, Any]) -> Invocation:
        """Call it, and return the outcome, even if it fails. Called on several threads by `EventSourceMapping.run`."""
        ...


@dataclass(frozen=True)
class Batch:
    """The records of one invocation."""

    records: Sequence[Record]

    @property
    def event(self) -> dict[str, Any]:
        """The event for the function."""
        return {"Records": list(self.records)}


@dataclass(frozen=True)
class BatchOutcome:
    """What became of the records of one batch.

    Parameters
    ----------
    source_arn
        The queue or stream.
    function_name
        The function.
    invocation
        The invocation; None: the records were too old to be sent.
    done
        How many records are done.
    retried
        How many will be sent again.
    discarded
        How many a stream was given up on.
    problem
        What of the response Lambda cannot read, or ignores, as a sentence; empty: nothing.
    """

    source_arn: str
    function_name: str
    invocation: Invocation | None
    done: int = 0
    retried: int = 0
    discarded: int = 0
    problem: str = ""


Observer = Callable[[BatchOutcome], None]
"""Is told what became of each batch, on the thread that polls."""

_Batch = TypeVar("_Batch", bound=Batch)


class EventSourceMapping(ABC, Generic[_Batch]):
    """An event source mapping between a source and a function.

    Either `poll` it, a batch at a time and without any waiting, or let it `run` on a thread of its own, where several
    invocations may be in flight and everything takes its time. Both take and settle batches in the same way.

    Parameters
    ----------
    function
        The function to call.
    source_arn
        The queue or stream.
    observer
        Is told what became of each batch.
    clock
        Returns the time in seconds since 1970.

    Attributes
    ----------
    invocations
        How many invocations have ended.
    in_flight
        How many have not.
    looks
        How many times the source was found to have nothing, while nothing was in flight. See `wait_until_quiet`.
    error
        What `run` has raised, on its thread; None: nothing.
    filtered
        How many records its filters have discarded.
    """

    _passes: Callable[[Record], bool]

    def __init__(
        self, function: Function, source_arn: str, *, observer: Observer | None = None, clock: Clock = time.time
    ) -> None:
        self.function = function
        self.source_arn = source_arn
        self.invocations = 0
        self.in_flight = 0
        self.looks = 0
        self.error: BaseException | None = None
        self.filtered = 0
        self._observer = observer
        self._clock = clock

    def poll(self) -> Invocation | None:
        """Call the function with one batch, and process its response; None: there was nothing to send.

        Waits neither for the batching window nor before a retry.
        """
        batch = self._next(at_once=True)
        return None if batch is None else self._land(batch, self.function.invoke(batch.event))

    def _passing(self, records: Sequence[Record]) -> list[Record]:
        """Return the records that the filters let through."""
        passing = [record for record in records if self._passes(record)]
        self.filtered += len(records) - len(passing)
        return passing

    def run(self, stop: Event) -> None:
        """Poll until `stop` is set, then wait for the invocations that are in flight.

        Raises
        ------
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError
            The source or the destination cannot be reached, or does not exist.
        """
        try:
            self._run(stop)
        except BaseException as error:
            self.error = error
            raise

    def _run(self, stop: Event) -> None:
        flights: dict[Future[Invocation], _Batch] = {}
        rest = _SHORTEST_REST
        with ThreadPoolExecutor(_MAX_THREADS, thread_name_prefix=self.function.name) as pool:
            while not stop.is_set():
                if self._land_some(flights) + self._launch_some(pool, flights):
                    rest = _SHORTEST_REST
                    continue
                _rest(flights, stop, rest)
                rest = min(2 * rest, _LONGEST_REST)
            for future in as_completed(flights):
                self._land(flights[future], future.result())

    def is_quiet(self) -> bool:
        """Return whether nothing is in flight, waits, is delayed or is to be sent again, as far as is known.

        A stream does not say how much it has: see `wait_until_quiet`.
        """
        return self.in_flight == 0 and self.pending() == 0

    @abstractmethod
    def pending(self) -> int:
        """Return how many records are known that are not done, in flight or delayed ones included."""

    def _launch_some(self, pool: ThreadPoolExecutor, flights: dict[Future[Invocation], _Batch]) -> int:
        launched = 0
        while (batch := self._next(at_once=False)) is not None:
            flights[pool.submit(self.function.invoke, batch.event)] = batch
            launched += 1
        return launched

    def _land_some(self, flights: dict[Future[Invocation], _Batch]) -> int:
        landed = [future for future in flights if future.done()]
        for future in landed:
            self._land(flights.pop(future), future.result())
        return len(landed)

    def _next(self, *, at_once: bool) -> _Batch | None:
        batch = self._take(at_once=at_once)
        if batch is not None:
            self.in_flight += 1
        elif not self.in_flight:
            self.looks += 1
        return batch

    def _land(self, batch: _Batch, invocation: Invocation) -> Invocation:
        outcome = self._settle(batch, invocation)
        self.in_flight -= 1
        self.invocations += 1
        self._tell(outcome)
        return invocation

    def _tell(self, outcome: BatchOutcome) -> None:
        if self._observer is not None:
            self._observer(outcome)

    @abstractmethod
    def _take(self, *, at_once: bool) -> _Batch | None:
        """Return the next batch; None: there is none, or none yet. `at_once`: wait for nothing."""

    @abstractmethod
    def _settle(self, batch: _Batch, invocation: Invocation) -> BatchOutcome:
        """Tell the source what is done, and keep what is to be sent again."""


def _rest(flights: Mapping[Future[Invocation], Any], stop: Event, seconds: float) -> None:
    if flights:
        wait(flights, timeout=seconds, return_when=FIRST_COMPLETED)
    else:
        stop.wait(seconds)
