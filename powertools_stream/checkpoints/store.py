"""The contract of a store of checkpoints."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

__all__ = ["Checkpoint", "CheckpointStore", "expiry_of"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a store keeps: which rules are done with a message, or with the records of a batch from one record on.

    Parameters
    ----------
    key
        Names it: the function's name, and 32 hexadecimal digits.
    value
        A text of ASCII characters, 350,000 at most.
    retention
        For how many seconds its records may come again: that of a queue or stream at most.
    """

    key: str
    value: str
    retention: int


class CheckpointStore(Protocol):
    """Keeps checkpoints. A store of your own need not derive from it.

    Both methods are driven like a flavor: a plain function runs on the main thread, and a generator may yield requests,
    such as `Call` for blocking code. What they raise is logged, and the rules run again: a store may forget, but must
    not make anything up.
    """

    def load_many(
        self, keys: Sequence[str]
    ) -> Mapping[str, str] | Generator[Any, Any, Mapping[str, str]]:  # pragma: no cover
        """Return the values by their keys; those that are missing or have expired are left out."""
        ...

    def save_many(self, checkpoints: Sequence[Checkpoint]) -> Generator[Any, Any, None] | None:  # pragma: no cover
        """Keep checkpoints with different keys, each in the place of the one that was there."""
        ...


def expiry_of(checkpoint: Checkpoint, ttl: timedelta | None) -> int:
    """Return when a checkpoint expires, in seconds since 1970: after its retention, unless a time to live is given."""
    return int(time.time()) + (checkpoint.retention if ttl is None else int(ttl.total_seconds()))
