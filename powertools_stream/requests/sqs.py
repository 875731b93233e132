"""The request for SQS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = ["SendMessage"]


QUEUE = Place(
    "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:{name}", "queue_url", "QueueUrl", ("QUEUE_URL",)
)


@dataclass(frozen=True, slots=True)
class SendMessage(Request):
    """Send one message to an SQS queue; batched into ``SendMessageBatch``.

    Answers the message's result: ``{"MessageId": …}``.

    Parameters
    ----------
    params
        What SQS's ``SendMessage`` takes for one message: ``{"MessageBody": …}``, and, if needed, ``DelaySeconds``,
        ``MessageAttributes``, ``MessageGroupId``, …. A ``MessageBody`` that is no text is written as JSON. Attributes
        may be plain values: text, numbers, bytes, lists.
    queue_url
        Default: ``params["QueueUrl"]``, then ``QUEUE_URL``.
    ordered
        Whether messages of one group are kept in order, even if some of them are sent again; of use on a FIFO queue
        only. Then one call holds one message of a group; False: calls are as full as can be.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("sqs:SendMessage", QUEUE),)
    carries: ClassVar[tuple[str, ...]] = ("params", "MessageBody")

    params: Mapping[str, Any]
    queue_url: str | None = field(default=None, kw_only=True)
    ordered: bool = field(default=True, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that the message was taken."""
        return {"MessageId": f"message-{n}"}
