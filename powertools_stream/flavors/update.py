"""The flavor `update`: keeps data up to date that was derived from what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from powertools_stream.flavors.steps import tables
from powertools_stream.flavors.steps.calling import Steps, call
from powertools_stream.flavors.steps.event_table import collected
from powertools_stream.flavors.steps.tables import LatchingRule, SplittingRule
from powertools_stream.requests import GetItems, Query, UpdateItem
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import UnitOfWork

__all__ = ["UpdateRule", "update"]


class UpdateRule(SplittingRule, LatchingRule):
    """A rule of the flavor `update`.

    Parameters
    ----------
    to_query_request
        Returns what ``Query`` takes, or None.
    split_on, split_target_field
        As for `SplittingRule`; the first is the query's response by default, where there was a query.
    to_get_request
        Returns what ``GetItems`` takes, or None; it sees the value.
    to_update_request, to_fallback_update_request, on_condition_failed, table_name
        As for `UpdatingRule`; the first is needed.
    skip_latched
        As for `LatchingRule`.
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **SplittingRule.user_functions,
        "to_query_request": (),
        "to_get_request": (),
    }

    to_update_request: UserFunction = Field(description="a function")
    to_query_request: UserFunction | None = Field(default=None, description="a function")
    to_get_request: UserFunction | None = Field(default=None, description="a function")


def _collected_or_changed(uow: UnitOfWork) -> UnitOfWork:
    """Make the unit of work of an event that was collected; any other record's is as it is."""
    return collected(uow) or uow


@flavor(
    model=UpdateRule,
    main="to_update_request",
    ordered=True,
    prepare=_collected_or_changed,
    asks=[Query, GetItems, UpdateItem],
)
def update(uow: UnitOfWork, rule: UpdateRule) -> Steps:
    """Query, split, get, update.

    Leaves ``query_request`` and ``query_response`` where it asked; of each value, in a unit of work of its own, what
    ``split_target_field`` says (``query_response``: an item in place of all), ``batch_get_request`` and
    ``batch_get_response`` where it asked, ``update_request`` and ``update_response`` (``{}`` where a condition failed),
    and ``fallback_update_request`` where it was tried.
    """
    if rule.to_query_request is not None:
        uow = yield from tables.query(uow, (yield from call(rule.to_query_request, uow)), rule)
    if rule.split_on is None and "query_response" not in uow:
        return (yield from _get_and_update(uow, rule))
    parts = yield from tables.split_up(uow, rule.split_on or "query_response", rule)
    return (yield [_get_and_update(part, rule) for part in parts])


def _get_and_update(uow: UnitOfWork, rule: UpdateRule) -> Steps:
    uow = yield from tables.get(uow, rule.to_get_request, rule)
    return (yield from tables.update(uow, rule))
