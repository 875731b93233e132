"""The request for SNS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = ["PublishMessage"]

_FOR_PEOPLE = ("MessageStructure", "PhoneNumber", "TargetArn")


TOPIC = Place(
    "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:{name}", "topic_arn", "TopicArn", ("TOPIC_ARN",)
)


@dataclass(frozen=True, slots=True)
class PublishMessage(Request):
    """Publish one message on SNS; batched into ``PublishBatch``. Answers its result: ``{"MessageId": …}``.

    With a ``PhoneNumber`` or a ``TargetArn``, which go to no topic, it is one ``Publish`` call.

    Parameters
    ----------
    params
        What SNS's ``Publish`` takes for one message: ``{"Message": …}``, and, if needed, ``Subject``,
        ``MessageAttributes``, ``MessageGroupId``, …. A ``Message`` that is no text is written as JSON. Attributes may
        be plain values: text, numbers, bytes, lists.
    topic_arn
        Default: ``params["TopicArn"]``, then ``TOPIC_ARN``.
    ordered
        Whether messages of one group are kept in order, even if some of them are sent again; of use on a FIFO topic
        only. Then one call holds one message of a group; False: calls are as full as can be.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("sns:Publish", TOPIC),)

    params: Mapping[str, Any]
    topic_arn: str | None = field(default=None, kw_only=True)
    ordered: bool = field(default=True, kw_only=True)

    @property
    def carries(self) -> tuple[str, ...]:  # type: ignore[override]
        """Where it has its content, which is an event only if a function may read it.

        Not what goes to phones and apps, and not a text for each protocol: what is compressed cannot be read there.
        """
        given: object = self.params
        if isinstance(given, Mapping) and any(map(given.get, _FOR_PEOPLE)):
            return ()
        return "params", "Message"

    def sample_answer(self, n: int) -> Any:
        """Answer that the message was taken."""
        return {"MessageId": f"message-{n}"}
