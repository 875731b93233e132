"""What happens while a template runs on this machine: one frozen object for each thing, and their sums."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from powertools_stream.local.function import Invocation
from powertools_stream.local.mappings import BatchOutcome

__all__ = [
    "Activity",
    "FunctionTally",
    "LogLine",
    "MappingBatch",
    "MappingFailed",
    "MappingTally",
    "Observer",
    "Reloaded",
    "Tally",
]


@dataclass(frozen=True)
class LogLine:
    """A line that a function wrote.

    Parameters
    ----------
    function
        The function's logical id.
    text
        The line.
    """

    function: str
    text: str

    @property
    def fields(self) -> Mapping[str, Any]:
        """What the line says as JSON; empty: it is no JSON object."""
        if not self.text.startswith("{"):
            return {}
        try:
            fields = json.loads(self.text)
        except ValueError:
            return {}
        return fields if isinstance(fields, dict) else {}


@dataclass(frozen=True)
class MappingBatch:
    """A batch of an event source mapping has ended.

    Parameters
    ----------
    mapping
        The mapping's logical id.
    outcome
        What became of its records.
    """

    mapping: str
    outcome: BatchOutcome


@dataclass(frozen=True)
class MappingFailed:
    """An event source mapping polls no more.

    Parameters
    ----------
    mapping
        The mapping's logical id.
    error
        Why.
    """

    mapping: str
    error: Exception


@dataclass(frozen=True)
class Reloaded:
    """Code has changed; further invocations import it anew.

    Parameters
    ----------
    paths
        What has changed.
    """

    paths: Sequence[Path]


Activity = Invocation | LogLine | MappingBatch | MappingFailed | Reloaded
"""One thing that happened."""

Observer = Callable[[Activity], object]
"""Is told everything, on whichever thread it happens."""


@dataclass(frozen=True)
class FunctionTally:
    """What a function did.

    Parameters
    ----------
    invocations, errors
        How many invocations have ended, and how many of them failed.
    seconds
        How long they took, all together.
    rule_runs, faults
        How many rules ran and how many faults there were, as the library logs them (level INFO).
    """

    invocations: int = 0
    errors: int = 0
    seconds: float = 0.0
    rule_runs: int = 0
    faults: int = 0


@dataclass(frozen=True)
class MappingTally:
    """What came from an event source.

    Parameters
    ----------
    batches
        How many batches have ended.
    records
        How many different records there were.
    deliveries
        How many records, counting again those that were sent again.
    done, retried, discarded
        What became of these deliveries.
    """

    batches: int = 0
    records: int = 0
    deliveries: int = 0
    done: int = 0
    retried: int = 0
    discarded: int = 0

    @property
    def open(self) -> int:
        """How many records are neither done nor discarded: they come again, or their queue has moved them away."""
        return self.records - self.done - self.discarded


@dataclass
class Tally:
    """Adds up activities; an `Observer`.

    Attributes
    ----------
    functions, mappings
        The sums by logical id.
    failures
        How often records failed, by function, rule and reason, as the library logs them.
    problems
        What ended: event source mappings.
    """

    functions: dict[str, FunctionTally] = field(default_factory=dict)
    mappings: dict[str, MappingTally] = field(default_factory=dict)
    failures: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    problems: list[MappingFailed] = field(default_factory=list)
    activities: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _seen: dict[str, set[str]] = field(default_factory=dict, repr=False)

    def __call__(self, activity: Activity) -> None:
        """Add one."""
        with self._lock:
            if isinstance(activity, Invocation):
                self.activities += 1
                self._add_invocation(activity)
            elif isinstance(activity, MappingBatch):
                self.activities += 1
                self._add_batch(activity.mapping, activity.outcome)
            elif isinstance(activity, LogLine):
                self._add_line(activity.function, activity.fields)
            elif isinstance(activity, MappingFailed):
                self.problems.append(activity)

    def _add_invocation(self, invocation: Invocation) -> None:
        tally = self._function(invocation.function_name)
        self.functions[invocation.function_name] = replace(
            tally,
            invocations=tally.invocations + 1,
            errors=tally.errors + (invocation.error is not None),
            seconds=tally.seconds + invocation.seconds,
        )

    def _add_batch(self, mapping: str, outcome: BatchOutcome) -> None:
        tally = self.mappings.get(mapping, MappingTally())
        seen = self._seen.setdefault(mapping, set())
        records = () if outcome.invocation is None else outcome.invocation.event.get("Records", ())
        seen.update(map(_identifier, records))
        done, discarded = tally.done + outcome.done, tally.discarded + outcome.discarded
        self.mappings[mapping] = MappingTally(
            batches=tally.batches + 1,
            # Records that were too old to be sent even once are in no invocation.
            records=max(len(seen), done + discarded),
            deliveries=tally.deliveries + len(records),
            done=done,
            retried=tally.retried + outcome.retried,
            discarded=discarded,
        )

    def _add_line(self, function: str, fields: Mapping[str, Any]) -> None:
        batch = fields.get("batch")
        if isinstance(batch, dict) and "rule_runs" in batch:
            tally = self._function(function)
            self.functions[function] = replace(
                tally,
                rule_runs=tally.rule_runs + int(batch["rule_runs"]),
                faults=tally.faults + int(batch.get("faults", 0)),
            )
        for rule, reason in zip(fields.get("rules") or (), fields.get("reasons") or (), strict=False):
            self.failures[function, str(rule), str(reason)] += 1

    def _function(self, name: str) -> FunctionTally:
        return self.functions.setdefault(name, FunctionTally())


def _identifier(record: Mapping[str, Any]) -> str:
    return str(record.get("messageId") or record.get("eventID") or id(record))
