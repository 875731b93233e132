"""Sends stored events, and keeps the journal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from powertools_stream.cli.lake import Lake, Selection
from powertools_stream.cli.replay.again import key_of, replayed
from powertools_stream.cli.replay.destinations import Destination
from powertools_stream.cli.sending import Journal, Pace
from powertools_stream.cli.sending.functions import InDoubtError
from powertools_stream.cli.status import CannotRunError

__all__ = ["BATCH_BYTES", "Outcome", "Replaying", "selected"]

_BATCH = 100
BATCH_BYTES = 5 * 1024 * 1024
"""What a batch takes as JSON, at most: it may have to fit into one invocation."""


@dataclass
class Outcome:
    """What has become of a replay.

    Parameters
    ----------
    types
        How many events of each type were, or would be, sent.
    done
        How many have arrived.
    failed
        Those that have not, each with its id, its place and the reason.
    in_doubt
        Those of which it is not known.
    done_before
        How many the journal knows to be done.
    in_doubt_before
        How many were being sent when an earlier run ended.
    faults
        How many fault events were left out.
    is_interrupted
        Whether it ended before the end of the lake.
    error
        What ended it; None: nothing.
    """

    types: Counter[str] = field(default_factory=Counter)
    done: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    in_doubt: list[dict[str, str]] = field(default_factory=list)
    done_before: int = 0
    in_doubt_before: int = 0
    faults: int = 0
    is_interrupted: bool = False
    error: CannotRunError | None = None


@dataclass(frozen=True)
class Chosen:
    """An event to be sent.

    Parameters
    ----------
    key
        What the journal knows it by.
    event
        The event, as it is sent.
    place
        Where it is stored.
    size
        How many bytes it takes as JSON.
    """

    key: str
    event: Mapping[str, Any]
    place: str
    size: int


def selected(lake: Lake, selection: Selection, journal: Journal, outcome: Outcome) -> Iterator[Chosen]:
    """Yield the events that are to be sent, each once. Fault events only if they are asked for by their type."""
    seen: set[str] = set()
    with closing(lake.events(selection)) as stored_events:
        for stored in stored_events:
            event = stored.event
            if event["type"] == "fault" and "fault" not in selection.types:
                outcome.faults += 1
                continue
            if (key := key_of(event)) in seen:
                continue
            seen.add(key)
            if journal.is_done(key, 0):
                outcome.done_before += 1
                continue
            outcome.in_doubt_before += key in journal.in_doubt
            outcome.types[str(event["type"])] += 1
            again = replayed(event)
            yield Chosen(key, again, stored.place, len(json.dumps(again)))


class Replaying:
    """Sends events.

    Parameters
    ----------
    destination
        Where to.
    journal
        It has been entered.
    pace
        How fast.
    is_over
        Tells whether nothing more is to be sent.
    batch_size
        How many are sent between two lines of the journal, at most.
    """

    def __init__(
        self,
        destination: Destination,
        journal: Journal,
        pace: Pace,
        is_over: Callable[[], bool],
        batch_size: int = _BATCH,
    ) -> None:
        self._destination = destination
        self._journal = journal
        self._pace = pace
        self._is_over = is_over
        # At a slow pace, a second's worth at a time.
        self._batch_size = min(batch_size, max(1, int(pace.per_second))) if pace.per_second else batch_size

    def run(self, lake: Lake, selection: Selection, outcome: Outcome) -> None:
        """Send what is selected, in the order in which it is stored, until the end, or until nothing more is to be."""
        try:
            with closing(_batches(selected(lake, selection, self._journal, outcome), self._batch_size)) as batches:
                for batch in batches:
                    self._pace.take(len(batch))
                    if self._is_over():
                        outcome.is_interrupted = True
                        return
                    self._send(batch, outcome)
        except CannotRunError as error:
            outcome.error = error
        outcome.is_interrupted |= lake.reading.is_cut_short

    def _send(self, batch: Sequence[Chosen], outcome: Outcome) -> None:
        self._journal.sending({one.key: 0 for one in batch}, self._destination.name)
        try:
            failed = self._destination.send([one.event for one in batch])
        except InDoubtError as error:
            outcome.in_doubt += [_described(one, str(error)) for one in batch]
            return
        except CannotRunError:
            self._journal.settled([], {one.key: "not sent" for one in batch})
            raise
        done = [one.key for position, one in enumerate(batch) if position not in failed]
        try:
            self._journal.settled(done, {batch[position].key: reason[:300] for position, reason in failed.items()})
        except CannotRunError as error:
            outcome.in_doubt += [_described(one, f"sent, but it could not be noted: {error}") for one in batch]
            raise
        outcome.done += len(batch) - len(failed)
        outcome.failed += [_described(batch[position], reason) for position, reason in failed.items()]


def _batches(chosen: Iterator[Chosen], count: int) -> Generator[list[Chosen]]:
    batch: list[Chosen] = []
    for one in chosen:
        if batch and (len(batch) >= count or sum(each.size for each in batch) + one.size > BATCH_BYTES):
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _described(one: Chosen, reason: str) -> dict[str, str]:
    return {"id": str(one.event["id"]), "place": one.place, "error": reason}
