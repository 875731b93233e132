from __future__ import annotations

import os
from typing import Any
from unittest.mock import patch

from docs.examples.migration import registered, repository, split_flavor
from docs.examples.migration.rules import RULES
from powertools_stream.requests import GetItems, PutItem, UpdateItem
from powertools_stream.testing import run, to_kinesis_records

CREATED = {
    "id": "e-1",
    "type": "order-created",
    "timestamp": 1_767_225_600_123,
    "partition_key": "o-1",
    "order": {"id": "o-1", "status": "OPEN"},
}
TABLES = {"ENTITY_TABLE_NAME": "entities", "EVENT_TABLE_NAME": "entities"}


def test_rules_as_dicts_and_registered_ask_for_the_same() -> None:
    event = to_kinesis_records([CREATED])

    with patch.dict(os.environ, TABLES):
        as_dicts, as_registered = run(RULES, event), run(registered.rules, event)

    assert as_dicts.faults == as_registered.faults == []
    assert as_dicts.events == as_registered.events
    kinds = (PutItem, UpdateItem)
    first, second = (
        [one.params for one in outcome.requests if isinstance(one, kinds)]
        for outcome in (as_dicts, as_registered)
    )
    assert first == second


# --8<-- [start:flavor]
def test_each_line_notifies_a_customer_who_wants_mail() -> None:
    shipped = {
        **CREATED,
        "type": "order-shipped",
        "customer_id": "c-1",
        "lines": [{"sku": "a"}, {"sku": "b"}],
    }
    ada = {"pk": "c-1", "name": "Ada", "by_mail": True}
    answers: Any = {GetItems: {"Responses": {"customers": [ada]}}}

    outcome = run(split_flavor.rules, to_kinesis_records([shipped]), responses=answers)

    assert outcome.faults == []
    assert [event["sku"] for event in outcome.events] == ["a", "b"]
    assert outcome.events[0]["tags"]["pipeline"] == "notify-customers"
    assert [result.uow["emit"]["name"] for result in outcome.results] == ["Ada", "Ada"]


# --8<-- [end:flavor]


def test_a_row_is_latched_and_expires() -> None:
    region = {**TABLES, "AWS_REGION": "eu-central-1"}
    with patch.dict(os.environ, region):
        outcome = run(repository.rules, to_kinesis_records([CREATED]))

    (update,) = outcome.requests
    assert isinstance(update, UpdateItem)
    values = update.params["ExpressionAttributeValues"]
    assert (values[":latched"], values[":ttl"]) == (True, 1_770_076_800)
    assert update.params["UpdateExpression"].endswith("REMOVE #deleted")
