"""Carries one chunk out on a worker thread: sends it, and sends again, alone, what failed in passing."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

from powertools_stream.classification.reasons import is_invalid_request, is_retryable
from powertools_stream.connectors.base import Refused
from powertools_stream.errors import DeadlineError, RequestFailedError, RetryLaterError, RunError
from powertools_stream.outcomes import CallDetails

if TYPE_CHECKING:
    from powertools_stream.call_options import Pacer
    from powertools_stream.connectors.base import Connector, Entry

__all__ = ["NO_TURN", "Attempts", "RetryPolicy"]

NO_TURN = "The rate of its calls leaves no time for this one before the invocation times out."


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How entries are sent again that failed in passing: exponential backoff with full jitter.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    Parameters
    ----------
    max_attempts
        How often an entry is sent at most.
    base_delay
        Seconds; the pause before attempt *n* + 1 is drawn between 0 and ``base_delay × 2ⁿ``.
    max_delay
        Seconds; no pause is longer.

    Raises
    ------
    ValueError
        There would be no attempt, or a pause of less than no time.
    """

    max_attempts: int = 5
    base_delay: float = 0.05
    max_delay: float = 5.0

    def __post_init__(self) -> None:
        # Without an attempt nothing would be sent, and every record would be done.
        given: object = self.max_attempts
        if not (isinstance(given, int) and given >= 1 and self.base_delay >= 0 and self.max_delay >= 0):
            raise ValueError(
                "Expected max_attempts to be a whole number, 1 or more, and base_delay and max_delay to be 0 or more, "
                f"but found {self}."
            )

    def pause(self, attempt: int) -> float:
        """Draw the pause in seconds after this attempt (1 for the first)."""
        return random.uniform(0, min(self.max_delay, self.base_delay * 2**attempt))


class Attempts:
    """What the entries of one chunk answered, in their order, and the calls that it took.

    Parameters
    ----------
    connector
        Carries the calls out.
    entries
        The entries of one chunk.
    policy
        How often, and how long to wait in between.
    deadline
        `time.monotonic` seconds: no pause goes beyond it.
    cancelled
        Set when the batch has ended without this chunk: nothing is sent any more.
    """

    def __init__(
        self, connector: Connector, entries: Sequence[Entry], policy: RetryPolicy, deadline: float, cancelled: Flag
    ) -> None:
        self.responses: list[Any] = [None] * len(entries)
        self.calls: list[CallDetails] = []
        self._connector = connector
        self._entries = entries
        self._operation = entries[0].operation
        self._policy = policy
        self._deadline = deadline
        self._cancelled = cancelled
        # The first call had to wait for its turn before it got here.
        self._has_turn = True

    def carry_out(self) -> None:
        """Send the entries until each is answered, failed for good, or the time is up."""
        left = list(range(len(self._entries)))
        max_attempts = self._operation.max_attempts or self._policy.max_attempts
        for attempt in range(1, max_attempts + 1):
            self._send(left, attempt)
            left = [index for index in left if self._failed_in_passing(index)]
            if not left or attempt == max_attempts or not self._pause(attempt):
                return

    def _failed_in_passing(self, index: int) -> bool:
        response = self.responses[index]
        if not isinstance(response, BaseException) or isinstance(response, RetryLaterError):
            return False
        return is_retryable(response)

    def _pause(self, attempt: int) -> bool:
        pause = self._policy.pause(attempt)
        if time.monotonic() + pause >= self._deadline:
            return False
        return not self._cancelled.wait(pause)

    def _take_turn(self) -> bool:
        """Wait until the next call may go; False: there is no time for it."""
        if self._has_turn or not self._operation.pacers:
            self._has_turn = False
            return True
        turn = _turn_of(self._operation.pacers, self._deadline)
        return turn is not None and not self._cancelled.wait(max(0.0, turn - time.monotonic()))

    def _send(self, indexes: Sequence[int], attempt: int) -> None:
        if not self._take_turn():
            for index in indexes:
                error = DeadlineError(NO_TURN)
                error.__cause__ = self.responses[index]
                self.responses[index] = error
            return
        responses, rejection = self._call([self._entries[index] for index in indexes], attempt)
        if rejection is not None and len(indexes) > 1 and is_invalid_request(rejection):
            # One entry may have spoiled the call for all. Halves, in order, find out which, down to each on its own.
            middle = len(indexes) // 2
            self._send(indexes[:middle], attempt)
            self._send(indexes[middle:], attempt)
            return
        for index, response in zip(indexes, responses, strict=True):
            self.responses[index] = response

    def _call(self, entries: Sequence[Entry], attempt: int) -> tuple[Sequence[Any], BaseException | None]:
        started = time.monotonic()
        rejection: BaseException | None = None
        responses: Sequence[Any]
        try:
            responses = _one_for_each(self._connector.send(entries), len(entries))
        except BaseException as error:  # A worker must answer whatever happens, or its record would wait for ever.
            rejection = error
            responses = [error] * len(entries)
        failed = sum(isinstance(response, BaseException) for response in responses)
        refused = sum(isinstance(response, Refused) for response in responses)
        seconds = time.monotonic() - started
        service, name = self._operation.service, self._operation.name
        self.calls.append(CallDetails(service, name, len(entries), failed, seconds, attempt, refused))
        return responses, rejection


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
