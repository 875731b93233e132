"""The flavor `sns`: publishes messages on a topic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from powertools_stream.flavors.steps.calling import Steps, call
from powertools_stream.flavors.steps.messaging import MessagingRule, look_up_and_send, may_be_fifo
from powertools_stream.requests import GetItems, PublishMessage, Query
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import UnitOfWork

__all__ = ["SnsRule", "sns"]


class SnsRule(MessagingRule):
    """A rule of the flavor `sns`.

    Parameters
    ----------
    to_sns
        Returns the parameters of ``Publish``, ``{"Message": …}``, a list of these, or None.
    topic_arn
        The topic, or a function of the unit of work that returns it and sees the ``message``; default: the message's
        ``TopicArn``, then ``TOPIC_ARN``.
    to_query_request, to_get_request, table_name
        As for `MessagingRule`.
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **MessagingRule.user_functions,
        "to_sns": (),
        "topic_arn": (),
    }

    to_sns: UserFunction = Field(description="a function")
    topic_arn: str | UserFunction | None = Field(default=None, description="a string or a function")


@flavor(model=SnsRule, main="to_sns", asks=[Query, GetItems, PublishMessage])
def sns(uow: UnitOfWork, rule: SnsRule) -> Steps:
    """Query, get, make the messages, publish them.

    Leaves ``query_request`` and ``query_response``, ``batch_get_request`` and ``batch_get_response``, if it made these
    requests, and ``message`` and ``publish_response``: one unit of work per message, or one without these if there is
    none.
    """
    return look_up_and_send(
        uow,
        rule,
        "to_sns",
        lambda part: _publish(part, rule),
        lambda message: may_be_fifo(rule.topic_arn, message.get("TopicArn"), "TOPIC_ARN"),
    )


def _publish(uow: UnitOfWork, rule: SnsRule) -> Steps:
    arn = rule.topic_arn
    if callable(arn):
        arn = yield from call(arn, uow)
    response = yield PublishMessage(uow["message"], topic_arn=arn)
    return uow.extend(publish_response=response)
