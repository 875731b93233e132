"""The flavor `job`: processes a table or an index page by page, and keeps a cursor of its progress."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from powertools_stream.errors import DeadlineError, RuleError
from powertools_stream.flavors.steps import tables
from powertools_stream.flavors.steps.calling import Steps, call, listed
from powertools_stream.flavors.steps.publishing import PublishingRule, publish_all
from powertools_stream.flavors.steps.tables import SplittingRule
from powertools_stream.matching.filters import Filter
from powertools_stream.payloads.attribute_values import deserialize_item
from powertools_stream.payloads.carried import record_of, table_name_of
from powertools_stream.payloads.safe_json import to_safe_json
from powertools_stream.requests import GetItems, PutEvent, Query, RemainingTime, Request, Scan, UpdateItem
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import flavor
from powertools_stream.uow import Event, UnitOfWork

__all__ = ["JobRule", "job"]


class JobRule(PublishingRule, SplittingRule):
    """A rule of the flavor `job`.

    Parameters
    ----------
    job_filters
        Functions that must all be true of the event that triggers the job.
    to_scan_request, to_query_split_request
        One of them: returns the parameters of ``Scan`` or ``Query``, with the cursor as ``ExclusiveStartKey`` and the
        page size as ``Limit``; None: there is nothing to do.
    filters
        Functions that must all be true of an item's unit of work; other items are skipped.
    to_query_request, to_get_request
        Return the parameters of ``Query`` and ``GetItems`` for data that belongs to an item, or None.
    split_on, split_target_field
        As for `SplittingRule`, applied to an item's unit of work.
    to_update_request, to_fallback_update_request, on_condition_failed, table_name
        As for `UpdatingRule`; the first is optional.
    to_event
        Returns the event to publish for an item, a list of events, or None.
    to_cursor_update_request
        Returns the parameters of ``UpdateItem`` that save the cursor, ``uow["scan_response"]["LastEvaluatedKey"]``,
        which is missing at the end.
    bus_name, source
        As for `PublishingRule`.
    """

    takes_compact: ClassVar[bool] = False
    filter_fields: ClassVar[tuple[str, ...]] = ("filters", "job_filters")
    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **SplittingRule.user_functions,
        "to_scan_request": (),
        "to_query_split_request": (),
        "to_query_request": (),
        "to_get_request": (),
        "to_event": (),
        "to_cursor_update_request": (),
        "bus_name": (),
    }

    asked_by: ClassVar[Mapping[type[Request], tuple[str, ...]]] = {
        Scan: ("to_scan_request",),
        Query: ("to_query_split_request", "to_query_request"),
        # The row that triggered the job is read again before it goes on from its cursor.
        GetItems: ("to_get_request", "to_cursor_update_request"),
        UpdateItem: ("to_update_request", "to_cursor_update_request"),
        PutEvent: ("to_event",),
    }

    job_filters: Sequence[UserFunction] = Field(default=(), description="a list of functions")
    to_scan_request: UserFunction | None = Field(default=None, description="a function")
    to_query_split_request: UserFunction | None = Field(default=None, description="a function")
    to_query_request: UserFunction | None = Field(default=None, description="a function")
    to_get_request: UserFunction | None = Field(default=None, description="a function")
    to_event: UserFunction | None = Field(default=None, description="a function")
    to_cursor_update_request: UserFunction | None = Field(default=None, description="a function")

    def _check_fields(self) -> None:
        super()._check_fields()
        if (self.to_scan_request is None) == (self.to_query_split_request is None):
            raise RuleError(
                f"Rule {self.id!r}: a job takes either 'to_scan_request' or 'to_query_split_request'.", self.id
            )

    def tests(self) -> Iterator[Filter]:
        """Yield the tests of the event that triggers the job; ``filters`` are for the items."""
        yield from self.pattern_tests()
        yield from self.job_filters


@flavor(model=JobRule, main="to_event", ordered=True, asks=[Query, GetItems, UpdateItem, PutEvent])
def job(uow: UnitOfWork, rule: JobRule) -> Steps:
    """Process page after page: read one, process its items side by side, save the cursor, continue with the next.

    Leaves ``scan_request`` and ``scan_response`` (or ``query_split_request`` and ``query_split_response``) of the last
    page, ``cursor_update_request`` and ``cursor_update_response``, and the number of ``pages`` and ``items``; or only
    ``is_stale``, if the row that triggered the job has changed since.

    Raises
    ------
    DeadlineError
        There is no time for another page: the record is reported, and the job resumes from its cursor.
    """
    if (yield from _is_stale(uow, rule)):
        return uow.extend(is_stale=True)
    kind, read, to_request = (
        ("scan", Scan, rule.to_scan_request)
        if rule.to_scan_request is not None
        else ("query_split", Query, rule.to_query_split_request)
    )
    assert to_request is not None
    request = yield from call(to_request, uow)
    pages = items = 0
    slowest = 0.0
    while request:
        started = time.monotonic()
        # Most functions that read the cursor from a row get None as long as there is none.
        params = {name: value for name, value in request.items() if value is not None}
        page = yield read(params, table_name=rule.table_name, page=True)
        found = page.pop("Items")
        uow = uow.extend(**{f"{kind}_request": params, f"{kind}_response": page})
        yield [_process(_unit_of(item, uow, kind), item, rule) for item in found]
        uow = yield from _save_cursor(uow, rule)
        pages, items = pages + 1, items + len(found)
        if not page.get("LastEvaluatedKey"):
            break
        slowest = max(slowest, time.monotonic() - started)
        yield from _check_time(slowest, pages, rule)
        request = {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]}
    return uow.extend(pages=pages, items=items)


def _is_stale(uow: UnitOfWork, rule: JobRule) -> Steps:
    """Return whether the row that triggered the job has changed since, if only by a cursor that this job saved.

    Any change makes a record of its own, which comes later and continues the job. So a record that is delivered again,
    because its invocation was cut off, does not start the job over.
    """
    record = record_of(uow)
    raw, change, table = uow.event.get("raw"), record.get("dynamodb"), table_name_of(record)
    if rule.to_cursor_update_request is None or not isinstance(raw, dict) or raw.get("new") is None:
        return False
    if not change or table is None:
        return False
    params = {"Keys": [deserialize_item(change["Keys"])], "ConsistentRead": True}
    answer = yield GetItems(params, table_name=table)
    return answer["Responses"][table] != [raw["new"]]


def _unit_of(item: Mapping[str, Any], uow: UnitOfWork, kind: str) -> UnitOfWork:
    response = f"{kind}_response"
    return uow.extend(**{response: {**uow[response], "Item": item}})


def _process(uow: UnitOfWork, item: Mapping[str, Any], rule: JobRule) -> Steps:
    if not all(passes(uow) for passes in rule.filters):
        return uow
    if rule.to_query_request is not None:
        uow = yield from tables.query(uow, (yield from call(rule.to_query_request, uow)), rule)
    if rule.split_on is None:
        return (yield from _finish(uow, item, rule))
    parts = yield from tables.split_up(uow, rule.split_on, rule)
    return (yield [_finish(part, item, rule, f".{n}") for n, part in enumerate(parts)])


def _finish(uow: UnitOfWork, item: Mapping[str, Any], rule: JobRule, suffix: str = "") -> Steps:
    uow = yield from tables.get(uow, rule.to_get_request, rule)
    if rule.to_update_request is not None:
        uow = yield from tables.update(uow, rule)
    if rule.to_event is None:
        return uow
    events = listed((yield from call(rule.to_event, uow)), rule, "to_event", "an event")
    template = _template(uow, item, rule, suffix)
    if len(events) == 1:
        return (yield from publish_all([{**template, **events[0]}], uow, rule))
    numbered = [{**template, "id": f"{template['id']}.{n}", **event} for n, event in enumerate(events)]
    return (yield from publish_all(numbered, uow, rule))


def _template(uow: UnitOfWork, item: Mapping[str, Any], rule: JobRule, suffix: str) -> Event:
    """Return the fields that every event of an item has; a page processed twice publishes the same events again.

    Another record may trigger the second time, so the job is identified by its row.
    """
    event = uow.event
    change = record_of(uow).get("dynamodb") or {}
    key = {name: item[name] for name in ("pk", "sk") if name in item} or item
    identity = to_safe_json([change.get("Keys") or event.get("id"), rule.id, key])
    return {
        "id": hashlib.sha256(identity.encode()).hexdigest()[:32] + suffix,
        "timestamp": event.get("timestamp"),
        "partition_key": item.get("pk", event.get("partition_key")),
    }


def _save_cursor(uow: UnitOfWork, rule: JobRule) -> Steps:
    if rule.to_cursor_update_request is None:
        return uow
    request = yield from call(rule.to_cursor_update_request, uow)
    if not request:
        return uow
    response = yield UpdateItem(request, table_name=rule.table_name, on_condition_failed=rule.on_condition_failed)
    return uow.extend(cursor_update_request=request, cursor_update_response=response)


def _check_time(slowest: float, pages: int, rule: JobRule) -> Steps:
    """Stop between two pages if there is no time to process another."""
    if (yield RemainingTime()) < 2 * slowest:
        goes_on = "goes on from its cursor" if rule.to_cursor_update_request else "has no cursor to go on from"
        raise DeadlineError(
            f"The invocation is about to time out; the job {rule.id!r} stops after {pages} pages, and {goes_on}."
        )
