"""Rules as they are written for aws-lambda-stream in Python, which the documentation says run as they are."""

from __future__ import annotations

from typing import Any

import pytest

from powertools_stream import RuleRegistry
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import (
    cdc,
    collect,
    correlate,
    elasticsearch,
    evaluate,
    expired,
    materialize,
    s3,
    sns,
    task,
    update,
)
from powertools_stream.requests import GetItems, IndexDocument, PublishMessage, PutEvent, PutItem, PutObject, Query
from powertools_stream.testing import run, to_dynamodb_records, to_sqs_records

EVENT = {
    "id": "e-1",
    "type": "order-created",
    "timestamp": 1_767_225_600_123,
    "partition_key": "o-1",
    "tags": {"source": "shop"},
    "order": {"id": "o-1", "lines": [{"sku": "a"}, {"sku": "b"}]},
}
COLLECTED = {"pk": "e-1", "sk": "EVENT", "discriminator": "EVENT", "ttl": 9, "data": "o-1", "event": EVENT}
ITEM = {"pk": "c-1", "sk": "customer", "discriminator": "customer", "name": "Ada"}


def to_update_request(uow: dict[str, Any]) -> dict[str, Any]:
    return {
        "Key": {"pk": uow["event"]["partition_key"], "sk": uow["split"]["sku"]},
        **update_expression({"timestamp": uow["event"]["timestamp"]}),
        **timestamp_condition(),
    }


LISTENER: list[dict[str, Any]] = [
    {
        "id": "collect",
        "flavor": collect,
        "event_type": ["order-created", "order-paid"],
        "filters": [lambda uow, rule: uow["event"]["order"]["id"] is not None],
        "correlation_key": "order.id",
        "expire": True,
        "ttl": lambda rule, uow: uow["event"]["timestamp"] // 1000 + len(rule["id"]),
    },
    {
        "id": "materialize",
        "flavor": materialize,
        "event_type": "order-created",
        "split_on": "event.order.lines",
        "to_update_request": to_update_request,
    },
    {
        "id": "task",
        "flavor": task,
        "event_type": "order-created",
        "result_key": "lines",
        "execute": lambda uow, rule: len(uow["event"]["order"]["lines"]),
        "emit": lambda uow, rule, template: {**template, "type": "order-counted", "lines": uow["lines"]},
        "bus_name": lambda uow: "bus-" + uow["emit"]["type"],
    },
    {
        "id": "s3",
        "flavor": s3,
        "event_type": "order-created",
        "bucket_name": "archive",
        "to_s3": lambda uow: {"Key": uow["event"]["id"], "Body": "{}"},
    },
    {
        "id": "sns",
        "flavor": sns,
        "event_type": "order-created",
        "topic_arn": "arn:aws:sns:eu-central-1:1:topic",
        "to_sns": lambda uow: [{"Message": line["sku"]} for line in uow["event"]["order"]["lines"]],
    },
    {
        "id": "search",
        "flavor": elasticsearch,
        "event_type": "order-created",
        "domain_host": "search.test",
        "to_elasticsearch": lambda uow: {"index": "orders", "id": "o-1", "data": uow["event"]["order"]},
    },
]

TRIGGER: list[dict[str, Any]] = [
    {
        "id": "correlate",
        "flavor": correlate,
        "event_type": "order-created",
        "correlation_key": lambda uow: uow["event"]["order"]["id"],
        "correlation_key_suffix": "paid",
    },
    {
        "id": "evaluate",
        "flavor": evaluate,
        "event_type": "order-created",
        "expression": lambda uow: [event for event in uow["correlated"] if event["type"] == "order-created"],
        "emit": lambda uow, rule, template: {**template, "type": "order-seen", "count": len(uow["triggers"])},
    },
    {"id": "expired", "flavor": expired},
    {
        "id": "cdc",
        "flavor": cdc,
        "event_type": "customer-created",
        "to_event": lambda uow: {"customer": uow["event"]["raw"]["new"]["name"]},
    },
    {
        "id": "update",
        "flavor": update,
        "event_type": "customer-created",
        "to_query_request": lambda uow, rule: {"KeyConditionExpression": "x"},
        "to_get_request": lambda uow, rule: {"RequestItems": {"t": {"Keys": [{"pk": uow["query_response"]["pk"]}]}}},
        "to_update_request": lambda uow, rule: {
            "Key": uow["batch_get_response"]["Responses"]["t"][0],
            **update_expression({"name": uow["event"]["raw"]["new"]["name"]}),
        },
    },
]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTITY_TABLE_NAME", "entities")
    monkeypatch.setenv("EVENT_TABLE_NAME", "events")


def answer(request: Any) -> Any:
    if isinstance(request, Query):
        return [{"pk": "o-1"}] if request.table_name is None else [COLLECTED]
    if isinstance(request, GetItems):
        return {"Responses": {"t": [{"pk": "o-1"}]}}
    return {}


def test_those_of_a_listener_run_as_they_are() -> None:
    outcome = run(LISTENER, to_sqs_records([EVENT]), responses=answer)

    assert outcome.faults == []
    of: dict[Any, list[Any]] = {}
    for request in outcome.requests:
        of.setdefault(type(request), []).append(request)
    (put,) = of[PutItem]
    assert (put.params["Item"]["data"], put.params["Item"]["ttl"]) == ("o-1", 1_767_225_600 + len("collect"))
    assert [one.uow["split"]["sku"] for one in outcome.results if one.rule_id == "materialize"] == ["a", "b"]
    (published,) = of[PutEvent]
    assert (published.event["type"], published.event["lines"]) == ("order-counted", 2)
    assert published.bus_name == "bus-order-counted"
    assert [one.params["Key"] for one in of[PutObject]] == ["e-1"]
    assert [one.params["Message"] for one in of[PublishMessage]] == ["a", "b"]
    assert [one.params["body"] for one in of[IndexDocument]] == [EVENT["order"]]


def test_those_of_a_trigger_run_as_they_are() -> None:
    changes: list[dict[str, Any]] = [
        {"new_image": COLLECTED},
        {"old_image": {**COLLECTED, "expire": True}},
        {"new_image": ITEM},
    ]

    outcome = run(TRIGGER, to_dynamodb_records(changes), responses=answer)

    assert outcome.faults == []
    assert {event["type"] for event in outcome.events} == {"order-seen", "order-created-expired", "customer-created"}
    results = {result.rule_id: result.uow for result in outcome.results}
    assert results["correlate"]["key"] == "o-1.paid"
    assert results["evaluate"]["emit"]["count"] == 1
    assert results["cdc"]["event"]["customer"] == "Ada"
    assert results["update"]["update_request"]["Key"] == {"pk": "o-1"}


def test_what_their_framework_adds_to_a_rule_is_ignored_with_a_warning() -> None:
    rules = RuleRegistry()

    for name in ("publish", "logger"):
        with pytest.warns(UserWarning, match=f"the field '{name}' is ignored"):
            rules.add({**LISTENER[0], "id": name, name: object()})
