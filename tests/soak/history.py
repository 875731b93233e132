"""What happened in a run, as far as it can be known from outside: what the oracle has to go by."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Deed", "Delivery", "FaultReport", "History"]


@dataclass(frozen=True)
class Deed:
    """Something that a rule was to do for a record, and that is done: a write that the service accepted.

    Parameters
    ----------
    index
        Its place among all deeds and fault reports.
    invocation
        The one that it was done in, by what it carries itself.
    label
        Which of the rule's writes it is.
    """

    index: int
    invocation: int
    ref: str
    rule_id: str
    label: str


@dataclass(frozen=True)
class FaultReport:
    """A fault event that the service accepted.

    Parameters
    ----------
    refs
        The records that it tells of.
    records
        The raw records that it carries, by reference.
    is_whole
        Whether nothing is left out.
    event_type
        The type of the record's event; None: it has none.
    """

    index: int
    invocation: int
    rule_id: str
    refs: frozenset[str]
    records: Mapping[str, Any]
    disposition: str
    error: str
    is_whole: bool
    event_type: str | None


@dataclass
class Delivery:
    """One invocation: what it got, and how it ended.

    Parameters
    ----------
    refs
        The records, in the order in which the event has them.
    raw
        The raw records, by reference.
    remaining, elapsed
        Seconds until it would have timed out, and until it ended.
    error
        What was raised, with its type; None: nothing was.
    reported, acknowledged
        The records, by reference.
    failed
        How many records have a fault in `StreamProcessor.faults`.
    is_last
        Whether nothing fails any more in it.
    """

    number: int
    refs: tuple[str, ...]
    raw: Mapping[str, Any]
    remaining: float | None
    elapsed: float = 0.0
    response: Any = None
    error: str | None = None
    reported: frozenset[str] = frozenset()
    acknowledged: frozenset[str] = frozenset()
    failed: int = 0
    is_last: bool = False


@dataclass
class History:
    """A run. What happens on several threads is noted by its methods.

    Parameters
    ----------
    foreign
        Steps of user code that ran in another invocation than that of their record, and calls that arrived then.
    wrong
        Answers that a rule got and that were not what the service has.
    left
        Threads that the processor left behind when it was dropped.
    uncaught
        What nobody caught: in threads, in finalizers, in loggers.
    """

    deliveries: list[Delivery] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    faults: list[FaultReport] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    uncaught: list[str] = field(default_factory=list)
    seconds: float = 0.0
    _indexes: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000_000)))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def did(self, invocation: int, ref: str, rule_id: str, label: str) -> None:
        with self._lock:
            self.deeds.append(Deed(next(self._indexes), invocation, ref, rule_id, label))

    def told(self, **of_fault: Any) -> None:
        with self._lock:
            self.faults.append(FaultReport(next(self._indexes), **of_fault))
