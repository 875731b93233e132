"""Carries one chunk out on a worker thread: sends it, and sends again, alone, what failed in passing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event as Flag
from typing import TYPE_CHECKING, Any, Protocol

from powertools_stream.classification.reasons import is_invalid_request, is_retryable, is_throttling
from powertools_stream.connectors.base import Refused
from powertools_stream.errors import DeadlineError, RequestFailedError, RetryLaterError, RunError
from powertools_stream.outcomes import CallDetails

if TYPE_CHECKING:
    from powertools_stream.call_options import Pacer, RetryPolicy
    from powertools_stream.connectors.base import Entry
    from powertools_stream.engine.dispatch.chunks import Chunk
    from powertools_stream.engine.observation import Observation

__all__ = ["NO_TURN", "CallListener", "ChunkCall"]

NO_TURN = "The rate of its calls leaves no time for this one before the invocation times out."


class CallListener(Protocol):
    """Told of a call, on the worker's thread."""

    def on_begun(self, call: ChunkCall) -> None:
        """Take note that a call with a rate goes now."""

    def on_throttled(self) -> None:
        """Take note that a service wants fewer calls."""

    def on_completed(self, call: ChunkCall) -> None:
        """Take note that every entry has its response."""


class ChunkCall:
    """One call with its retries.

    Parameters
    ----------
    chunk
        What it carries.
    policy
        How often it is tried, and how long to wait in between.
    deadline
        `time.monotonic` seconds: no pause goes beyond it.
    listener
        Told of it.
    observation
        What observers see of the batch; None: nobody watches.

    Attributes
    ----------
    responses
        What the entries were answered, in their order.
    details
        The calls that it took.
    """

    def __init__(
        self,
        chunk: Chunk,
        policy: RetryPolicy,
        deadline: float,
        listener: CallListener,
        observation: Observation | None = None,
    ) -> None:
        self.chunk = chunk
        self.details: list[CallDetails] = []
        self._entries = chunk.in_order()
        self.responses: list[Any] = [None] * len(self._entries)
        self._policy = policy
        self._deadline = deadline
        self._listener = listener
        self._observation = observation
        # The first call had to wait for its turn before it got here.
        self._has_turn = True

    def __str__(self) -> str:
        operation = self.chunk.operation
        rules = {request.requester.rule.id for entry in self.chunk.entries for request, _ in entry.waiting}
        return f"{operation.service} {operation.name} of {', '.join(sorted(rules))}"

    def carry_out(self, dismissed: Flag) -> None:
        """Send the entries until each is answered, failed for good, or the time is up.

        Parameters
        ----------
        dismissed
            Set when the batch has ended without this call: nothing is sent any more.
        """
        try:
            self._carry_out(dismissed)
        except BaseException as error:  # a worker must answer whatever happens, or its records would wait for ever
            self._answer_rest(error)
        self._listener.on_completed(self)

    def fail(self, error: BaseException) -> None:
        """Answer every entry with an error, without a call."""
        self._answer_rest(error)
        self._listener.on_completed(self)

    def _answer_rest(self, error: BaseException) -> None:
        self.responses = [error if response is None else response for response in self.responses]

    def _carry_out(self, dismissed: Flag) -> None:
        operation = self.chunk.operation
        if operation.pacers and any(pacer.interval for pacer in operation.pacers):
            for pacer in operation.pacers:
                pacer.begun()
            self._listener.on_begun(self)
        max_attempts = operation.max_attempts or self._policy.max_attempts
        left: Sequence[int] = range(len(self._entries))
        for attempt in range(1, max_attempts + 1):
            left = self._send(left, attempt, dismissed)
            if not left or attempt == max_attempts or not self._pause(attempt, dismissed):
                return

    def _pause(self, attempt: int, dismissed: Flag) -> bool:
        pause = self._policy.pause(attempt)
        return time.monotonic() + pause < self._deadline and not dismissed.wait(pause)

    def _send(self, indexes: Sequence[int], attempt: int, dismissed: Flag) -> Sequence[int]:
        """Send entries in one call, and return those that failed in passing."""
        if self.chunk.operation.pacers and not self._take_turn(dismissed):
            for index in indexes:
                error = DeadlineError(NO_TURN)
                error.__cause__ = self.responses[index]
                self.responses[index] = error
            return ()
        everything = len(indexes) == len(self._entries)
        entries = self._entries if everything else [self._entries[index] for index in indexes]
        responses, rejection = self._call(entries, attempt)
        if rejection is not None and len(indexes) > 1 and is_invalid_request(rejection):
            # One entry may have spoiled the call for all. Halves, in order, find out which, down to each on its own.
            middle = len(indexes) // 2
            return [
                *self._send(indexes[:middle], attempt, dismissed),
                *self._send(indexes[middle:], attempt, dismissed),
            ]
        left = []
        for index, response in zip(indexes, responses, strict=True):
            self.responses[index] = response
            if isinstance(response, BaseException) and _failed_in_passing(response):
                left.append(index)
        if any(is_throttling(self.responses[index]) for index in left):
            self._listener.on_throttled()
        return left

    def _take_turn(self, dismissed: Flag) -> bool:
        """Wait until the next call may go; False: there is no time for it."""
        if self._has_turn:
            self._has_turn = False
            return True
        turn = _turn_of(self.chunk.operation.pacers, self._deadline)
        return turn is not None and not dismissed.wait(max(0.0, turn - time.monotonic()))

    def _call(self, entries: Sequence[Entry], attempt: int) -> tuple[Sequence[Any], BaseException | None]:
        """Make one call; return the responses, and the error if the call itself was rejected."""
        started = time.monotonic()
        rejection: BaseException | None = None
        responses: Sequence[Any]
        try:
            send = self.chunk.connector.send
            if self._observation is None:
                responses = send(entries)
            else:
                responses = self._observation.call(self.chunk, attempt, send, entries)
            if len(responses) != len(entries):
                responses = _one_for_each(responses, len(entries))
        except BaseException as error:
            rejection = error
            responses = [error] * len(entries)
        failed = refused = 0
        for response in responses:
            if isinstance(response, BaseException):
                failed += 1
            elif isinstance(response, Refused):
                refused += 1
        operation, seconds = self.chunk.operation, time.monotonic() - started
        self.details.append(
            CallDetails(operation.service, operation.name, len(entries), failed, seconds, attempt, refused)
        )
        return responses, rejection


def _failed_in_passing(error: BaseException) -> bool:
    return not isinstance(error, RetryLaterError) and is_retryable(error)


def _turn_of(pacers: Sequence[Pacer], deadline: float) -> float | None:
    """Take a turn of each pacer, and return the latest of them (`time.monotonic`); None: it would be too late."""
    turns = [pacer.reserve(before=deadline) for pacer in pacers]
    return None if None in turns else max(turn for turn in turns if turn is not None)


def _one_for_each(responses: Sequence[Any], expected: int) -> Sequence[Any]:
    found = len(responses)
    if found > expected:
        raise RunError(
            f"Expected one response per entry, {expected} in all, but found {found}: none can be told to be whose. "
            "See that the connector's send() answers its entries one by one, in order."
        )
    missing = f"The call was asked for {expected} entries but answered only {found}; this one has no answer."
    return [*responses, *(RequestFailedError("MissingResponse", missing) for _ in range(expected - found))]
