"""Polls a stream as Lambda does, shard by shard, and calls a function with what it reads.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Literal

from powertools_stream.classification import error_code
from powertools_stream.local.function import Invocation
from powertools_stream.local.mappings.batching import BatchLimits, Record
from powertools_stream.local.mappings.destinations import Destination, Discarded, iso
from powertools_stream.local.mappings.errors import MappingError
from powertools_stream.local.mappings.filters import FilterCriteria, Source, compile_filters
from powertools_stream.local.mappings.mapping import Batch, BatchOutcome, Clock, EventSourceMapping, Function, Observer
from powertools_stream.local.mappings.responses import problem_of, restart_of
from powertools_stream.local.mappings.retries import (
    AGE_EXCEEDED,
    RETRIES_EXHAUSTED,
    Piece,
    RetryLimits,
    decide,
    too_old,
)
from powertools_stream.local.mappings.shards import Lane, Shard, ShardInfo, is_blocked

__all__ = ["StartingPosition", "StreamPoller"]

StartingPosition = Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]

# https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
_MAX_BATCH_SIZE = 10_000
_MAX_PARALLELIZATION = 10

# How often a stream is asked for new shards, in seconds.
_BETWEEN_LISTINGS = 1.0

# Lambda does not say how long it waits before it sends a batch again.
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0


@dataclass(frozen=True)
class _StreamBatch(Batch):
    lane: Lane
    piece: Piece


class StreamPoller(EventSourceMapping[_StreamBatch]):
    """An event source mapping between a stream and a function. See `EventSourceMapping`.

    A shard's records are sent in order; with a `parallelization_factor`, those of a partition key (Kinesis) or an item
    (DynamoDB). The records of a batch from the lowest reported sequence number on are sent again before anything new:
    forever, unless ``max_retries`` or ``max_record_age`` is set. Records that no filter matches are skipped.

    Parameters
    ----------
    function
        The function to call.
    stream_arn
        The stream.
    batch_size
        The maximum number of records in a batch, up to 10,000.
    batching_window
        How long records wait for a full batch, in seconds. `poll` never waits.
    starting_position
        Where reading begins: at the oldest record, after the newest, or (Kinesis) at `starting_timestamp`.
    starting_timestamp
        Seconds since 1970.
    parallelization_factor
        How many batches of a shard may be in flight: 1 to 10.
    max_retries
        How many times a batch is sent again before it is discarded; -1: no limit. Discarded records are kept in
        `discarded`, and their positions go to `on_failure`.
    max_record_age
        How old a record may be that is sent, in seconds; -1: no limit.
    bisect
        Whether a batch is split in two if the function fails (``BisectBatchOnFunctionError``).
    reports_partially
        Whether the function's response is used (``ReportBatchItemFailures``).
    filters
        The filter criteria, as in a template; None: every record is sent.
    on_failure
        The on-failure destination; None: there is none.
    observer, clock
        See `EventSourceMapping`.
    client
        A boto3 client of the service; default: a new one.

    Raises
    ------
    MappingError
        An option is out of its range, or the filter criteria are not valid.
    """

    _service: ClassVar[str]
    _source: ClassVar[Source]
    _info_name: ClassVar[str]
    _max_read: ClassVar[int]
    """The maximum number of records that a read returns."""

    def __init__(
        self,
        function: Function,
        stream_arn: str,
        *,
        batch_size: int = 100,
        batching_window: float = 0,
        starting_position: StartingPosition = "TRIM_HORIZON",
        starting_timestamp: float | None = None,
        parallelization_factor: int = 1,
        max_retries: int = -1,
        max_record_age: float = -1,
        bisect: bool = False,
        reports_partially: bool = True,
        filters: FilterCriteria | None = None,
        on_failure: Destination | None = None,
        observer: Observer | None = None,
        clock: Clock = time.time,
        client: Any = None,
    ) -> None:
        super().__init__(function, stream_arn, observer=observer, clock=clock)
        _check("a batch size", batch_size, _MAX_BATCH_SIZE)
        _check("a parallelization factor", parallelization_factor, _MAX_PARALLELIZATION)
        self.discarded: list[Record] = []
        self._limits = BatchLimits(batch_size, batching_window)
        self._retry_limits = RetryLimits(max_retries, max_record_age, bisect)
        self._factor = parallelization_factor
        self._reports_partially = reports_partially
        self._passes = compile_filters(filters, self._source)
        self._on_failure = on_failure
        self._client = client or _new_client(self._service)
        self._shards: dict[str, Shard] = {}
        self._lanes: list[Lane] = []
        self._turn = 0
        self._start(starting_position, starting_timestamp)

    @property
    def stream_arn(self) -> str:
        """The stream."""
        return self.source_arn

    def pending(self) -> int:
        """Return how many records were read and are not done; what is still in the stream is not known."""
        return sum(lane.held() for lane in self._lanes) + self.in_flight

    # -- Shards --------------------------------------------------------------------------------------------------------

    def _start(self, position: StartingPosition, timestamp: float | None) -> None:
        start = _position(position, timestamp)
        self._listed_at = self._clock()
        for info in self._list_shards():
            self._open(info, start)

    def _open(self, info: ShardInfo, position: Mapping[str, Any]) -> None:
        iterator = self._iterator(info.shard_id, position)
        shard = self._shards[info.shard_id] = Shard.of(info, iterator, position, self._factor, self._limits)
        self._lanes += shard.lanes

    def _list_again(self) -> bool:
        """Look for new shards now and then, and return whether there are some. They are read from their beginning."""
        if self._clock() - self._listed_at < _BETWEEN_LISTINGS:
            return False
        self._listed_at = self._clock()
        before = len(self._shards)
        for info in self._list_shards():
            if (shard := self._shards.get(info.shard_id)) is not None:
                shard.info = info
            else:
                self._open(info, _position("TRIM_HORIZON", None))
        return len(self._shards) > before

    def _fill(self, lane: Lane) -> None:
        """Read until the lane has a full batch, or there is nothing more."""
        shard = self._shards[lane.shard_id]
        if is_blocked(shard, self._shards):
            return
        while not lane.waiting.is_full and not shard.is_ahead and self._read(shard, lane):
            pass

    def _read(self, shard: Shard, lane: Lane) -> bool:
        """Read once, and return whether there was anything."""
        if shard.iterator is None:
            return False
        response = self._page(shard, min(self._max_read, self._limits.size - len(lane.waiting)))
        records = [self._to_record(record, shard.info.shard_id) for record in response["Records"]]
        if records:
            number = self._sequence_number(records[-1])
            shard.position = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": number}
        is_at_its_end = shard.info.is_closed and not records
        shard.iterator = None if is_at_its_end else response.get("NextShardIterator")
        passing = self._passing(records)
        shard.add(passing, [self._key_of(record) for record in passing], self._clock())
        return bool(records)

    def _page(self, shard: Shard, limit: int) -> Any:
        try:
            return self._get_records(ShardIterator=shard.iterator, Limit=limit)
        except Exception as error:
            code = error_code(error)
            # An iterator expires after five minutes: as long as a function may be looked at in a debugger.
            # https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
            if code == "ExpiredIteratorException":
                iterator = self._iterator(shard.info.shard_id, shard.position)
                return self._get_records(ShardIterator=iterator, Limit=limit)
            # A shard is gone once its retention has ended, or as soon as it is split, depending on the emulator.
            if code == "ResourceNotFoundException":
                return {"Records": []}
            raise

    # -- Batches -------------------------------------------------------------------------------------------------------

    def _take(self, *, at_once: bool) -> _StreamBatch | None:
        """Take the batch of the next lane that has one, in turn."""
        for lane in self._in_turn():
            if not lane.is_in_flight and (batch := self._batch_of(lane, at_once=at_once)) is not None:
                lane.is_in_flight = True
                return batch
        return self._take(at_once=at_once) if self._list_again() else None

    def _in_turn(self) -> Iterator[Lane]:
        for _ in range(len(self._lanes)):
            self._turn = (self._turn + 1) % len(self._lanes)
            yield self._lanes[self._turn - 1]

    def _batch_of(self, lane: Lane, *, at_once: bool) -> _StreamBatch | None:
        while (piece := self._piece_of(lane, at_once=at_once)) is not None:
            records = piece.records
            count = too_old(records, self._clock(), limits=self._retry_limits, arrival_of=self._arrival_of)
            if count:
                self._discard(lane, replace(piece, records=records[:count]), AGE_EXCEEDED, None)
                outcome = BatchOutcome(self.source_arn, self.function.name, None, discarded=count)
                self._tell(outcome)
            if records := records[count:]:
                return _StreamBatch(records, lane, replace(piece, records=records))
        return None

    def _piece_of(self, lane: Lane, *, at_once: bool) -> Piece | None:
        now = self._clock()
        if lane.again:
            return lane.again.popleft() if at_once or now >= lane.retry_at else None
        self._fill(lane)
        records = lane.waiting.take(now, at_once=at_once)
        return Piece(tuple(records)) if records else None

    def _settle(self, batch: _StreamBatch, invocation: Invocation) -> BatchOutcome:
        numbers = [self._sequence_number(record) for record in batch.records]
        restart, is_reported = restart_of(invocation, numbers, reports_partially=self._reports_partially)
        decision = decide(batch.piece, restart, is_reported=is_reported, limits=self._retry_limits)
        lane, lost = batch.lane, decision.discarded
        lane.is_in_flight = False
        lane.again.extendleft(reversed(decision.again))
        lane.retry_at = self._clock() + _delay(batch.piece, decision.again)
        if lost is not None:
            self._discard(lane, lost, RETRIES_EXHAUSTED, invocation)
        return BatchOutcome(
            self.source_arn,
            self.function.name,
            invocation,
            done=decision.done,
            retried=sum(len(piece.records) for piece in decision.again),
            discarded=len(lost.records) if lost is not None else 0,
            problem=problem_of(invocation, numbers, reports_partially=self._reports_partially),
        )

    def _discard(self, lane: Lane, piece: Piece, condition: str, invocation: Invocation | None) -> None:
        self.discarded.extend(piece.records)
        if self._on_failure is None:
            return
        self._on_failure.send(
            Discarded(
                event={"Records": list(piece.records)},
                batch_info=self._batch_info(lane.shard_id, piece.records),
                info_name=self._info_name,
                function_arn=self._function_arn,
                condition=condition,
                invocations=piece.invocations,
                invocation=invocation,
                at=self._clock(),
            )
        )

    def _batch_info(self, shard_id: str, records: Sequence[Record]) -> dict[str, Any]:
        first, last = records[0], records[-1]
        return {
            "shardId": shard_id,
            "startSequenceNumber": self._sequence_number(first),
            "endSequenceNumber": self._sequence_number(last),
            "approximateArrivalOfFirstRecord": iso(self._arrival_of(first)),
            "approximateArrivalOfLastRecord": iso(self._arrival_of(last)),
            "batchSize": len(records),
            "streamArn": self.source_arn,
        }

    @property
    def _region(self) -> str:
        return self.source_arn.split(":")[3]

    @property
    def _function_arn(self) -> str:
        return f"arn:aws:lambda:{self._region}:{self.source_arn.split(':')[4]}:function:{self.function.name}"

    # -- What differs between services ---------------------------------------------------------------------------------

    def _get_records(self, **arguments: Any) -> Any:
        return self._client.get_records(**arguments)

    @abstractmethod
    def _list_shards(self) -> list[ShardInfo]: ...

    @abstractmethod
    def _iterator(self, shard_id: str, position: Mapping[str, Any]) -> str: ...

    @abstractmethod
    def _to_record(self, record: Mapping[str, Any], shard_id: str) -> Record: ...

    @abstractmethod
    def _sequence_number(self, record: Record) -> str: ...

    @abstractmethod
    def _key_of(self, record: Record) -> str:
        """Return what keeps its order."""

    @abstractmethod
    def _arrival_of(self, record: Record) -> float:
        """Return when it came to the stream, in seconds since 1970."""


def _position(kind: StartingPosition, timestamp: float | None) -> dict[str, Any]:
    """Return the parameters for an iterator."""
    time = {} if timestamp is None else {"Timestamp": datetime.fromtimestamp(timestamp)}
    return {"ShardIteratorType": kind, **time}


def _delay(sent: Piece, again: Sequence[Piece]) -> float:
    """Return how long a lane rests before a retry: longer each time, and not at all after progress."""
    if not again or again[0].retries <= sent.retries:
        return 0.0
    # After so many it is the longest one; a much higher power would be no float any more.
    return float(min(_FIRST_DELAY * 2 ** min(sent.retries, 10), _LONGEST_DELAY))


def _check(what: str, value: int, limit: int) -> None:
    if not 1 <= value <= limit:
        raise MappingError(f"Expected {what} between 1 and {limit} for a stream, found {value}.")


def _new_client(service: str) -> Any:
    from boto3.session import Session

    return Session().client(service)
