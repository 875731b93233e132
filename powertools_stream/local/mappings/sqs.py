"""Polls an SQS queue as Lambda does, and calls a function with what it receives.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import base64
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from powertools_stream.local.function import Invocation
from powertools_stream.local.mappings.batching import BatchLimits, Record, Waiting
from powertools_stream.local.mappings.errors import MappingError
from powertools_stream.local.mappings.filters import FilterCriteria, compile_filters
from powertools_stream.local.mappings.mapping import Batch, BatchOutcome, Clock, EventSourceMapping, Function, Observer
from powertools_stream.local.mappings.responses import failures_of, problem_of

__all__ = ["SQSPoller"]

# One call of SQS receives, deletes or changes ten messages at most.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
_MESSAGES_PER_CALL = 10

# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
_MAX_BATCH_SIZE = 10_000
_MAX_BATCH_SIZE_FIFO = 10

# "Lambda starts processing five batches at a time": https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
_CONCURRENCY = 5

# Where a queue counts its messages: those that can be received, those that were, and those that are delayed.
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class SQSPoller(EventSourceMapping[Batch]):
    """An event source mapping between a queue and a function. See `EventSourceMapping`.

    A message that is done is deleted, and so is one that no filter matches. One that is not done becomes visible again
    when the queue's visibility timeout ends, and the queue's redrive policy moves it away if it was received too often.

    Of a FIFO queue, messages of a group are sent in order, and no two invocations with messages of a group are in
    flight. A message that is reported holds back those of its group that are not deleted. As in Lambda, it is for the
    function to report the later ones too.

    Parameters
    ----------
    function
        The function to call.
    queue_url
        The queue.
    batch_size
        The maximum number of messages in a batch: up to 10,000, or 10 for a FIFO queue, as with Lambda.
    batching_window
        How long messages wait for a full batch, in seconds; for standard queues. `poll` never waits.
    reports_partially
        Whether the function's response is used (``ReportBatchItemFailures``); if not, the whole batch is done once the
        function returns.
    filters
        The filter criteria, as in a template; None: every message is sent.
    max_concurrency
        How many invocations may be in flight.
    retry_delay
        After how many seconds a message that is not done becomes visible; None: the queue's visibility timeout, as with
        Lambda. 0 is for tests and demonstrations that cannot wait.
    observer, clock
        See `EventSourceMapping`.
    client
        A boto3 client of SQS; default: a new one.

    Raises
    ------
    MappingError
        An option is out of its range, or the filter criteria are not valid.
    """

    def __init__(
        self,
        function: Function,
        queue_url: str,
        *,
        batch_size: int = 10,
        batching_window: float = 0,
        reports_partially: bool = True,
        filters: FilterCriteria | None = None,
        max_concurrency: int = _CONCURRENCY,
        retry_delay: int | None = None,
        observer: Observer | None = None,
        clock: Clock = time.time,
        client: Any = None,
    ) -> None:
        self.queue_url = queue_url
        self._client = client or _new_client()
        super().__init__(function, self._attributes("QueueArn")["QueueArn"], observer=observer, clock=clock)
        self._is_fifo = self.source_arn.endswith(".fifo")
        self._check(batch_size, batching_window)
        self._waiting = Waiting(BatchLimits(batch_size, batching_window))
        self._passes = compile_filters(filters, "sqs")
        self._reports_partially = reports_partially
        self._max_concurrency = max_concurrency
        self._retry_delay = retry_delay
        self._groups_in_flight: Counter[str] = Counter()

    def pending(self) -> int:
        """Return how many messages the queue has: visible, received and delayed ones."""
        return sum(int(count) for count in self._attributes(*_COUNTS).values())

    def _check(self, batch_size: int, batching_window: float) -> None:
        limit = _MAX_BATCH_SIZE_FIFO if self._is_fifo else _MAX_BATCH_SIZE
        if not 1 <= batch_size <= limit:
            raise MappingError(
                f"Expected a batch size between 1 and {limit} for {self.source_arn}, found {batch_size}."
            )
        if batching_window and self._is_fifo:
            raise MappingError(f"Expected no batching window for {self.source_arn}: FIFO queues do not support it.")

    def _take(self, *, at_once: bool) -> Batch | None:
        if self.in_flight >= self._max_concurrency:
            return None
        self._receive()
        records = self._waiting.take(self._clock(), at_once=at_once, is_free=self._is_free)
        self._groups_in_flight.update(self._groups(records))
        return Batch(records) if records else None

    def _receive(self) -> None:
        """Receive until a batch is full, or there is nothing more."""
        while not self._waiting.is_full:
            response = self._client.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=min(_MESSAGES_PER_CALL, self._waiting.limits.size - len(self._waiting)),
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
                WaitTimeSeconds=0,
            )
            if not (messages := response.get("Messages")):
                return
            self._add([_to_record(message, self.source_arn) for message in messages])

    def _add(self, records: Sequence[Record]) -> None:
        passing = self._passing(records)
        self._waiting.add(passing, self._clock())
        # "Lambda automatically removes the message from the queue."
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-by-service
        self._delete([record for record in records if record not in passing])

    def _settle(self, batch: Batch, invocation: Invocation) -> BatchOutcome:
        ids = [record["messageId"] for record in batch.records]
        failed = failures_of(invocation, ids, reports_partially=self._reports_partially)
        back = [record for record in batch.records if record["messageId"] in failed]
        self._delete([record for record in batch.records if record["messageId"] not in failed])
        self._return(back)
        self._groups_in_flight.subtract(self._groups(batch.records))
        return BatchOutcome(
            self.source_arn,
            self.function.name,
            invocation,
            done=len(ids) - len(back),
            retried=len(back),
            problem=problem_of(invocation, ids, reports_partially=self._reports_partially),
        )

    def _delete(self, records: Sequence[Record]) -> None:
        for ten in _tens(records):
            entries = [_entry(number, record) for number, record in enumerate(ten)]
            self._client.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)

    def _return(self, records: Sequence[Record]) -> None:
        if self._retry_delay is None:
            return
        for ten in _tens(records):
            entries = [_entry(number, record, VisibilityTimeout=self._retry_delay) for number, record in enumerate(ten)]
            self._client.change_message_visibility_batch(QueueUrl=self.queue_url, Entries=entries)

    def _is_free(self, record: Record) -> bool:
        return not any(self._groups_in_flight[group] for group in self._groups([record]))

    def _groups(self, records: Sequence[Record]) -> list[str]:
        # In a standard queue, the group is only for fairness.
        return [record["attributes"]["MessageGroupId"] for record in records] if self._is_fifo else []

    def _attributes(self, *names: str) -> dict[str, str]:
        response = self._client.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=list(names))
        attributes: dict[str, str] = response["Attributes"]
        return attributes


def _to_record(message: Mapping[str, Any], queue_arn: str) -> Record:
    """Convert a message from SQS's API to the record that Lambda sends.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {
            name: _to_attribute(attribute) for name, attribute in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if digest := message.get("MD5OfMessageAttributes"):
        record["md5OfMessageAttributes"] = digest
    return record


def _to_attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": attribute["DataType"]}
    if "BinaryValue" in attribute:
        value["binaryValue"] = base64.b64encode(attribute["BinaryValue"]).decode("ascii")
    else:
        value["stringValue"] = attribute["StringValue"]
    return value


def _entry(number: int, record: Record, **changes: int) -> dict[str, Any]:
    return {"Id": str(number), "ReceiptHandle": record["receiptHandle"], **changes}


def _tens(records: Sequence[Record]) -> Iterator[list[Record]]:
    remaining = iter(records)
    while ten := list(islice(remaining, _MESSAGES_PER_CALL)):
        yield ten


def _new_client() -> Any:
    from boto3.session import Session

    return Session().client("sqs")
