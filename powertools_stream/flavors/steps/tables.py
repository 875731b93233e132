"""The steps of flavors that read and update tables: query, get, update. Each takes a unit of work and returns one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from powertools_stream.flavors.steps.calling import Steps, call, get_items, split
from powertools_stream.matching.filters import Filter, out_latched
from powertools_stream.requests import OnConditionFailed, Query, Request, UpdateItem
from powertools_stream.requests.dynamodb import TABLE
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.paths import check_path, path_reader
from powertools_stream.rules.rule import Rule
from powertools_stream.uow import UnitOfWork

__all__ = ["LatchingRule", "SplittingRule", "TableRule", "UpdatingRule", "get", "query", "split_up", "update"]


class TableRule(Rule):
    """The field that rules of flavors that read tables share.

    Parameters
    ----------
    table_name
        The table; default: ``ENTITY_TABLE_NAME``, then ``EVENT_TABLE_NAME``.
    """

    model_config = ConfigDict(extra="forbid")

    table_variables: ClassVar[tuple[str, ...]] = TABLE.variables
    """The environment variables that name the table, in the order in which they are tried."""

    table_name: str | None = Field(default=None, description="a string")


class LatchingRule(TableRule):
    """The field that rules share whose flavors would otherwise react to what a listener wrote.

    Parameters
    ----------
    latched
        ``"skip"``: changes that a listener made are left out (`out_latched`); ``"process"``: the rule is for them too.
    """

    latched: Literal["skip", "process"] = Field(default="skip", description="'skip' or 'process'")

    def tests(self) -> Iterator[Filter]:
        """Yield `out_latched` first, unless the rule is for latched changes too."""
        if self.latched == "skip":
            yield out_latched
        yield from super().tests()


class UpdatingRule(TableRule):
    """The fields that rules of flavors that update tables share.

    Parameters
    ----------
    to_update_request
        Returns the parameters of ``UpdateItem``, or None if there is nothing to do. Or a request of any kind, which is
        made unchanged: a view may be an object in S3, or a document.
    to_fallback_update_request
        Returns what to try instead if a condition fails, or None. It sees ``update_request``.
    on_condition_failed
        ``"ignore"``: a failed condition without a fallback is counted; ``"fault"``: it is a fault.
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "to_update_request": (),
        "to_fallback_update_request": (),
    }

    to_update_request: UserFunction | None = Field(default=None, description="a function")
    to_fallback_update_request: UserFunction | None = Field(default=None, description="a function")
    on_condition_failed: OnConditionFailed = Field(default="ignore", description="'ignore' or 'fault'")


class SplittingRule(UpdatingRule):
    """The fields that rules share whose flavors split a unit of work into several.

    Parameters
    ----------
    split_on
        A path to a list, or a function that returns a list: each of its values is a unit of work of its own.
    split_target_field
        The field of the unit of work that holds the value.
    """

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {**UpdatingRule.user_functions, "split_on": ()}

    split_on: str | UserFunction | None = Field(default=None, description="a path (a string) or a function")
    split_target_field: str = Field(default="query_response", min_length=1, description="a string that is not empty")

    def _check_fields(self) -> None:
        super()._check_fields()
        if isinstance(self.split_on, str):
            check_path(self.split_on, rule_id=self.id, field="split_on")


def split_up(uow: UnitOfWork, split_on: str | UserFunction, rule: SplittingRule) -> Steps:
    """Return a unit of work for each value that ``split_on`` finds."""
    values = yield from call(path_reader(split_on) if isinstance(split_on, str) else split_on, uow)
    return split(uow, values, rule.split_target_field)


def query(uow: UnitOfWork, request: Any, rule: TableRule) -> Steps:
    """Query if there is a request: leaves ``query_request`` and ``query_response``, a list of all items.

    If it is a request object already, for any service, it is made unchanged.
    """
    if not request:
        return uow
    response = yield (request if isinstance(request, Request) else Query(request, table_name=rule.table_name))
    return uow.extend(query_request=request, query_response=response)


def get(uow: UnitOfWork, to_get_request: UserFunction | None, rule: TableRule) -> Steps:
    """Get items if there is a request: leaves ``batch_get_request`` and ``batch_get_response``."""
    request = None if to_get_request is None else (yield from call(to_get_request, uow))
    if not request:
        return uow
    if isinstance(request, Request):
        response = yield request
    else:
        response = yield from get_items(request, rule.table_name)
    return uow.extend(batch_get_request=request, batch_get_response=response)


def update(uow: UnitOfWork, rule: UpdatingRule) -> Steps:
    """Update an item, and try the fallback if a condition failed.

    Leaves ``update_request`` (None if there is nothing to do) and ``update_response`` (``{}`` if a condition failed),
    and ``fallback_update_request`` if it was tried.
    """
    assert rule.to_update_request is not None
    request = yield from call(rule.to_update_request, uow)
    if not request:
        return uow.extend(update_request=None)
    has_fallback = rule.to_fallback_update_request is not None
    first = _request(request, rule, "ignore" if has_fallback else rule.on_condition_failed)
    uow = uow.extend(update_request=request, update_response=(yield first))
    return (yield from _fall_back(uow, rule)) if has_fallback and _has_failed(uow) else uow


def _fall_back(uow: UnitOfWork, rule: UpdatingRule) -> Steps:
    assert rule.to_fallback_update_request is not None
    request = yield from call(rule.to_fallback_update_request, uow)
    if not request:
        return uow
    response = yield _request(request, rule, rule.on_condition_failed)
    return uow.extend(fallback_update_request=request, update_response=response)


def _has_failed(uow: UnitOfWork) -> bool:
    # Without a condition, an empty response is a success that returns no values.
    request = uow["update_request"]
    params = getattr(request, "params", None) if isinstance(request, Request) else request
    return uow["update_response"] == {} and isinstance(params, Mapping) and not _CONDITIONS.isdisjoint(params)


# DynamoDB's and S3's.
_CONDITIONS = frozenset({"ConditionExpression", "IfMatch", "IfNoneMatch"})


def _request(params: Any, rule: UpdatingRule, on_condition_failed: OnConditionFailed) -> Request:
    if isinstance(params, Request):
        return params
    if not isinstance(params, Mapping):
        raise TypeError(
            f"Rule {rule.id!r}: an update request is a mapping, a request or None; got a {type(params).__name__}. "
            f"To make several updates of one event, use split_on."
        )
    return UpdateItem(params, table_name=rule.table_name, on_condition_failed=on_condition_failed)
