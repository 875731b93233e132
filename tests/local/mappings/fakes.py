"""A queue and streams whose clock a test moves, and a function that does as it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import count
from random import Random
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from powertools_stream.local import Invocation

Handler = Callable[[list[dict[str, Any]]], Any]

START = 1_800_000_000.0


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    now: float = START

    def __call__(self) -> float:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Function:
    """Keeps the batches that it gets, and returns what a handler of records returns; an exception is its error."""

    handler: Handler = lambda records: None
    name: str = "function"
    timeout: float = 3.0
    batches: list[list[dict[str, Any]]] = field(default_factory=list)

    def invoke(self, event: Mapping[str, Any]) -> Invocation:
        self.batches.append(event["Records"])
        try:
            response, error = json.loads(json.dumps(self.handler(event["Records"]))), None
        except Exception as raised:
            response, error = None, raised
        return Invocation(self.name, str(uuid4()), event, response, error, 0.0)


@dataclass
class _Message:
    number: int
    body: str
    group: str | None
    visible_at: float
    received: int = 0


@dataclass
class FakeQueue:
    """What a client of SQS does with one queue. A group of a FIFO queue is locked while one of its messages is out."""

    clock: Clock
    name: str = "queue"
    visibility: float = 30.0
    max_receive_count: int | None = None
    duplicates: Random | None = None
    """Decides now and then that a message may be received again at once; None: never."""
    letters: list[str] = field(default_factory=list)
    receives: int = 0
    _messages: list[_Message] = field(default_factory=list)
    _numbers: Any = field(default_factory=count)

    @property
    def is_fifo(self) -> bool:
        return self.name.endswith(".fifo")

    def send(self, *bodies: str, group: str | None = None, delay: float = 0.0) -> None:
        for body in bodies:
            self._messages.append(_Message(next(self._numbers), body, group, self.clock.now + delay))

    def bodies(self) -> list[str]:
        return [message.body for message in self._messages]

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        self.send(MessageBody)

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803
        return {"QueueUrl": f"http://localhost/123456789012/{QueueName}"}

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: Sequence[str]) -> dict[str, Any]:  # noqa: N803
        visible = sum(message.visible_at <= self.clock.now for message in self._messages)
        attributes = {
            "QueueArn": f"arn:aws:sqs:eu-west-1:123456789012:{self.name}",
            "VisibilityTimeout": str(int(self.visibility)),
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(len(self._messages) - visible),
            "ApproximateNumberOfMessagesDelayed": "0",
        }
        return {"Attributes": {name: attributes[name] for name in AttributeNames}}

    def receive_message(self, MaxNumberOfMessages: int, **options: Any) -> dict[str, Any]:  # noqa: N803
        self.receives += 1
        locked = (
            {m.group for m in self._messages if m.received and m.visible_at > self.clock.now} if self.is_fifo else ()
        )
        found: list[dict[str, Any]] = []
        for message in list(self._messages):
            if len(found) == MaxNumberOfMessages:
                break
            if message.visible_at > self.clock.now or (message.group in locked and self.is_fifo):
                continue
            if self.max_receive_count is not None and message.received >= self.max_receive_count:
                self._messages.remove(message)
                self.letters.append(message.body)
                continue
            found.append(self._out(message))
        return {"Messages": found} if found else {}

    def _out(self, message: _Message) -> dict[str, Any]:
        message.received += 1
        if self.duplicates is None or self.duplicates.random() > 0.1:
            message.visible_at = self.clock.now + self.visibility
        group = {} if message.group is None else {"MessageGroupId": message.group}
        return {
            "MessageId": f"m-{message.number}",
            "ReceiptHandle": f"{message.number}/{message.received}",
            "Body": message.body,
            "MD5OfBody": "0" * 32,
            "Attributes": {"ApproximateReceiveCount": str(message.received), **group},
        }

    def delete_message_batch(self, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803
        gone = {int(entry["ReceiptHandle"].partition("/")[0]) for entry in Entries}
        self._messages = [message for message in self._messages if message.number not in gone]
        return {}

    def change_message_visibility_batch(self, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> Any:  # noqa: N803
        seconds = {int(entry["ReceiptHandle"].partition("/")[0]): entry["VisibilityTimeout"] for entry in Entries}
        for message in self._messages:
            if message.number in seconds:
                message.visible_at = self.clock.now + seconds[message.number]
        return {}


@dataclass
class _Shard:
    parents: tuple[str, ...] = ()
    is_closed: bool = False
    records: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class FakeStream:
    """What a client of Kinesis, or of DynamoDB Streams, does with one stream. An iterator is ``shard/index``."""

    clock: Clock
    shards: dict[str, _Shard] = field(default_factory=lambda: {"shard-0": _Shard()})
    reads: int = 0
    goes_on: bool = False
    """Whether a closed shard has another iterator at its end, as with some emulators."""
    failures: list[str] = field(default_factory=list)
    """The codes of errors that the next reads raise."""
    starts: list[dict[str, Any]] = field(default_factory=list)
    # Sequence numbers grow from one digit to several.
    _numbers: Any = field(default_factory=lambda: count(5))

    def split(self, shard_id: str, *children: str) -> None:
        """Close a shard; its records go on in others."""
        self.shards[shard_id].is_closed = True
        self.shards.update({child: _Shard((shard_id,)) for child in children})

    def list_shards(self, NextToken: str | None = None, **options: Any) -> dict[str, Any]:  # noqa: N803
        """Return two shards at a time."""
        shards, last = self._page(NextToken)
        return {"Shards": shards, **({"NextToken": last} if last else {})}

    def describe_stream(self, ExclusiveStartShardId: str | None = None, **options: Any) -> Any:  # noqa: N803
        """Return two shards at a time."""
        shards, last = self._page(ExclusiveStartShardId)
        return {"StreamDescription": {"Shards": shards, **({"LastEvaluatedShardId": last} if last else {})}}

    def _page(self, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
        names = list(self.shards)
        start = names.index(after) + 1 if after else 0
        page = names[start : start + 2]
        return [self._described(name) for name in page], page[-1] if start + 2 < len(names) else None

    def get_shard_iterator(self, **options: Any) -> dict[str, str]:
        self.starts.append(options)
        shard_id = options["ShardId"]
        records = self.shards[shard_id].records
        after = options.get("StartingSequenceNumber")
        index = next((i + 1 for i, record in enumerate(records) if self.number_of(record) == after), 0)
        return {"ShardIterator": f"{shard_id}/{len(records) if options['ShardIteratorType'] == 'LATEST' else index}"}

    def number_of(self, record: Mapping[str, Any]) -> Any:
        return record.get("dynamodb", record)["SequenceNumber"]

    def get_records(self, ShardIterator: str, Limit: int = 1000, **options: Any) -> dict[str, Any]:  # noqa: N803
        self.reads += 1
        if self.failures:
            raise ClientError({"Error": {"Code": self.failures.pop(0)}}, "GetRecords")
        shard_id, _, index = ShardIterator.partition("/")
        shard, start = self.shards[shard_id], int(index)
        end = min(start + Limit, len(shard.records))
        response: dict[str, Any] = {"Records": shard.records[start:end]}
        if self.goes_on or not shard.is_closed or end < len(shard.records):
            response["NextShardIterator"] = f"{shard_id}/{end}"
        return response

    def _described(self, shard_id: str) -> dict[str, Any]:
        shard = self.shards[shard_id]
        numbers = {"StartingSequenceNumber": "0", **({"EndingSequenceNumber": "9"} if shard.is_closed else {})}
        parent = {"ParentShardId": shard.parents[0]} if shard.parents else {}
        return {"ShardId": shard_id, "SequenceNumberRange": numbers, **parent}

    def _arrival(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now, timezone.utc)


class FakeKinesis(FakeStream):
    """A Kinesis data stream."""

    arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"

    def put(self, *data: str, key: str | None = None, shard_id: str = "shard-0") -> None:
        """Add records; the key of each is its data, unless it is given."""
        for each in data:
            self.shards[shard_id].records.append(
                {
                    "SequenceNumber": str(next(self._numbers)),
                    "PartitionKey": each if key is None else key,
                    "Data": each.encode(),
                    "ApproximateArrivalTimestamp": self._arrival(),
                }
            )


class FakeDynamoDBStream(FakeStream):
    """The stream of a DynamoDB table."""

    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"

    def put(self, *values: str, key: str | None = None, shard_id: str = "shard-0") -> None:
        """Add the insertion of items; the key of each is its value, unless it is given."""
        for each in values:
            keys = {"pk": {"S": each if key is None else key}, "sk": {"S": "order"}}
            change = {
                "Keys": keys,
                "NewImage": {**keys, "value": {"S": each}},
                "SequenceNumber": str(next(self._numbers)),
                "ApproximateCreationDateTime": self._arrival(),
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            }
            self.shards[shard_id].records.append(
                {"eventID": str(uuid4()), "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}
            )
