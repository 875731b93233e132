"""Whole cold starts over TLS: a fresh interpreter, from its first statement to the end of the first batch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from statistics import median

from tests.bench.cases import environment, event_of
from tests.bench.measuring import Effort
from tests.bench.processes import Endpoint
from tests.bench.report import Section, Table, Target

__all__ = ["measure"]

_START = """
import json, sys, time
event = json.load(sys.stdin)
started = time.process_time()
"""
_END = """
handler(event, None)
print(time.process_time() - started)
"""
_BY_HAND = """
import json
from concurrent.futures import ThreadPoolExecutor
import boto3
from botocore.config import Config

client = boto3.client("events", config=Config(max_pool_connections=8))
pool = ThreadPoolExecutor(8)

def entry(event):
    total = sum(line["price"] for line in event["order"]["lines"])
    detail = json.dumps({"id": event["id"], "type": "order-accepted", "total": total})
    return {"EventBusName": "bench-bus", "Source": "custom", "DetailType": "order-accepted", "Detail": detail}

def put(entries):
    if client.put_events(Entries=entries)["FailedEntryCount"]:
        raise RuntimeError

def handler(event, context):
    entries = [entry(json.loads(record["body"])) for record in event["Records"]]
    list(pool.map(put, (entries[start : start + 10] for start in range(0, len(entries), 10))))
"""
_STREAM = """
from powertools_stream import RuleRegistry, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()

@rules.register(task, event_type="order-created", emit="order-accepted")
def accept_order(uow):
    return {"total": sum(line["price"] for line in uow.event["order"]["lines"])}

@stream_processor(rules=rules)
def handler(event, context): ...
"""
_ROWS = {"written by hand, 8 threads": _BY_HAND, "powertools-stream": _STREAM}
_NOTE = (
    "Each record emits one event. CPU time of all threads, with bytecode compiled; the endpoint answers at once. As in "
    "Lambda's init phase, the clients are made ahead."
)
_LIMITS = {100: 0.8}


def measure(effort: Effort, progress: Callable[[str], None]) -> Section:
    """Measure the first batch of 10 and of 100 records."""
    measured: dict[tuple[str, int], list[float]] = {(name, size): [] for name in _ROWS for size in effort.first}
    with Endpoint(latency=0) as endpoint:
        for _ in range(effort.imports):
            progress("cold starts")
            for name, size in measured:
                measured[name, size].append(_cold_start(endpoint, _ROWS[name], size))
    return Section([_table(measured, effort)], _targets(measured, effort))


def _cold_start(endpoint: Endpoint, code: str, records: int) -> float:
    env = environment(endpoint.url, endpoint.plain_url, endpoint.bundle)
    completed = subprocess.run(
        [sys.executable, "-c", _START + code + _END],
        input=json.dumps(event_of(records)),
        env={**env, "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(completed.stdout)


def _table(measured: dict[tuple[str, int], list[float]], effort: Effort) -> Table:
    rows = []
    for name in _ROWS:
        cells = []
        for size in effort.first:
            seconds, by_hand = (median(measured[each, size]) for each in (name, next(iter(_ROWS))))
            cells.append(f"{seconds * 1e3:,.0f}  ×{seconds / by_hand:.2f}")
        rows.append((name, *cells))
    columns = ("", *(f"{size} records, ms" for size in effort.first))
    return Table("A whole cold start over TLS, to the end of the first batch", columns, rows, _NOTE)


def _targets(measured: dict[tuple[str, int], list[float]], effort: Effort) -> list[Target]:
    by_hand, ours = _ROWS
    return [
        Target(
            f"cold start to the end of {size} records, times written by hand",
            median(measured[ours, size]) / median(measured[by_hand, size]),
            _LIMITS[size],
        )
        for size in effort.first
        if size in _LIMITS
    ]
