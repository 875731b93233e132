"""The flavor `sqs`: sends messages to a queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from powertools_stream.flavors.messaging import MessagingRule, look_up, made_messages, may_be_fifo, send_all
from powertools_stream.flavors.steps import Steps, call
from powertools_stream.matching.filters import Filter, out_latched
from powertools_stream.requests import GetItems, Query, SendMessage
from powertools_stream.rules import flavor
from powertools_stream.signatures import UserFunction
from powertools_stream.uow import UnitOfWork

__all__ = ["SqsRule", "sqs"]


class SqsRule(MessagingRule):
    """A rule of the flavor `sqs`.

    Parameters
    ----------
    to_sqs
        Returns what ``SendMessage`` takes, ``{"MessageBody": …}``, a list of these, or None.
    queue_url
        The queue, or a function of the unit of work that names it, which sees the ``message``; default: the message's
        ``QueueUrl``, then ``QUEUE_URL``.
    to_query_request, to_get_request, table_name
        As for `MessagingRule`.
    skip_latched
        Whether changes that a listener made are left out (`out_latched`).
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **MessagingRule.user_functions,
        "to_sqs": (),
        "queue_url": (),
    }

    to_sqs: UserFunction = Field(description="a function")
    queue_url: str | UserFunction | None = Field(default=None, description="a string or a function")
    skip_latched: bool = Field(default=True, description="True or False")

    def tests(self) -> Iterator[Filter]:
        """Yield `out_latched` first, unless the rule is for latched changes too."""
        if self.skip_latched:
            yield out_latched
        yield from super().tests()


@flavor(model=SqsRule, main="to_sqs", asks=[Query, GetItems, SendMessage])
def sqs(uow: UnitOfWork, rule: SqsRule) -> Steps:
    """Query, get, make the messages, send them.

    Leaves ``query_request`` and ``query_response``, ``batch_get_request`` and ``batch_get_response`` where it asked;
    ``message`` and ``send_response``: one unit of work for each message, or one without these where there is none.
    """
    uow = yield from look_up(uow, rule)
    parts = yield from made_messages(uow, rule.to_sqs, rule, "to_sqs")
    if not parts:
        return uow
    return (
        yield from send_all(
            parts,
            lambda part: _send(part, rule),
            lambda message: may_be_fifo(rule.queue_url, message.get("QueueUrl"), "QUEUE_URL"),
        )
    )


def _send(uow: UnitOfWork, rule: SqsRule) -> Steps:
    url = rule.queue_url
    if callable(url):
        url = yield from call(url, uow)
    response = yield SendMessage(uow["message"], queue_url=url)
    return uow.extend(send_response=response)
