from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task
from powertools_stream.sources import DynamoDBSource, SQSSource

rules = RuleRegistry()


@rules.register(task, event_type=["visit-created", "visit-imported"])
def count_visit(uow: UnitOfWork) -> str:
    return str(uow.event["partition_key"])


# Changes to a table, messages from a queue, and anything else: a schedule, an alarm, …
@stream_processor(
    rules=rules, source=[DynamoDBSource(pk="site"), SQSSource(max_receive_count=3)]
)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""
