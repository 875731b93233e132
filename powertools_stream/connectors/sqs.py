"""SQS: `SendMessage`, batched into ``SendMessageBatch``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from powertools_stream.connectors.base import Entry
from powertools_stream.connectors.messages import Dialect, Messages, numbered, outcomes_by_id
from powertools_stream.connectors.params import checked
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.environment.settings import setting
from powertools_stream.requests import SendMessage

__all__ = ["CONNECTOR", "SQSConnector"]

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
_MAX_BYTES = 1_048_576
_DIALECT = Dialect(
    service="sqs",
    operation="SendMessageBatch",
    content="MessageBody",
    target="QueueUrl",
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatchRequestEntry.html
    parameters=frozenset(
        {
            "DelaySeconds",
            "MessageAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
            "MessageSystemAttributes",
        }
    ),
    max_bytes=_MAX_BYTES,
    size_setting="SQS_MAX_REQ_SIZE",
)
_MESSAGES = Messages(_DIALECT)


class SQSConnector(ServiceConnector):
    """Sends messages to queues."""

    requests = (SendMessage,)

    def entries(self, request: SendMessage) -> Sequence[Entry]:
        """Return one entry: the message, and its size as SQS counts it.

        Raises
        ------
        InvalidRequestError
            The message is empty, has a parameter that SQS does not know, or lacks a group though the queue is FIFO.
        EntryTooLargeError
            The message is, on its own, larger than one call may be.
        SettingError
            No queue is named anywhere.
        """
        params = checked(request)
        given = request.queue_url or params.get("QueueUrl")
        url = setting(given, "QUEUE_URL", what="the queue", option="queue_url")
        return (_MESSAGES.entry(params, url, ordered=request.ordered),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make one ``SendMessageBatch`` call; a message that SQS did not take is a `RequestFailedError`."""
        operation = entries[0].operation
        client = self.clients.client_for(operation)
        response = client.send_message_batch(QueueUrl=operation.target, Entries=numbered(entries))
        return outcomes_by_id(response, len(entries), "SQS")


CONNECTOR = SQSConnector
