from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sqlalchemy import text

from docs.examples.calling_services.databases import OUTAGES, engine, rules, stock
from powertools_stream.outcomes import Reason
from powertools_stream.testing import run, to_sqs_records

NOBODY_LISTENS = "127.0.0.1:9"


# --8<-- [start:sqlite]
def test_an_order_that_comes_twice_is_kept_once() -> None:
    order = {"id": "o-1", "type": "order-created", "total": 7}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder, 'orders.db')}"
        with engine().begin() as connection:
            connection.execute(
                text("CREATE TABLE orders (id TEXT PRIMARY KEY, total INT)")
            )

        first, second = (run(rules, to_sqs_records([order])) for _ in range(2))
        engine().dispose()
        engine.cache_clear()

    inserted = [
        outcome.results[0].uow["result"]["inserted"] for outcome in (first, second)
    ]
    assert inserted == [1, 0]


# --8<-- [end:sqlite]


# --8<-- [start:outage]
def test_a_cache_that_is_down_is_a_passing_error() -> None:
    os.environ["REDIS_URL"] = f"redis://{NOBODY_LISTENS}"
    event = to_sqs_records([{"type": "item-sold", "item": "i-1"}])

    outcome = run(rules, event, retryable=OUTAGES)
    stock().close()
    stock.cache_clear()

    assert [fault.reason for fault in outcome.faults] == [Reason.RETRYABLE]


# --8<-- [end:outage]
