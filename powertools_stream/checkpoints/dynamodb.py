"""Checkpoints in a table of DynamoDB."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from powertools_stream.checkpoints.store import Checkpoint, expiry_of
from powertools_stream.requests import GetItems, PutItem

__all__ = ["DynamoDBCheckpointStore"]

# Powertools' word for an item that is final.
_STATUS = "COMPLETED"


class DynamoDBCheckpointStore:
    """Keeps checkpoints in a table that is laid out as that of Powertools' idempotency, and may be the same one.

    An item per checkpoint, through the requests of the engine: up to 100 are read in a ``BatchGetItem`` call, with a
    consistent read, and up to 25 are written in a ``BatchWriteItem`` call.

    Parameters
    ----------
    table_name
        The table.
    ttl
        When an item expires; default: when its records cannot come again, as far as that is known. See
        `Source.retention`. Turn the table's time to live on for `expiry_attr`.
    key_attr, sort_key_attr, static_pk_value, expiry_attr, status_attr, data_attr
        As Powertools' ``DynamoDBPersistenceLayer`` has them. With `sort_key_attr` the key is `static_pk_value` and the
        checkpoint's own.
    """

    def __init__(
        self,
        table_name: str,
        *,
        ttl: timedelta | None = None,
        key_attr: str = "id",
        sort_key_attr: str | None = None,
        static_pk_value: str = "checkpoint",
        expiry_attr: str = "expiration",
        status_attr: str = "status",
        data_attr: str = "data",
    ) -> None:
        self.table_name = table_name
        self.ttl = ttl
        self.key_attr = key_attr
        self.sort_key_attr = sort_key_attr
        self.static_pk_value = static_pk_value
        self.expiry_attr = expiry_attr
        self.status_attr = status_attr
        self.data_attr = data_attr

    def load_many(self, keys: Sequence[str]) -> Generator[Any, Any, Mapping[str, str]]:
        """Return the values of what has not expired; the table may keep it for some days longer."""
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
        wanted = {"Keys": [self._key(key) for key in keys], "ConsistentRead": True}
        response = yield GetItems(wanted, table_name=self.table_name)
        name, now = self.sort_key_attr or self.key_attr, time.time()
        items = [item for items in response["Responses"].values() for item in items]
        return {item[name]: item[self.data_attr] for item in items if item[self.expiry_attr] > now}

    def save_many(self, checkpoints: Sequence[Checkpoint]) -> Generator[Any, Any, None]:
        """Put an item for each."""
        yield [self._put(checkpoint) for checkpoint in checkpoints]

    def _key(self, key: str) -> dict[str, str]:
        if self.sort_key_attr is None:
            return {self.key_attr: key}
        return {self.key_attr: self.static_pk_value, self.sort_key_attr: key}

    def _put(self, checkpoint: Checkpoint) -> PutItem:
        key = self._key(checkpoint.key)
        item = {
            **key,
            self.expiry_attr: expiry_of(checkpoint, self.ttl),
            self.status_attr: _STATUS,
            self.data_attr: checkpoint.value,
        }
        return PutItem({"Item": item}, table_name=self.table_name, key=tuple(key))
