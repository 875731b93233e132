"""The calls that a flavor makes, replayed with boto3 on a thread pool, one stage after the other.

It parses no records and builds no requests, so it measures only the calls themselves.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config

from powertools_stream.testing import ScriptedEndpoint
from tests.bench.cases import THREADS, Case, Handler
from tests.bench.contestants import flavors
from tests.bench.script import SCRIPT

__all__ = ["prepare"]

_pool = ThreadPoolExecutor(THREADS)
_config = Config(max_pool_connections=THREADS)


def prepare(case: Case) -> Handler:
    recorded = _recorded(case)
    clients = {service: boto3.client(service, config=_config) for service in ("dynamodb", "events")}
    stages = [
        [_call(clients, name, body) for name, body in calls] for _, calls in groupby(recorded, key=lambda call: call[0])
    ]

    def handler(event: dict[str, Any]) -> None:
        for stage in stages:
            list(_pool.map(lambda call: call(), stage))

    return handler


def _recorded(case: Case) -> list[tuple[str, dict[str, Any]]]:
    """Return the calls of one run, in the order of their operations."""
    url = os.environ["AWS_ENDPOINT_URL"]
    with ScriptedEndpoint(SCRIPT) as endpoint:
        os.environ["AWS_ENDPOINT_URL"] = endpoint.url
        try:
            flavors.prepare(case)({})
        finally:
            os.environ["AWS_ENDPOINT_URL"] = url
        if case.form == "job":  # the pages come one after the other, each followed by its events
            return list(endpoint.calls)
        first = {name: n for n, (name, _) in reversed(list(enumerate(endpoint.calls)))}
        return sorted(endpoint.calls, key=lambda call: first[call[0]])


def _call(clients: Mapping[str, Any], operation: str, body: dict[str, Any]) -> Callable[[], Any]:
    client = clients["events" if operation == "PutEvents" else "dynamodb"]
    return partial(getattr(client, xform_name(operation)), **body)
