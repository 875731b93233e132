"""The flavor `update`: keeps derived data up to date with the changes that it depends on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from powertools_stream.flavors.steps import tables
from powertools_stream.flavors.steps.calling import Steps, call
from powertools_stream.flavors.steps.event_table import collected
from powertools_stream.flavors.steps.tables import LatchingRule, SplittingRule
from powertools_stream.requests import GetItems, Query, Request, UpdateItem
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import UnitOfWork

__all__ = ["UpdateRule", "update"]


class UpdateRule(SplittingRule, LatchingRule):
    """A rule of the flavor `update`.

    Parameters
    ----------
    to_query_request
        Returns the parameters of ``Query``, or None.
    split_on, split_target_field
        As for `SplittingRule`; the first defaults to the query's response, if there was a query.
    to_get_request
        Returns the parameters of ``GetItems``, or None; it sees the value.
    to_update_request, to_fallback_update_request, on_condition_failed, table_name
        As for `UpdatingRule`; the first is required.
    latched
        As for `LatchingRule`.
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **SplittingRule.user_functions,
        "to_query_request": (),
        "to_get_request": (),
    }

    asked_by: ClassVar[Mapping[type[Request], tuple[str, ...]]] = {
        Query: ("to_query_request",),
        GetItems: ("to_get_request",),
    }

    to_update_request: UserFunction = Field(description="a function")
    to_query_request: UserFunction | None = Field(default=None, description="a function")
    to_get_request: UserFunction | None = Field(default=None, description="a function")


def _collected_or_changed(uow: UnitOfWork) -> UnitOfWork:
    """Return the unit of work of a collected event; that of any other record is unchanged."""
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

    Leaves ``query_request`` and ``query_response``, if there was a query; and in a unit of work per value, the value in
    ``split_target_field`` (``query_response``: one item in place of all), ``batch_get_request`` and
    ``batch_get_response``, if it got items, ``update_request`` and ``update_response`` (``{}`` if a condition failed),
    and ``fallback_update_request``, if it was tried.
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
