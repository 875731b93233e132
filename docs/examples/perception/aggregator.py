"""Checks whether all rows of a module are there, and then requests the next module.

The functions of all ten modules run this code. Each has its own queue, and
therefore its own concurrency, time-out and memory.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import pk_condition, update_expression
from powertools_stream.flavors import task
from powertools_stream.requests import PutItem, Query, UpdateItem

from .pipeline import KEPT, REQUEST, Work, next_module, request_row

Steps = Generator[Any, Any, bool]

logger = Logger()
rules = RuleRegistry()


def work_of(uow: UnitOfWork) -> Work:
    """Return the work an event is part of: done once, however many parts are there."""
    event = uow.event
    return Work(event["site"], event["date"], event["module"], event["sync"])


def sync_completed(uow: UnitOfWork, template: dict[str, Any]) -> dict[str, Any] | None:
    work = work_of(uow)
    if not uow["result"] or next_module(work.module) is not None:
        return None
    # The id is that of the sync, not of the row: published again, it is the same event.
    sync = {"site": work.site, "date": work.date, "sync": work.sync}
    return {
        **template,
        "id": f"{'#'.join(sync.values())}.completed",
        "type": "sync-completed",
        **sync,
    }


# --8<-- [start:aggregate]
@rules.register(
    task,
    event_type="module-completed",
    emit=sync_completed,
    compact={"group_key": work_of},
)
def aggregate(uow: UnitOfWork) -> Steps:
    work = work_of(uow)
    found = yield Query(_rows_of(work))
    # The key of sync0010 begins with that of sync001: rows of other syncs are left out.
    rows = {
        each.part: row for row in found if (each := Work.of_row(row)).sync == work.sync
    }
    request = rows.get(REQUEST)
    done = {part for part, row in rows.items() if row.get("status") == "COMPLETED"}
    if request is None or not done.issuperset(request["parts"]):
        return False
    if request["status"] != "DONE":
        if (following := next_module(work.module)) is not None:
            # The first one requests the module; later ones find that the row exists.
            yield PutItem(
                {
                    "Item": request_row(replace(work, module=following)),
                    **pk_condition("site"),
                }
            )
        # Only now is it done: if the function is interrupted before, the next attempt
        # requests the module again.
        yield UpdateItem(_done(work))
    return True


# --8<-- [end:aggregate]


def _done(work: Work) -> dict[str, Any]:
    update = update_expression(
        {"status": "DONE", "expires_at": int(time.time()) + KEPT}
    )
    # A row that has expired in the meantime is not created again.
    return {
        "Key": replace(work, part=REQUEST).key,
        **update,
        "ConditionExpression": "attribute_exists(#status)",
    }


def _rows_of(work: Work) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "#site = :site AND begins_with(#key, :key)",
        "ExpressionAttributeNames": {"#site": "site", "#key": "date#event_type"},
        "ExpressionAttributeValues": {
            ":site": work.site,
            ":key": work.key["date#event_type"],
        },
        "ConsistentRead": True,
    }


@logger.inject_lambda_context
@stream_processor(rules=rules, logger=logger)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
