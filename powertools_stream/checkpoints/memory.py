"""Checkpoints in memory, for tests."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from powertools_stream.checkpoints.store import Checkpoint, expiry_of

__all__ = ["InMemoryCheckpointStore"]


class InMemoryCheckpointStore:
    """Keeps checkpoints in this process. For tests: each environment of a function has a memory of its own.

    Parameters
    ----------
    ttl
        When a checkpoint expires; default: when its records cannot come again, as far as that is known.

    Attributes
    ----------
    loaded, saved
        The keys that were asked for, and those that were saved, in order.
    """

    def __init__(self, *, ttl: timedelta | None = None) -> None:
        self.ttl = ttl
        self.loaded: list[str] = []
        self.saved: list[str] = []
        self._kept: dict[str, tuple[str, int]] = {}

    def load_many(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return the values of what has not expired."""
        self.loaded += keys
        now = time.time()
        return {key: self._kept[key][0] for key in keys if key in self._kept and self._kept[key][1] > now}

    def save_many(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Keep them."""
        for checkpoint in checkpoints:
            self.saved.append(checkpoint.key)
            self._kept[checkpoint.key] = (checkpoint.value, expiry_of(checkpoint, self.ttl))

    def forget(self) -> None:
        """Lose everything, as a store may."""
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)
