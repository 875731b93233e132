"""Polls a stream as Lambda does, shard by shard, and calls a function with what it reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from powertools_stream.local.function import Invocation, LambdaFunction
from powertools_stream.local.responses import BadResponseError, checkpoint

__all__ = ["StartingPosition", "StreamPoller"]

StartingPosition = Literal["TRIM_HORIZON", "LATEST"]


@dataclass
class _Shard:
    """The progress of reading one shard."""

    shard_id: str
    iterator: str | None
    records: list[dict[str, Any]] = field(default_factory=list)
    """Read and sent to the function, but not done: they are sent again before anything new is read."""
    retries: int = 0


class StreamPoller(ABC):
    """An event source mapping between a stream and a function.

    A shard's records are sent in order. The records of a batch from the lowest reported sequence number on are sent
    again before anything new is read: forever, unless ``max_retries`` is set.

    Parameters
    ----------
    function
        The function to call.
    stream_arn
        The stream.
    batch_size
        The maximum number of records in a batch.
    starting_position
        Where reading begins: at the oldest record, or after the newest.
    max_retries
        How many times a batch is sent again before it is discarded; -1: no limit. Discarded records are kept in
        `discarded`, whereas Lambda would notify the mapping's on-failure destination.
    reports_partially
        Whether the function's response is used (``ReportBatchItemFailures``).
    client
        A boto3 client of the service; default: a new one.
    """

    _service: ClassVar[str]

    def __init__(
        self,
        function: LambdaFunction,
        stream_arn: str,
        *,
        batch_size: int = 100,
        starting_position: StartingPosition = "TRIM_HORIZON",
        max_retries: int = -1,
        reports_partially: bool = True,
        client: Any = None,
    ) -> None:
        self.function = function
        self.stream_arn = stream_arn
        self.discarded: list[dict[str, Any]] = []
        self._batch_size = batch_size
        self._max_retries = max_retries
        self._reports_partially = reports_partially
        self._client = client or _new_client(self._service)
        self._shards = deque(
            _Shard(shard_id, self._first_iterator(shard_id, starting_position)) for shard_id in self._shard_ids()
        )

    def poll(self) -> Invocation | None:
        """Call the function with a batch of the next shard that has one, and process its response; None: none has."""
        for _ in range(len(self._shards)):
            shard = self._shards[0]
            self._shards.rotate(-1)
            if records := shard.records or self._read(shard):
                return self._send(shard, records)
        return None

    def _read(self, shard: _Shard) -> list[dict[str, Any]]:
        if shard.iterator is None:
            return []
        response = self._get_records(ShardIterator=shard.iterator, Limit=self._batch_size)
        shard.iterator = response.get("NextShardIterator")
        return [self._to_record(record, shard.shard_id) for record in response["Records"]]

    def _send(self, shard: _Shard, records: list[dict[str, Any]]) -> Invocation:
        invocation = self.function.invoke({"Records": records})
        again = self._checkpoint(invocation, [self._sequence_number(record) for record in records])
        shard.records = [] if again is None else records[again:]
        # After any progress it is another batch, with all its retries left.
        shard.retries = shard.retries + 1 if again == 0 else 0
        if shard.records and 0 <= self._max_retries < shard.retries:
            self.discarded.extend(shard.records)
            shard.records, shard.retries = [], 0
        return invocation

    def _checkpoint(self, invocation: Invocation, sequence_numbers: Sequence[str]) -> int | None:
        if invocation.error is not None:
            return 0
        if not self._reports_partially:
            return None
        try:
            return checkpoint(invocation.response, sequence_numbers)
        except BadResponseError:
            return 0

    @property
    def _region(self) -> str:
        return self.stream_arn.split(":")[3]

    def _get_records(self, **arguments: Any) -> Any:
        return self._client.get_records(**arguments)

    @abstractmethod
    def _shard_ids(self) -> list[str]: ...

    @abstractmethod
    def _first_iterator(self, shard_id: str, position: StartingPosition) -> str: ...

    @abstractmethod
    def _to_record(self, record: Mapping[str, Any], shard_id: str) -> dict[str, Any]: ...

    @abstractmethod
    def _sequence_number(self, record: Mapping[str, Any]) -> str: ...


def _new_client(service: str) -> Any:
    from boto3.session import Session

    return Session().client(service)
