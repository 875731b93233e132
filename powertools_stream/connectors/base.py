"""The contract between the dispatcher and a connector.

Deciding is separate from doing: `Connector.entries` says, on the main thread and without I/O, what a request becomes;
the dispatcher fills calls with entries; `Connector.send` carries one call out, on a worker thread.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from powertools_stream.call_options import Pacer
from powertools_stream.requests import Request

__all__ = ["Connector", "Entry", "Operation", "Refused"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One API operation on one target: entries of equal operations may share a call.

    Parameters
    ----------
    service
        The service's name as boto3 spells it: ``"events"``.
    name
        The operation: ``"PutEvents"``.
    target
        What it goes to (a bus, a table), and whatever else all entries of one call must have in common.
    max_entries
        How many entries one call carries at most.
    max_bytes
        How many bytes the entries of one call may have together; None: not limited.
    one_per_key
        Whether one call may hold each `Entry.key` once only.
    reads
        Whether it only reads, so that equal entries in flight are asked once.
    max_attempts
        How often an entry is sent at most, if it fails in passing; None: as the processor says.
    region_name
        The Region that the call goes to; None: the function's own.
    role_arn
        The role in which the call is made; None: the function's own. The dispatcher sets it, from the rule.
    pacers
        What the calls wait for, so that they do not come too fast. A connector gives its own; the dispatcher adds those
        of the rule and of the request's type.
    """

    service: str
    name: str
    target: Hashable = ""
    max_entries: int = 1
    max_bytes: int | None = None
    one_per_key: bool = False
    reads: bool = False
    max_attempts: int | None = None
    region_name: str | None = None
    role_arn: str | None = None
    pacers: tuple[Pacer, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One part of a call, ready to be sent.

    Parameters
    ----------
    operation
        The operation that carries it.
    payload
        What the connector sends for it.
    size
        Its bytes, as the service counts them; 0 if the operation has no limit.
    key
        For a write: entries with equal keys are sent in the order in which they were asked for, and are never in two
        calls at once. For a read: equal keys ask for the same thing, so they are asked once. None: neither holds.
    """

    operation: Operation
    payload: Any
    size: int = 0
    key: Hashable | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The response to an entry that the service refused, if the request takes that for an answer.

    Not a failure, so neither retried nor a fault. It has a type of its own, so that it can be counted.

    Parameters
    ----------
    code
        The code that the service gave: ``"ConditionalCheckFailedException"``.
    """

    code: str


@runtime_checkable
class Connector(Protocol):
    """Carries requests of one service out. A user's own is passed in ``StreamProcessor(connectors=…)``."""

    @property
    def requests(self) -> tuple[type[Request], ...]:
        """The request types that it carries out."""
        ...

    def entries(self, request: Any) -> Sequence[Entry]:
        """Say what a request becomes: one entry, or several, for a request that asks for several things.

        Called on the main thread; does no I/O. What it raises is the error of this request alone.
        """
        ...

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Carry out one call with these entries, all of one operation, within its limits.

        Called on worker threads, several at once. Answers one response per entry, in their order; an entry that failed
        is answered with its exception, as a value. What it raises is the error of every entry. Does not retry.
        """
        ...

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        """Make the answer to a request from the responses to its entries."""
        ...

    def close(self) -> None:
        """Close the connections, so that calls under way end in an error."""
        ...
