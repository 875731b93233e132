from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task
from powertools_stream.sources import DynamoDBSource, PipeSource

rules = RuleRegistry()


# --8<-- [start:handler]
@rules.register(task, event_type="visit-created", emit="visit-counted")
def count(uow: UnitOfWork) -> dict[str, Any]:
    return {"count": int(uow.event["raw"]["new"]["count"])}


# The table's hash key is `site`; without options, source=… is not needed.
@stream_processor(
    rules=rules, source=PipeSource(DynamoDBSource(pk="site", event_type_prefix="visit"))
)
def handler(event: list[dict[str, Any]], context: LambdaContext) -> None:
    """The decorator returns the partial batch response to the pipe."""


# --8<-- [end:handler]
