"""The flavor `update`: keeps data up to date that was derived from what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from powertools_stream.flavors import tables
from powertools_stream.flavors.event_table import collected
from powertools_stream.flavors.steps import Steps, call, split
from powertools_stream.flavors.tables import UpdatingRule
from powertools_stream.matching.filters import Filter, out_latched
from powertools_stream.paths import check_path, path_reader
from powertools_stream.requests import GetItems, Query, UpdateItem
from powertools_stream.rules import flavor
from powertools_stream.signatures import UserFunction
from powertools_stream.uow import UnitOfWork

__all__ = ["UpdateRule", "update"]


class UpdateRule(UpdatingRule):
    """A rule of the flavor `update`.

    Parameters
    ----------
    to_query_request
        Returns what ``Query`` takes, or None.
    split_on
        A path to a list, or a function that returns a list: each of its values is a unit of work of its own. Default:
        the query's response, where there was a query.
    split_target_field
        Where the value stands in the unit of work.
    to_get_request
        Returns what ``GetItems`` takes, or None; it sees the value.
    to_update_request, to_fallback_update_request, on_condition_failed, table_name
        As for `UpdatingRule`; the first is needed.
    skip_latched
        Whether changes that a listener made are left out (`out_latched`).
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **UpdatingRule.user_functions,
        "to_query_request": (),
        "split_on": (),
        "to_get_request": (),
    }

    to_update_request: UserFunction = Field(description="a function")
    to_query_request: UserFunction | None = Field(default=None, description="a function")
    split_on: str | UserFunction | None = Field(default=None, description="a path (a string) or a function")
    split_target_field: str = Field(default="query_response", min_length=1, description="a string that is not empty")
    to_get_request: UserFunction | None = Field(default=None, description="a function")
    skip_latched: bool = Field(default=True, description="True or False")

    def _check_fields(self) -> None:
        super()._check_fields()
        if isinstance(self.split_on, str):
            check_path(self.split_on, rule_id=self.id, field="split_on")

    def tests(self) -> Iterator[Filter]:
        """Yield `out_latched` first, unless the rule is for latched changes too."""
        if self.skip_latched:
            yield out_latched
        yield from super().tests()


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
    split_on = rule.split_on or "query_response"
    values = yield from call(path_reader(split_on) if isinstance(split_on, str) else split_on, uow)
    return (yield [_get_and_update(item, rule) for item in split(uow, values, rule.split_target_field)])


def _get_and_update(uow: UnitOfWork, rule: UpdateRule) -> Steps:
    uow = yield from tables.get(uow, rule.to_get_request, rule)
    return (yield from tables.update(uow, rule))
