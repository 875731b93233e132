"""SNS: `PublishMessage`, batched into ``PublishBatch``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from powertools_stream.connectors.base import Entry, Operation
from powertools_stream.connectors.messages import Dialect, Messages, numbered, outcomes_by_id, wire_params
from powertools_stream.connectors.params import check_known, checked
from powertools_stream.connectors.proofs import proven
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.environment.settings import setting
from powertools_stream.requests import PublishMessage

__all__ = ["CONNECTOR", "SNSConnector"]

# A topic takes so much unless its `MaximumMessageSize` says otherwise.
# https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html
_MAX_BYTES = 262_144
_DIALECT = Dialect(
    service="sns",
    operation="PublishBatch",
    content="Message",
    target="TopicArn",
    # https://docs.aws.amazon.com/sns/latest/api/API_PublishBatchRequestEntry.html
    parameters=frozenset(
        {
            "MessageAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
            "MessageStructure",
            "Subject",
        }
    ),
    max_bytes=_MAX_BYTES,
    size_setting="SNS_MAX_REQ_SIZE",
)
_MESSAGES = Messages(_DIALECT)
# The destination of a message that goes to no topic; it has a call of its own.
_DIRECT = ("PhoneNumber", "TargetArn")
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_DIRECT_PARAMETERS = _DIALECT.parameters.union(_DIRECT, ("Message",))
_PUBLISH = Operation("sns", "Publish")


class SNSConnector(ServiceConnector):
    """Publishes messages on topics, and sends them to phones and endpoints."""

    requests = (PublishMessage,)

    def entries(self, request: PublishMessage) -> Sequence[Entry]:
        """Return one entry: the message, and its size as SNS counts it.

        Raises
        ------
        InvalidRequestError
            The message is empty, has a parameter that SNS does not know, or lacks a group though the topic is FIFO.
        EntryTooLargeError
            The message is, on its own, larger than one call may be.
        SettingError
            No topic is named anywhere.
        """
        params = checked(request)
        if any(params.get(name) for name in _DIRECT):
            check_known(params, _DIRECT_PARAMETERS, "Publish")
            payload, _ = wire_params(params, "Message")
            return (Entry(_PUBLISH, payload),)
        given = request.topic_arn or params.get("TopicArn")
        arn = setting(given, "TOPIC_ARN", what="the topic", option="topic_arn")
        return (_MESSAGES.entry(params, arn, ordered=request.ordered),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make one call; a message that SNS did not take is a `RequestFailedError`."""
        operation = entries[0].operation
        client = self.clients.client_for(operation)
        if operation.name == "Publish":
            return [_published(proven(client.publish(**entries[0].payload), "MessageId", "SNS"))]
        response = client.publish_batch(TopicArn=operation.target, PublishBatchRequestEntries=numbered(entries))
        return outcomes_by_id(response, len(entries), "SNS")


def _published(response: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


CONNECTOR = SNSConnector
