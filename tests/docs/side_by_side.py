"""Runs the examples for aws-lambda-stream beside those for this library, with the same records.

It is a program: aws-lambda-stream changes boto3 for the whole process, and reads the environment on import.
"""

from __future__ import annotations

import json
import logging
import os
from typing import Any

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_LAMBDA_FUNCTION_NAME": "listener",
    "ENTITY_TABLE_NAME": "entities",
    "EVENT_TABLE_NAME": "entities",
    "BUS_NAME": "bus",
    "SERVICE": "shop",
    "STAGE": "test",
    "ACCOUNT_NAME": "sandbox",
    "APP_NAME": "shop",
}
CUSTOMERS = {"Responses": {"customers": [{"pk": "c-1", "name": "Ada", "by_mail": True}]}}
ORDER = {"id": "o-1", "status": "OPEN"}
EVENTS: list[dict[str, Any]] = [
    {"type": "order-created", "partition_key": "o-1", "order": ORDER},
    {"type": "order-created", "partition_key": "o-2", "order": {"id": "o-2", "status": "PAID"}},
    {"type": "order-paid", "partition_key": "o-1", "order": ORDER},
    {"type": "order-created", "partition_key": "o-3", "order": {"id": "o-3"}},
    {
        "type": "order-shipped",
        "partition_key": "o-1",
        "customer_id": "c-1",
        "lines": [{"sku": "a"}, {"sku": "b"}],
    },
    {"type": "order-forgotten", "partition_key": "o-1"},
]


def main() -> None:
    os.environ.update(ENVIRONMENT)
    from powertools_stream.testing import to_kinesis_records

    events = [
        {"id": f"e-{n}", "timestamp": 1_767_225_600_123 + n, "tags": {"source": "web"}, **event}
        for n, event in enumerate(EVENTS)
    ]
    batch = to_kinesis_records(events)
    theirs, ours = calls_of_theirs(batch), calls_of_ours(batch)
    assert theirs, "Expected calls, found none."
    for name in theirs.keys() | ours.keys():
        assert theirs.get(name) == ours.get(name), f"{name}\n{json.dumps([theirs.get(name), ours.get(name)], indent=1)}"
    print(f"The same in both: {', '.join(f'{len(calls)} {name}' for name, calls in sorted(ours.items()))}.")


def calls_of_theirs(batch: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what aws-lambda-stream calls for a batch, by operation."""
    from aws_lambda_stream.events.kinesis import from_kinesis
    from aws_lambda_stream.pipelines import StreamPipeline, initialize_from
    from aws_lambda_stream.utils.opt import DEFAULT_OPTIONS
    from botocore.client import BaseClient

    from docs.examples.migration import theirs_flavor, theirs_rules

    calls: list[tuple[str, Any]] = []

    def answer(self: Any, name: str, params: dict[str, Any]) -> dict[str, Any]:
        calls.append((name, params))
        return CUSTOMERS if name == "BatchGetItem" else {}

    by_botocore, BaseClient._make_api_call = BaseClient._make_api_call, answer
    theirs_rules.handler(batch, None)
    options = {**DEFAULT_OPTIONS, "logger": logging.getLogger()}
    StreamPipeline(initialize_from(theirs_flavor.RULES), options).assemble(from_kinesis(batch))
    BaseClient._make_api_call = by_botocore
    return by_operation(calls)


def calls_of_ours(batch: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what this library asks for."""
    from docs.examples.migration import rules, split_flavor
    from powertools_stream import RuleRegistry
    from powertools_stream.requests import GetItems, PutEvent
    from powertools_stream.testing import run

    registry = RuleRegistry([*rules.RULES, *split_flavor.rules])
    outcome = run(registry, batch, bus_name="bus", responses={GetItems: CUSTOMERS})
    faults = [fault.event for fault in outcome.faults if fault.event is not None]
    calls = [
        ("PutEvents", {"Entries": [{"Detail": json.dumps(event)} for event in [*outcome.events, *faults]]}),
        *((type(one).__name__, getattr(one, "params", None)) for one in outcome.requests if type(one) is not PutEvent),
    ]
    return by_operation(calls)


def by_operation(calls: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    """Return calls by operation, without what the page says is different."""
    found: dict[str, list[Any]] = {}
    for name, params in calls:
        if name == "PutEvents":
            events = [json.loads(entry["Detail"]) for entry in params["Entries"]]
            found.setdefault("events", []).extend(comparable_event(event) for event in events)
        elif name in ("PutItem", "UpdateItem"):
            found.setdefault(name, []).append(comparable_item(params))
    return {name: sorted(calls, key=lambda call: json.dumps(call, sort_keys=True)) for name, calls in found.items()}


def comparable_event(event: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is new for every attempt there, and tells the attempt here; and the tag `skip`."""
    tags = {name: value for name, value in event.get("tags", {}).items() if name != "skip"}
    if event["type"] == "fault":
        err = {name: event["err"][name] for name in ("name",)}
        return {"type": "fault", "pipeline": tags["pipeline"], "err": err, "event": event["uow"]["event"]["id"]}
    new = ("id", "timestamp") if event["type"] == "order-accepted" else ()
    return {**{name: value for name, value in event.items() if name not in new}, "tags": tags}


def comparable_item(params: dict[str, Any]) -> Any:
    """Leave out what is null, which is not written here, and where the item goes, which the environment says."""
    params = {name: value for name, value in params.items() if name != "TableName"}
    if "Item" in params:
        params["Item"] = {name: value for name, value in params["Item"].items() if value is not None}
    return json.loads(json.dumps(params, default=int))


if __name__ == "__main__":
    main()
