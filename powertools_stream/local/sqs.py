"""Polls an SQS queue as Lambda does, and calls a function with what it receives."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from powertools_stream.local.function import Invocation, LambdaFunction
from powertools_stream.local.responses import BadResponseError, failed_messages

__all__ = ["SQSPoller"]

# One call of SQS receives, deletes or changes ten messages at most.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
_MESSAGES_PER_CALL = 10

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
_MAX_BATCH_SIZE = 10_000
_MAX_BATCH_SIZE_FIFO = 10


class SQSPoller:
    """An event source mapping between a queue and a function.

    A message that was not reported is deleted. One that was reported becomes visible at once, whereas Lambda waits for
    the queue's visibility timeout. The queue's redrive policy moves messages that were received too often.

    Parameters
    ----------
    function
        The function to call.
    queue_url
        The queue.
    batch_size
        The maximum number of messages in a batch: up to 10,000, or 10 for a FIFO queue, as with Lambda.
    reports_partially
        Whether the function's response is used (``ReportBatchItemFailures``); if not, the whole batch is done once the
        function returns.
    client
        A boto3 client of SQS; default: a new one.
    """

    def __init__(
        self,
        function: LambdaFunction,
        queue_url: str,
        *,
        batch_size: int = 10,
        reports_partially: bool = True,
        client: Any = None,
    ) -> None:
        self.function = function
        self.queue_url = queue_url
        self._reports_partially = reports_partially
        self._client = client or _new_client()
        self._arn = self._queue_arn()
        limit = _MAX_BATCH_SIZE_FIFO if self._arn.endswith(".fifo") else _MAX_BATCH_SIZE
        if not 1 <= batch_size <= limit:
            raise ValueError(f"Expected a batch size between 1 and {limit} for {self._arn}, found {batch_size}.")
        self._batch_size = batch_size

    def poll(self) -> Invocation | None:
        """Call the function with one batch, and process its response; None: the queue had nothing to receive."""
        messages = self._receive()
        if not messages:
            return None
        invocation = self.function.invoke({"Records": [_to_record(message, self._arn) for message in messages]})
        self._settle(messages, self._failed(invocation, [message["MessageId"] for message in messages]))
        return invocation

    def _receive(self) -> list[dict[str, Any]]:
        received: list[dict[str, Any]] = []
        while wanted := min(_MESSAGES_PER_CALL, self._batch_size - len(received)):
            response = self._client.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=wanted,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
                WaitTimeSeconds=0,
            )
            if not (messages := response.get("Messages")):
                break
            received.extend(messages)
        return received

    def _failed(self, invocation: Invocation, message_ids: Sequence[str]) -> frozenset[str]:
        if invocation.error is not None:
            return frozenset(message_ids)
        if not self._reports_partially:
            return frozenset()
        try:
            return failed_messages(invocation.response, message_ids)
        except BadResponseError:
            return frozenset(message_ids)

    def _settle(self, messages: Sequence[Mapping[str, Any]], failed: frozenset[str]) -> None:
        done = [message["ReceiptHandle"] for message in messages if message["MessageId"] not in failed]
        back = [message["ReceiptHandle"] for message in messages if message["MessageId"] in failed]
        for handles in _tens(done):
            entries = [_entry(number, handle) for number, handle in enumerate(handles)]
            self._client.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)
        for handles in _tens(back):
            entries = [_entry(number, handle, VisibilityTimeout=0) for number, handle in enumerate(handles)]
            self._client.change_message_visibility_batch(QueueUrl=self.queue_url, Entries=entries)

    def _queue_arn(self) -> str:
        response = self._client.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=["QueueArn"])
        arn: str = response["Attributes"]["QueueArn"]
        return arn


def _to_record(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
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


def _entry(number: int, handle: str, **changes: int) -> dict[str, Any]:
    return {"Id": str(number), "ReceiptHandle": handle, **changes}


def _tens(handles: Sequence[str]) -> Iterator[list[str]]:
    remaining = iter(handles)
    while ten := list(islice(remaining, _MESSAGES_PER_CALL)):
        yield ten


def _new_client() -> Any:
    from boto3.session import Session

    return Session().client("sqs")
