"""Checkpoints in a cache, such as Valkey or Redis."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from powertools_stream.checkpoints.store import Checkpoint, expiry_of
from powertools_stream.requests import Call

__all__ = ["CacheCheckpointStore"]


class CacheCheckpointStore:
    """Keeps checkpoints through a persistence layer of Powertools' idempotency, e.g. ``CachePersistenceLayer``.

    The layer knows one key at a time, so there is a call for each; they run side by side on worker threads. A layer of
    your own is taken as well: its ``_get_record`` and ``_update_record`` are called.

    Parameters
    ----------
    persistence_layer
        The layer. Its client has to be safe to use on several threads.
    ttl
        When a checkpoint expires; default: when its records cannot come again, as far as that is known. See
        `Source.retention`.
    """

    def __init__(self, persistence_layer: Any, *, ttl: timedelta | None = None) -> None:
        self.persistence_layer = persistence_layer
        self.ttl = ttl

    def load_many(self, keys: Sequence[str]) -> Generator[Any, Any, Mapping[str, str]]:
        """Return the values of what the cache has."""
        values = yield [Call(self._value, key) for key in keys]
        return {key: value for key, value in zip(keys, values, strict=True) if value is not None}

    def save_many(self, checkpoints: Sequence[Checkpoint]) -> Generator[Any, Any, None]:
        """Write each, with its time to live."""
        yield [Call(self._write, checkpoint) for checkpoint in checkpoints]

    def _value(self, key: str) -> str | None:
        from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyItemNotFoundError

        try:
            record = self.persistence_layer._get_record(key)
        except IdempotencyItemNotFoundError:
            return None
        return None if record.is_expired else record.response_data

    def _write(self, checkpoint: Checkpoint) -> None:
        from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import STATUS_CONSTANTS, DataRecord

        self.persistence_layer._update_record(
            DataRecord(
                idempotency_key=checkpoint.key,
                status=STATUS_CONSTANTS["COMPLETED"],
                expiry_timestamp=expiry_of(checkpoint, self.ttl),
                response_data=checkpoint.value,
            )
        )
