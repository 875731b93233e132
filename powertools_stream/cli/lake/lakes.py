"""Where events are stored, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from powertools_stream.cli.aws import Account
from powertools_stream.cli.lake.selection import Selection

__all__ = ["LOCATION_HELP", "Lake", "StoredEvent", "open_lake"]

LOCATION_HELP = "Where the events are: `s3://bucket/prefix`, a file or folder (`-`: standard input), or `sqs://queue`."
"""What ``--help`` says of such an argument."""


@dataclass(frozen=True)
class StoredEvent:
    """An event, and where it is stored.

    Parameters
    ----------
    event
        The event of this library, taken out of EventBridge's envelope: ``id``, ``type``, ``timestamp``, ….
    place
        ``"s3://lake/2026/11/29/22/faults-1.gz:17"``, ``"faults.jsonl:17"``, ``"sqs://faults:<message id>"``.
    """

    event: Mapping[str, Any]
    place: str


class Lake(Protocol):
    """Events that were stored."""

    def events(self, selection: Selection) -> Iterator[StoredEvent]:
        """Yield the events that are selected, in the order in which they are stored; in memory is one file at most."""
        ...


def open_lake(location: str, account: Account) -> Lake:
    """Return the lake at a location.

    Raises
    ------
    CannotRunError
        There is none.
    """
    raise NotImplementedError(location, account)
