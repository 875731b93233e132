"""The flavor `sqs`: sends messages to a queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from powertools_stream.flavors.steps.calling import Steps, call
from powertools_stream.flavors.steps.messaging import MessagingRule, look_up_and_send, may_be_fifo
from powertools_stream.flavors.steps.tables import LatchingRule
from powertools_stream.requests import GetItems, Query, SendMessage
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import UnitOfWork

__all__ = ["SqsRule", "sqs"]


class SqsRule(MessagingRule, LatchingRule):
    """A rule of the flavor `sqs`.

    Parameters
    ----------
    to_sqs
        Returns the parameters of ``SendMessage``, ``{"MessageBody": …}``, a list of these, or None.
    queue_url
        The queue, or a function of the unit of work that returns it and sees the ``message``; default: the message's
        ``QueueUrl``, then ``QUEUE_URL``.
    to_query_request, to_get_request, table_name
        As for `MessagingRule`.
    latched
        As for `LatchingRule`.
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **MessagingRule.user_functions,
        "to_sqs": (),
        "queue_url": (),
    }

    to_sqs: UserFunction = Field(description="a function")
    queue_url: str | UserFunction | None = Field(default=None, description="a string or a function")


@flavor(model=SqsRule, main="to_sqs", asks=[Query, GetItems, SendMessage])
def sqs(uow: UnitOfWork, rule: SqsRule) -> Steps:
    """Query, get, make the messages, send them.

    Leaves ``query_request`` and ``query_response``, ``batch_get_request`` and ``batch_get_response``, if it made these
    requests, and ``message`` and ``send_response``: one unit of work per message, or one without these if there is
    none.
    """
    return look_up_and_send(
        uow,
        rule,
        "to_sqs",
        lambda part: _send(part, rule),
        lambda message: may_be_fifo(rule.queue_url, message.get("QueueUrl"), "QUEUE_URL"),
    )


def _send(uow: UnitOfWork, rule: SqsRule) -> Steps:
    url = rule.queue_url
    if callable(url):
        url = yield from call(url, uow)
    response = yield SendMessage(uow["message"], queue_url=url)
    return uow.extend(send_response=response)
