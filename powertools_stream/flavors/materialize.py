"""The flavor `materialize`: keeps a view up to date with the events that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from powertools_stream.flavors.steps import Steps, call, split
from powertools_stream.flavors.tables import UpdatingRule, update
from powertools_stream.matching.filters import out_source_is_self
from powertools_stream.paths import check_path, path_reader
from powertools_stream.requests import UpdateItem
from powertools_stream.rules import flavor
from powertools_stream.signatures import UserFunction
from powertools_stream.uow import UnitOfWork

__all__ = ["MaterializeRule", "materialize"]


class MaterializeRule(UpdatingRule):
    """A rule of the flavor `materialize`.

    Parameters
    ----------
    to_update_request, to_fallback_update_request, on_condition_failed, table_name
        As for `UpdatingRule`; the first is needed.
    split_on
        A path to a list, or a function that returns a list: each of its values is a unit of work of its own.
    split_target_field
        Where the value stands in the unit of work.
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {**UpdatingRule.user_functions, "split_on": ()}

    to_update_request: UserFunction = Field(description="a function")
    split_on: str | UserFunction | None = Field(default=None, description="a path (a string) or a function")
    split_target_field: str = Field(default="split", min_length=1, description="a string that is not empty")

    def _check_fields(self) -> None:
        super()._check_fields()
        if isinstance(self.split_on, str):
            check_path(self.split_on, rule_id=self.id, field="split_on")


@flavor(
    model=MaterializeRule,
    main="to_update_request",
    ordered=True,
    filters=[out_source_is_self],
    asks=[UpdateItem],
)
def materialize(uow: UnitOfWork, rule: MaterializeRule) -> Steps:
    """Update the view: once, or once for each value that ``split_on`` finds, side by side.

    Leaves ``update_request`` and ``update_response`` (``{}`` where a condition failed), and
    ``fallback_update_request`` where it was tried.
    """
    return update(uow, rule) if rule.split_on is None else _update_each(uow, rule)


def _update_each(uow: UnitOfWork, rule: MaterializeRule) -> Steps:
    split_on = path_reader(rule.split_on) if isinstance(rule.split_on, str) else rule.split_on
    assert split_on is not None
    values = yield from call(split_on, uow)
    return (yield [update(item, rule) for item in split(uow, values, rule.split_target_field)])
