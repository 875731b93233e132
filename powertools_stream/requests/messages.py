"""The requests for SNS and SQS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from powertools_stream.requests.request import Request

__all__ = ["PublishMessage", "SendMessage"]


@dataclass(frozen=True, slots=True)
class PublishMessage(Request):
    """Publish one message on SNS; batched into ``PublishBatch``. Answers the entry's result (``{"MessageId": …}``).

    Parameters
    ----------
    params
        What SNS's ``Publish`` takes for one message: ``{"Message": …}``, and perhaps ``Subject``,
        ``MessageAttributes``, ``MessageGroupId``, …. A ``Message`` that is no text is written as JSON.
    topic_arn
        Default: ``params["TopicArn"]``, then ``TOPIC_ARN``.
    """

    carries: ClassVar[tuple[str, ...]] = ("params", "Message")

    params: Mapping[str, Any]
    topic_arn: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class SendMessage(Request):
    """Send one message to an SQS queue; batched into ``SendMessageBatch``. Answers the entry's result.

    Parameters
    ----------
    params
        What SQS's ``SendMessage`` takes for one message: ``{"MessageBody": …}``, and perhaps ``DelaySeconds``,
        ``MessageAttributes``, ``MessageGroupId``, …. A ``MessageBody`` that is no text is written as JSON.
    queue_url
        Default: ``params["QueueUrl"]``, then ``QUEUE_URL``.
    """

    carries: ClassVar[tuple[str, ...]] = ("params", "MessageBody")

    params: Mapping[str, Any]
    queue_url: str | None = field(default=None, kw_only=True)
