"""What is measured: the jobs, the events that they work on, and the protocol between the bench and its workers."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from powertools_stream.testing import to_sqs_records

__all__ = [
    "BUCKET",
    "BUS",
    "CHECKPOINTS",
    "LATENCY",
    "QUEUE_URL",
    "TABLE",
    "THREADS",
    "TOPIC_ARN",
    "Case",
    "Handler",
    "Job",
    "Prepare",
    "environment",
    "event_of",
    "order_total",
    "totals",
]

THREADS = 8
"""The number of concurrent calls: those with which this library begins, and which the other contestants get."""

LATENCY = 0.010
"""The delay of the local endpoint's answers, in seconds."""

BUCKET = "bench-bucket"
BUS = "bench-bus"
TABLE = "bench-table"
CHECKPOINTS = "bench-checkpoints"
QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/bench-queue"
TOPIC_ARN = "arn:aws:sns:eu-central-1:123456789012:bench-topic"

Job = Literal["total", "emit", "put", "update", "object", "message", "flavor", "send", "redeliver", "idempotent"]
"""Add up prices, without I/O; publish an event per record; put an item per record; update a row per record; put an
object per record; send a message per record; run a flavor, or send to a sink, which `Case.form` names; deliver a batch
twice; run a rule once for each key."""

Handler = Callable[[dict[str, Any]], object]
"""A Lambda handler that needs no context."""


@dataclass(frozen=True)
class Case:
    """One measurement; sent to the worker as JSON.

    Parameters
    ----------
    contestant
        The module under ``tests/bench/contestants`` that runs it.
    job
        What is done for each record.
    records
        How many records the batch has.
    rules
        How many rules match each of them.
    others
        How many more rules there are that do not match.
    form
        The variant of the job, if the contestant has several.
    """

    contestant: str
    job: Job
    records: int
    rules: int = 1
    others: int = 0
    form: str = ""


Prepare = Callable[[Case], Handler]
"""The function ``prepare`` of each contestant's module: makes the handler of a case."""

totals: list[int] = []
"""The results of the job "total": the worker checks them, so that no contestant gains by skipping work."""


def order_total(event: dict[str, Any]) -> int:
    """Stand in for business logic."""
    total: int = sum(line["price"] for line in event["order"]["lines"])
    totals.append(total)
    return total


def event_of(records: int) -> dict[str, Any]:
    """Make the batch that Lambda would deliver from a queue, with a key of its own for every order."""
    return to_sqs_records(
        {
            "id": f"order-event-{n}",
            "type": "order-created",
            "timestamp": 1_545_082_649_183 + n,
            "partition_key": f"order-{n}",
            "tags": {"region": "eu-central-1", "source": "shop"},
            "order": {"id": f"order-{n}", "lines": [{"sku": "a", "price": 3}, {"sku": "b", "price": 4}]},
        }
        for n in range(records)
    )


def environment(endpoint_url: str, plain_url: str = "", bundle: str = "") -> dict[str, str]:
    """Return the environment of a worker, the same for all contestants."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "POWERTOOLS_"))}
    return {
        **inherited,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint_url,
        **({"AWS_CA_BUNDLE": bundle} if bundle else {}),
        "BENCH_DOMAIN": plain_url or endpoint_url,
        "BUS_NAME": BUS,
        "ENTITY_TABLE_NAME": TABLE,
        "LOG_LEVEL": "CRITICAL",
        "SERVICE": "bench",
    }
