"""Where the records of every event source are: done, discarded, in a dead-letter queue, or still waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.local.activity import MappingTally, Tally
from powertools_stream.local.stack import MappingConfiguration, Stack

__all__ = ["SourceAccount", "account_for"]


@dataclass(frozen=True)
class SourceAccount:
    """Where the records of one event source mapping are.

    Parameters
    ----------
    mapping
        The mapping's logical id.
    source
        The source's logical id, or the end of its ARN.
    function
        The function's logical id.
    records
        How many different records the function was sent.
    done
        How many of them are done.
    discarded
        How many a stream was given up on; its on-failure destination knows of them, if there is one.
    dead_letters
        How many messages are in the dead-letter queue.
    waiting
        How many will be sent again.
    is_exact
        Whether all of it was counted. Otherwise the dead-letter queue holds other messages too, and what is not in any
        other place is taken to be there.
    moved
        How many were moved out of the dead-letter queue, as by ``faults redrive``. What comes of one is another record.
    """

    mapping: str
    source: str
    function: str
    records: int
    done: int
    discarded: int
    dead_letters: int
    waiting: int
    is_exact: bool
    moved: int = 0

    @property
    def missing(self) -> int:
        """How many records are nowhere; negative: how many are in two places."""
        return self.records - self.done - self.discarded - self.dead_letters - self.moved - self.waiting


def account_for(
    stack: Stack,
    tally: Tally,
    *,
    depths: Mapping[str, int],
    redrives: Mapping[str, str],
    pending: Mapping[str, int],
    moved: Mapping[str, int] | None = None,
) -> list[SourceAccount]:
    """Find out where the records of every event source mapping are that had any.

    Parameters
    ----------
    stack
        The stack.
    tally
        What has happened.
    depths
        How many messages each queue has.
    redrives
        The dead-letter queue of each queue that has one.
    pending
        How many records wait at each mapping.
    moved
        How many messages were moved out of each dead-letter queue.
    """
    places: dict[str, Any] = {"depths": depths, "redrives": redrives, "moved": moved or {}}
    return [
        _account(stack, stack.mappings[name], each, pending=pending.get(name, 0), **places)
        for name, each in dict(tally.mappings).items()
    ]


def _account(
    stack: Stack,
    mapping: MappingConfiguration,
    tally: MappingTally,
    *,
    depths: Mapping[str, int],
    redrives: Mapping[str, str],
    moved: Mapping[str, int],
    pending: int,
) -> SourceAccount:
    letters = redrives.get(mapping.source or "")
    is_exact = letters is None or _is_only_for(letters, stack, redrives)
    # What is open and does not wait must be there.
    dead = 0 if letters is None else depths[letters] if is_exact else max(0, tally.open - pending)
    # Of a queue that several fill, nobody knows whose they were.
    gone = moved.get(letters, 0) if letters is not None and is_exact else 0
    return SourceAccount(
        mapping=mapping.logical_id,
        source=mapping.source or str(mapping.properties["EventSourceArn"]).rpartition(":")[2],
        function=mapping.function,
        records=tally.records,
        done=tally.done,
        discarded=tally.discarded,
        dead_letters=dead,
        # A queue may have some that were never sent.
        waiting=max(0, min(tally.open - dead - gone, pending)),
        is_exact=is_exact,
        moved=gone,
    )


def _is_only_for(letters: str, stack: Stack, redrives: Mapping[str, str]) -> bool:
    """Return whether a dead-letter queue belongs to one queue with one function, and nobody empties it."""
    sources = Counter(each.source for each in stack.mappings.values())
    senders = [queue for queue, target in redrives.items() if target == letters]
    return len(senders) == 1 and sources[senders[0]] == 1 and letters not in sources
