"""The flavor `materialize`: keeps a view up to date with the events that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from powertools_stream.flavors.paths import check_path, path_reader
from powertools_stream.flavors.steps import Steps, call, split
from powertools_stream.matching.filters import out_source_is_self
from powertools_stream.requests import OnConditionFailed, UpdateItem
from powertools_stream.rules import Rule, flavor
from powertools_stream.signatures import UserFunction
from powertools_stream.uow import UnitOfWork

__all__ = ["MaterializeRule", "materialize"]


class MaterializeRule(Rule):
    """A rule of the flavor `materialize`.

    Parameters
    ----------
    to_update_request
        Returns what ``UpdateItem`` takes, or None where there is nothing to do.
    to_fallback_update_request
        Returns what is tried instead once a condition has failed, or None. It sees ``update_request``.
    split_on
        A path to a list, or a function that returns a list: each of its values is a unit of work of its own.
    split_target_field
        Where the value stands in the unit of work.
    table_name
        The view.
    on_condition_failed
        ``"ignore"``: a condition that failed, and no fallback, is counted; ``"fault"``: it is a fault.
    """

    model_config = ConfigDict(extra="forbid")

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "to_update_request": (),
        "to_fallback_update_request": (),
        "split_on": (),
    }

    to_update_request: UserFunction = Field(description="a function")
    to_fallback_update_request: UserFunction | None = Field(default=None, description="a function")
    split_on: str | UserFunction | None = Field(default=None, description="a path (a string) or a function")
    split_target_field: str = Field(default="split", min_length=1, description="a string that is not empty")
    table_name: str | None = Field(default=None, description="a string")
    on_condition_failed: OnConditionFailed = Field(default="ignore", description="'ignore' or 'fault'")

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
    return _update(uow, rule) if rule.split_on is None else _update_each(uow, rule)


def _update_each(uow: UnitOfWork, rule: MaterializeRule) -> Steps:
    split_on = path_reader(rule.split_on) if isinstance(rule.split_on, str) else rule.split_on
    assert split_on is not None
    values = yield from call(split_on, uow)
    return (yield [_update(item, rule) for item in split(uow, values, rule.split_target_field)])


def _update(uow: UnitOfWork, rule: MaterializeRule) -> Steps:
    request = yield from call(rule.to_update_request, uow)
    if not request:
        return uow.extend(update_request=None)
    has_fallback = rule.to_fallback_update_request is not None
    first = _request(request, rule, "ignore" if has_fallback else rule.on_condition_failed)
    uow = uow.extend(update_request=request, update_response=(yield first))
    return (yield from _fall_back(uow, rule)) if has_fallback and _has_failed(uow) else uow


def _fall_back(uow: UnitOfWork, rule: MaterializeRule) -> Steps:
    assert rule.to_fallback_update_request is not None
    request = yield from call(rule.to_fallback_update_request, uow)
    if not request:
        return uow
    response = yield _request(request, rule, rule.on_condition_failed)
    return uow.extend(fallback_update_request=request, update_response=response)


def _has_failed(uow: UnitOfWork) -> bool:
    # Without a condition an empty answer is a success that returns no values.
    return uow["update_response"] == {} and "ConditionExpression" in uow["update_request"]


def _request(params: Any, rule: MaterializeRule, on_condition_failed: OnConditionFailed) -> UpdateItem:
    if not isinstance(params, Mapping):
        raise TypeError(
            f"Rule {rule.id!r}: an update request is a mapping or None; got a {type(params).__name__}. "
            f"To make several updates of one event, use split_on."
        )
    return UpdateItem(params, table_name=rule.table_name, on_condition_failed=on_condition_failed)
