"""Amazon SQS, standard and FIFO queues."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.payloads.parsing import malformed, parse_object
from powertools_stream.sources.envelopes import read_events
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import ReadEvent, name_in
from powertools_stream.uow import Record

__all__ = ["SQSSource"]

_NO_ATTRIBUTES: Mapping[str, Any] = {}


class SQSSource(BuiltInSource):
    """Messages of an SQS queue: the body is a JSON object, in the envelopes that AWS puts around it.

    Parameters
    ----------
    fifo
        Whether the queue is a FIFO queue; None: told from its ARN. On a standard queue a ``MessageGroupId`` serves
        fairness and orders nothing.
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    max_receive_count
        The ``maxReceiveCount`` of the queue's redrive policy: the receive after which SQS gives up on a message.
    """

    name: ClassVar[str] = "sqs"
    event_type: ClassVar[EventType | None] = EventType.SQS
    # The most that a queue may have.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    retention: ClassVar[int] = 14 * 86_400

    def __init__(self, *, fifo: bool | None = None, max_receive_count: int | None = None) -> None:
        self.fifo = fifo
        self.max_receive_count = max_receive_count

    def read(self, record: Record) -> ReadEvent:
        """Read what is in the message's body."""
        try:
            record_id = record.get("messageId", "")
            attributes = record.get("attributes") or _NO_ATTRIBUTES
            sent, group = attributes.get("SentTimestamp"), attributes.get("MessageGroupId")
        except AttributeError:
            raise malformed(self.record_id(record), "a message with attributes", "something else") from None
        if type(record_id) is not str or (group is not None and type(group) is not str):
            raise malformed(self.record_id(record), "a messageId and a MessageGroupId that are text", "something else")
        body = parse_object(record.get("body"), "the message's body", record_id)
        return read_events(body, record_id, sent, group, self.carried)

    def identifier(self, record: Record) -> Any:
        """Return the ``messageId``."""
        return name_in(record, ("messageId",), "a message with a messageId to report it by")

    def order_key(self, record: Record) -> Hashable | None:
        """Return the ``MessageGroupId`` on a FIFO queue; None on a standard queue."""
        if not self.is_grouped(record):
            return None
        try:
            group = record["attributes"]["MessageGroupId"]
        except (KeyError, TypeError):
            group = ""
        # A FIFO message always has a group. One that has none is ordered behind its like, rather than not at all.
        return group if type(group) is str else ""

    def is_grouped(self, record: Record) -> bool:
        """Tell whether the queue is a FIFO queue: what follows a reported message in its group is reported too."""
        if self.fifo is not None:
            return self.fifo
        try:
            is_fifo: bool = record["eventSourceARN"].endswith(".fifo")
            return is_fifo
        except (AttributeError, KeyError, TypeError):
            return False

    def attempt(self, record: Record) -> int | None:
        """Return the ``ApproximateReceiveCount``."""
        try:
            count = record["attributes"]["ApproximateReceiveCount"]
            attempt = int(count) if type(count) is str else 0
        except (KeyError, TypeError, ValueError):
            return None
        return attempt if attempt > 0 else None

    def is_last_attempt(self, record: Record) -> bool:
        """Tell whether this receive is the last that the redrive policy grants; needs ``max_receive_count``."""
        if self.max_receive_count is None:
            return False
        attempt = self.attempt(record)
        return attempt is not None and attempt >= self.max_receive_count

    def comes_again_alone(self, record: Record) -> bool:
        """Say that a reported message comes again by itself."""
        return True
