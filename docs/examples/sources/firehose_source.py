from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import firehose_drop, firehose_transform
from powertools_stream.sources import FirehoseSource

rules = RuleRegistry()


# --8<-- [start:handler]
@rules.register(firehose_transform, event_type="order-created")
def without_lines(uow: UnitOfWork) -> dict[str, Any]:
    order = uow.event["order"]
    return {
        "id": uow.event["id"],
        "total": sum(line["price"] for line in order["lines"]),
    }


rules.add(id="no-heartbeats", flavor=firehose_drop, event_type="heartbeat")


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Firehose."""


# --8<-- [end:handler]

log_rules = RuleRegistry()


# --8<-- [start:decode]
def line_of_a_log(data: bytes) -> dict[str, Any] | None:
    method, _, path = data.decode().strip().partition(" ")
    return {"type": "request", "method": method, "path": path} if path else None


@log_rules.register(firehose_transform, event_type="request")
def as_json(uow: UnitOfWork) -> dict[str, Any]:
    return {"method": uow.event["method"], "path": uow.event["path"]}


@stream_processor(rules=log_rules, source=FirehoseSource(decode=line_of_a_log))
def log_handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Firehose."""


# --8<-- [end:decode]
