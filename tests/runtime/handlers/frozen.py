"""A function with a rule for each way in which calls are made: by a template, by botocore's own, by urllib3."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task
from powertools_stream.requests import HttpRequest, InvokeFunction, PutEvent, SendMessage, UpdateItem

rules = RuleRegistry()

_COUNT = {"Key": {"pk": "1"}, "UpdateExpression": "ADD #n :one"}
_NAMES = {"ExpressionAttributeNames": {"#n": "n"}, "ExpressionAttributeValues": {":one": 1}}


@rules.register(task, event_type="order-created")
def call_everything(uow: UnitOfWork) -> Generator[Any, Any, None]:
    yield [
        PutEvent({"id": uow.event["id"], "type": "order-accepted"}, bus_name="orders"),
        UpdateItem({**_COUNT, **_NAMES}, table_name="orders"),
        SendMessage({"MessageBody": {"id": uow.event["id"]}}, queue_url=f"{os.environ['AWS_ENDPOINT_URL']}/1/orders"),
        InvokeFunction({"FunctionName": "ship", "Payload": {"id": uow.event["id"]}, "InvocationType": "Event"}),
        HttpRequest({"method": "POST", "url": f"{os.environ['AWS_ENDPOINT_URL']}/ship", "json": {"a": 1}}),
    ]


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return {"pid": os.getpid()}
