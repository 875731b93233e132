from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task
from powertools_stream.requests import GetObject

rules = RuleRegistry()


# --8<-- [start:handler]
def is_order(uow: UnitOfWork) -> bool:
    return str(uow.event["s3"]["object"]["key"]).endswith(".json")


@rules.register(
    task, event_type="object-created", filters=[is_order], emit="order-received"
)
def receive_order(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    s3 = uow.event["s3"]
    answer = yield GetObject(
        {"Key": s3["object"]["key"]}, bucket_name=s3["bucket"]["name"]
    )
    order = json.loads(answer["Body"])
    return {"total": order["total"]}


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """S3 invokes the function asynchronously, and ignores the response."""


# --8<-- [end:handler]
