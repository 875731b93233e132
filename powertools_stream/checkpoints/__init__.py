"""Checkpoints: which rules are done with which records, so that a later delivery runs only the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream._lazy import export

if TYPE_CHECKING:
    from powertools_stream.checkpoints.cache import *
    from powertools_stream.checkpoints.dynamodb import *
    from powertools_stream.checkpoints.memory import *
    from powertools_stream.checkpoints.store import Checkpoint as Checkpoint, CheckpointStore as CheckpointStore

__all__ = export(
    __name__,
    {
        "store": ("Checkpoint", "CheckpointStore"),
        "dynamodb": ("DynamoDBCheckpointStore",),
        "cache": ("CacheCheckpointStore",),
        "memory": ("InMemoryCheckpointStore",),
    },
)
