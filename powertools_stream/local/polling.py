"""Polls several event sources until there is nothing left."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Protocol

from powertools_stream.local.function import Invocation

__all__ = ["Poller", "drain"]


class Poller(Protocol):
    """An event source mapping: `SQSPoller`, `KinesisPoller`, `DynamoDBPoller`, or one of your own."""

    def poll(self) -> Invocation | None:
        """Call the function with one batch, and process its response; None: there was nothing."""
        ...


def drain(*pollers: Poller, rounds: int | None = None) -> Iterator[Invocation]:
    """Poll in turn, and yield each invocation, until a whole round finds nothing.

    Parameters
    ----------
    pollers
        What to poll.
    rounds
        The maximum number of polls of each; None: no limit. Polling never ends if a stream without ``max_retries``
        cannot get past a record.
    """
    for _ in range(rounds) if rounds is not None else count():
        invocations = 0
        for poller in pollers:
            if (invocation := poller.poll()) is not None:
                invocations += 1
                yield invocation
        if not invocations:
            return
