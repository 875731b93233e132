"""The steps of flavors that send messages: look something up, make the messages, send them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import Field

from powertools_stream.environment.variables import variable
from powertools_stream.flavors.steps.calling import Steps, call, listed
from powertools_stream.flavors.steps.tables import TableRule, get, query
from powertools_stream.requests import GetItems, Query, Request
from powertools_stream.rules.binding import UserFunction
from powertools_stream.uow import UnitOfWork

__all__ = ["MessagingRule", "look_up_and_send", "may_be_fifo"]


class MessagingRule(TableRule):
    """The fields that rules of flavors that send messages share.

    Parameters
    ----------
    to_query_request
        Returns the parameters of ``Query``, or None. Functions that make messages see the items as ``query_response``.
    to_get_request
        Returns the parameters of ``GetItems``, or None. They see the answer as ``batch_get_response``.
    table_name
        The table to query and to get from; default: as for `TableRule`.
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {"to_query_request": (), "to_get_request": ()}

    asked_by: ClassVar[Mapping[type[Request], tuple[str, ...]]] = {
        Query: ("to_query_request",),
        GetItems: ("to_get_request",),
    }

    to_query_request: UserFunction | None = Field(default=None, description="a function")
    to_get_request: UserFunction | None = Field(default=None, description="a function")


def look_up_and_send(
    uow: UnitOfWork,
    rule: MessagingRule,
    field: str,
    send: Callable[[UnitOfWork], Steps],
    is_ordered: Callable[[Mapping[str, Any]], bool],
) -> Steps:
    """Query and get the data for the messages, make them, and send them.

    Returns a unit of work for each, with the message as ``message``; one without it if there is no message.

    Parameters
    ----------
    field
        The rule's field that makes the messages.
    send
        Sends the message of a unit of work.
    is_ordered
        Returns whether a message may go to a FIFO queue or topic, where groups keep their order.

    Raises
    ------
    TypeError
        The user's function returned something other than messages.
    """
    uow = yield from _look_up(uow, rule)
    messages = listed((yield from call(rule[field], uow)), rule, field, "a message")
    if not messages:
        return uow
    return (yield from _send_all([uow.extend(message=message) for message in messages], send, is_ordered))


def _look_up(uow: UnitOfWork, rule: MessagingRule) -> Steps:
    """Query and get the data for the messages, if the rule says so."""
    if rule.to_query_request is not None:
        uow = yield from query(uow, (yield from call(rule.to_query_request, uow)), rule)
    return uow if rule.to_get_request is None else (yield from get(uow, rule.to_get_request, rule))


def may_be_fifo(named_by_rule: str | UserFunction | None, named_by_message: Any, setting: str) -> bool:
    """Return whether a message may go to a FIFO queue or topic."""
    target = named_by_rule or named_by_message or variable(setting)
    return callable(target) or str(target).endswith(".fifo")


def _send_all(
    parts: list[UnitOfWork], send: Callable[[UnitOfWork], Steps], is_ordered: Callable[[Mapping[str, Any]], bool]
) -> Steps:
    """Send the messages of several units of work, and return these with the responses, in order.

    They are sent side by side, but within a group that keeps its order a message waits until the one before it has been
    accepted: none overtakes one that fails.
    """
    if len(parts) == 1:
        return [(yield from send(parts[0]))]
    lanes: dict[Any, list[int]] = {}
    for place, part in enumerate(parts):
        message = part["message"]
        group = message.get("MessageGroupId")
        # A message without a group has a lane of its own, whose key equals no group's name.
        lanes.setdefault(group if group and is_ordered(message) else place, []).append(place)
    sent = list(parts)
    yield [_send_in_turn(places, sent, send) for places in lanes.values()]
    return sent


def _send_in_turn(places: list[int], parts: list[UnitOfWork], send: Callable[[UnitOfWork], Steps]) -> Steps:
    for place in places:
        parts[place] = yield from send(parts[place])
