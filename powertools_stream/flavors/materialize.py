"""The flavor `materialize`: keeps a view up to date with the events that it is built from."""

from __future__ import annotations

from pydantic import Field

from powertools_stream.flavors.steps.calling import Steps
from powertools_stream.flavors.steps.tables import SplittingRule, split_up, update
from powertools_stream.matching.filters import out_source_is_self
from powertools_stream.requests import UpdateItem
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import UnitOfWork

__all__ = ["MaterializeRule", "materialize"]


class MaterializeRule(SplittingRule):
    """A rule of the flavor `materialize`.

    Parameters
    ----------
    to_update_request, to_fallback_update_request, on_condition_failed, table_name
        As for `UpdatingRule`; the first is required.
    split_on, split_target_field
        As for `SplittingRule`.
    """

    to_update_request: UserFunction = Field(description="a function")
    split_target_field: str = Field(default="split", min_length=1, description="a string that is not empty")


@flavor(
    model=MaterializeRule,
    main="to_update_request",
    ordered=True,
    filters=[out_source_is_self],
    asks=[UpdateItem],
)
def materialize(uow: UnitOfWork, rule: MaterializeRule) -> Steps:
    """Update the view: once, or once for each value that ``split_on`` finds, side by side.

    Leaves ``update_request`` and ``update_response`` (``{}`` if a condition failed), and ``fallback_update_request`` if
    it was tried.
    """
    return update(uow, rule) if rule.split_on is None else _update_each(uow, rule.split_on, rule)


def _update_each(uow: UnitOfWork, split_on: str | UserFunction, rule: MaterializeRule) -> Steps:
    return (yield [update(part, rule) for part in (yield from split_up(uow, split_on, rule))])
