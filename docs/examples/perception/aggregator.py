"""Asks whether all of a module is there, and then for the next one.

The functions of all ten modules are this code: what makes a function a module's own is the queue that it is behind, and
with it how many of it run at a time, how long, and with how much memory.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import pk_condition, update_expression
from powertools_stream.flavors import task
from powertools_stream.requests import PutItem, Query, UpdateItem

from .pipeline import REQUEST, Work, next_module

PATIENCE = 60 * 60
"""Seconds that a module has."""

Steps = Generator[Any, Any, bool]

logger = Logger()
rules = RuleRegistry()


def sync_of(uow: UnitOfWork) -> str:
    """Return what is asked once, however many of its cameras a batch tells of."""
    event = uow.event
    return f"{event['site']}#{event['date']}#{event['sync']}"


def sync_completed(uow: UnitOfWork, template: dict[str, Any]) -> dict[str, Any] | None:
    event = uow.event
    if not uow["result"] or next_module(event["module"]) is not None:
        return None
    where = {name: event[name] for name in ("site", "date", "sync")}
    # The id is the sync's, not the row's: however often it is published, it is one event.
    return {**template, "id": f"{sync_of(uow)}.completed", "type": "sync-completed", **where}


# --8<-- [start:aggregate]
@rules.register(task, event_type="module-completed", emit=sync_completed, compact={"group_key": sync_of})
def aggregate(uow: UnitOfWork) -> Steps:
    event = uow.event
    work = Work(event["site"], event["date"], event["module"], event["sync"])
    rows = yield Query(_rows_of(work))
    request = next((row for row in rows if Work.of_row(row).part == REQUEST), None)
    done = {Work.of_row(row).part for row in rows if row["status"] == "COMPLETED"}
    if request is None or not done.issuperset(request["parts"]):
        return False
    yield UpdateItem({"Key": request_of(work).key, **update_expression({"status": "DONE"})})
    if (following := next_module(work.module)) is not None:
        # Whoever comes first asks; whoever comes later finds the row there.
        yield PutItem({"Item": request_row(Work(work.site, work.date, following, work.sync)), **pk_condition("site")})
    return True


# --8<-- [end:aggregate]


def request_of(work: Work) -> Work:
    """Return the row that asks for a module."""
    return Work(work.site, work.date, work.module, work.sync, REQUEST)


def request_row(work: Work, parts: tuple[str, ...] = ("",)) -> dict[str, Any]:
    """Make the row that asks for a module: it expires where nobody answers."""
    expires_at = int(time.time()) + PATIENCE
    return {**request_of(work).key, "status": "REQUESTED", "parts": list(parts), "expires_at": expires_at}


def _rows_of(work: Work) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "#site = :site AND begins_with(#key, :key)",
        "ExpressionAttributeNames": {"#site": "site", "#key": "date#event_type"},
        "ExpressionAttributeValues": {":site": work.site, ":key": work.key["date#event_type"]},
        "ConsistentRead": True,
    }


@logger.inject_lambda_context
@stream_processor(rules=rules, logger=logger)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
