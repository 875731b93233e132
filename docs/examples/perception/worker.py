"""Simulates the modules, third-party programs: writes the rows that they would write.

One camera fails on the first attempt, one module never answers for one sync, and
something writes a row of an unknown module.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import pk_condition
from powertools_stream.flavors import task
from powertools_stream.requests import PutItem

from .pipeline import KEPT, Work

FAILS_ONCE = ("sync002", "cam2")
HANGS = ("sync003", "tracking")
STRAY = ("sync001", "2025-07-15#coffee#sync001")

Puts = Generator[list[PutItem], Any, int]

logger = Logger()
rules = RuleRegistry()
failed: list[str] = []


@rules.register(task, event_type="module-requested")
def work(uow: UnitOfWork) -> Puts:
    event = uow.event
    if (event["sync"], event["module"]) == HANGS:
        return 0
    parts = [part for part in event["parts"] if not _fails(event["sync"], part)]
    # If the request is delivered again, rows of the parts that were done exist: they
    # are not written again.
    yield [
        PutItem({"Item": _row(event, part), **pk_condition("site")}) for part in parts
    ]
    if len(parts) < len(event["parts"]):
        raise RuntimeError(f"A camera of {event['sync']} has sent no picture yet.")
    return len(parts)


@rules.register(
    task,
    event_type="module-requested",
    filters=[lambda uow: uow.event["sync"] == STRAY[0]],
)
def write_a_stray_row(uow: UnitOfWork) -> Generator[PutItem, Any, None]:
    row = {
        "site": uow.event["site"],
        "date#event_type": STRAY[1],
        "status": "COMPLETED",
    }
    yield PutItem({"Item": row, **pk_condition("site")})


def _fails(sync: str, part: str) -> bool:
    if (sync, part) != FAILS_ONCE or failed:
        return False
    failed.append(part)
    return True


def _row(event: dict[str, Any], part: str) -> dict[str, Any]:
    work = Work(event["site"], event["date"], event["module"], event["sync"], part)
    return {**work.key, "status": "COMPLETED", "expires_at": int(time.time()) + KEPT}


@logger.inject_lambda_context
@stream_processor(rules=rules, logger=logger)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
