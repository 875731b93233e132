"""What one program consists of: plain data, which a seed draws, and which says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

__all__ = [
    "UNDEFINED",
    "CodeFailure",
    "PlannedInvocation",
    "PlannedOptions",
    "PlannedRecord",
    "PlannedRule",
    "Program",
    "ServiceFailure",
    "describe",
]

UNDEFINED = "undefined"
"""The rule that the fault event of a record names that could not be read."""


@dataclass(frozen=True)
class PlannedRecord:
    """One record.

    Parameters
    ----------
    position
        Its place in the stream or queue.
    kind
        The stem of its event's type; ``""``: it has no type.
    key
        What orders it among others; ``""``: nothing, if the source allows that.
    number
        What filters look at.
    timestamp
        That of its event, in ms.
    arrives
        The first invocation in which it can be delivered.
    event_id
        The id in the payload; None: there is none.
    malformed
        In which way it cannot be read; None: it can.
    size
        Bytes of padding in the payload.
    nested
        How deep a value in the payload is nested.
    change
        What happened to the item or the object: ``"created"``, ``"updated"`` or ``"deleted"``.
    latched
        Whether a listener made the change.
    skipped
        Whether its event is tagged ``skip``.
    envelope
        What the payload is wrapped in: ``"eventbridge"`` or ``"sns"``.
    """

    position: int
    kind: str
    key: str = ""
    number: int = 0
    timestamp: int = 0
    arrives: int = 0
    event_id: str | None = None
    malformed: str | None = None
    size: int = 0
    nested: int = 0
    change: str = "created"
    latched: bool = False
    skipped: bool = False
    envelope: str | None = None

    @property
    def ref(self) -> str:
        return f"r{self.position}"

    @property
    def never_ends_well(self) -> bool:
        """Whether nothing can be done for it, perhaps: it cannot be read, or what is made of it cannot be sent."""
        return self.malformed is not None or self.size > 0 or self.nested > 0


@dataclass(frozen=True)
class PlannedRule:
    """One rule.

    Parameters
    ----------
    work
        What it does; see `tests.soak.works`.
    types
        The event types that it names; None: it names none.
    types_as
        How it names them: ``"name"``, ``"list"``, ``"pattern"`` or ``"function"``.
    every
        It is for records whose number is a multiple of this; 1: for all.
    """

    id: str
    work: str
    types: tuple[str, ...] | None = None
    types_as: str = "list"
    every: int = 1
    ordered: bool | None = None
    compact: bool = False
    on_fault: str | None = None
    rate: tuple[int, float] | None = None


@dataclass(frozen=True)
class CodeFailure:
    """A failure of user code.

    Parameters
    ----------
    place
        ``"filter"``, ``"code"`` (at its start) or ``"between"`` (between its writes).
    kind
        What happens; see `tests.soak.failing`.
    times
        How often.
    """

    rule_id: str
    ref: str
    place: str
    kind: str
    times: int


@dataclass(frozen=True)
class ServiceFailure:
    """A failure of the service.

    Parameters
    ----------
    kind
        What it answers; see `tests.soak.service`.
    on
        ``"writes"``, ``"reads"`` or ``"faults"`` (the publishing of fault events).
    refs
        The records whose entries fail; None: those of any.
    times
        In how many calls.
    """

    kind: str
    on: str
    refs: frozenset[str] | None
    times: int


@dataclass(frozen=True)
class PlannedOptions:
    """The options of the processor, and how it is used.

    Parameters
    ----------
    retryable, observer
        Whether the user's own raises.
    max_request_bytes
        How large a ``PutEvents`` call may be.
    entry
        ``"process_event"`` or ``"decorator"``.
    own_thread
        Whether the handler runs on another thread than the main one.
    failing_threads
        Which of the worker threads cannot be started.
    in_lambda
        Whether coroutines run on the loop of the thread, as they do in Lambda.
    checkpoint
        Whether there is a store of checkpoints, which ``"remembers"`` everything, or ``"forgets"``, and fails.
    """

    on_fault: str = "report-and-publish"
    bus: str | None = "bus"
    fault_bus: str | None = None
    raise_on_entire_batch_failure: bool = False
    skip_group_on_error: bool = True
    max_workers: int = 8
    max_attempts: int = 3
    compressed: bool = False
    keep_results: bool = True
    timeout_margin: float = 1.0
    retryable: str | None = None
    observer: str | None = None
    max_request_bytes: int | None = None
    entry: str = "process_event"
    own_thread: bool = False
    failing_threads: tuple[int, ...] = ()
    in_lambda: bool = False
    checkpoint: str | None = None


@dataclass(frozen=True)
class PlannedInvocation:
    """One invocation.

    Parameters
    ----------
    remaining
        Milliseconds until it times out; None: the context does not say.
    batch_size
        How many records it gets at most.
    """

    remaining: int | None
    batch_size: int


@dataclass(frozen=True)
class Program:
    """One use of the library, from the first invocation of an environment to its last."""

    seed: int
    source: str
    records: tuple[PlannedRecord, ...]
    rules: tuple[PlannedRule, ...]
    code: tuple[CodeFailure, ...]
    service: tuple[ServiceFailure, ...]
    options: PlannedOptions
    invocations: tuple[PlannedInvocation, ...]

    def record(self, ref: str) -> PlannedRecord:
        return self.records[int(ref[1:])]

    def rule(self, rule_id: str) -> PlannedRule:
        return next(rule for rule in self.rules if rule.id == rule_id)


def describe(program: Program) -> str:
    """Say what a program consists of, line by line; what is as usual is left out."""
    return "\n".join(_lines(program))


def _lines(program: Program) -> Iterator[str]:
    yield f"program {program.seed}: {program.source}"
    yield f"  options {_said(program.options) or 'as usual'}"
    for rule in program.rules:
        yield f"  rule {rule.id}: {rule.work} {_said(rule, 'id', 'work')}"
    for record in program.records:
        yield f"  record {record.ref}: {record.kind or 'without a type'} {_said(record, 'position', 'kind')}"
    for failure in program.code:
        yield f"  {failure.rule_id} on {failure.ref}: {failure.kind} ({failure.place}, {failure.times} times)"
    for answer in program.service:
        refs = "any record" if answer.refs is None else ", ".join(sorted(answer.refs))
        yield f"  {answer.on} of {refs}: {answer.kind} ({answer.times} times)"
    for number, invocation in enumerate(program.invocations):
        left = "no time-out" if invocation.remaining is None else f"{invocation.remaining} ms"
        yield f"  invocation {number}: {left}, up to {invocation.batch_size} records"


def _said(described: Any, *names_before: str) -> str:
    """Return the fields that differ from their defaults."""
    return " ".join(
        f"{field.name}={getattr(described, field.name)!r}"
        for field in fields(described)
        if field.name not in names_before and getattr(described, field.name) != field.default
    )
