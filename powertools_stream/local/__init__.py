"""A local AWS for a first run: an embedded server, and event sources that behave like Lambda's.

For examples and tests; the library itself never imports it. It needs an extra:
``pip install 'powertools-stream[local]'``.
"""

from __future__ import annotations

from powertools_stream.local.deliveries import DisorderlyFunction
from powertools_stream.local.embedded import EmbeddedAWS
from powertools_stream.local.function import Handler, Invocation, LambdaContext, LambdaFunction
from powertools_stream.local.mappings import (
    BadResponseError,
    BatchOutcome,
    Clients,
    Destination,
    DynamoDBPoller,
    EventSourceMapping,
    Function,
    KinesisPoller,
    MappingError,
    Observer,
    SQSPoller,
    StreamPoller,
    checkpoint,
    failed_messages,
    mapping_of,
    wait_until_quiet,
)
from powertools_stream.local.polling import Poller, drain

__all__ = [
    # A server and a function
    "DisorderlyFunction",
    "EmbeddedAWS",
    "Function",
    "Handler",
    "Invocation",
    "LambdaContext",
    "LambdaFunction",
    # Event sources
    "DynamoDBPoller",
    "EventSourceMapping",
    "KinesisPoller",
    "MappingError",
    "Poller",
    "SQSPoller",
    "StreamPoller",
    "drain",
    "mapping_of",
    "wait_until_quiet",
    # What a response means, and what becomes of records
    "BadResponseError",
    "BatchOutcome",
    "Clients",
    "Destination",
    "Observer",
    "checkpoint",
    "failed_messages",
]
