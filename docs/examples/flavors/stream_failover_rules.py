from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import stream_failover

DEAD_LETTERS = "arn:aws:sqs:us-east-1:123456789012:dead-letters"

rules = RuleRegistry()


# --8<-- [start:rule]
@rules.register(
    stream_failover,
    failover_region="us-west-2",
    function_name="listener",
    stream_arn="arn:aws:kinesis:us-east-1:123456789012:stream/events",
    backoff=15,
)
def move_stream(uow: UnitOfWork) -> dict[str, Any]:
    return {"DestinationConfig": {"OnFailure": {"Destination": DEAD_LETTERS}}}


# --8<-- [end:rule]
