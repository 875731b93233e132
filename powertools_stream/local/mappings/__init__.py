"""Event source mappings that poll as Lambda's do: one module per source, with AWS's page beside each rule.

For examples, tests and a local run. `mapping_of` makes one from the properties that a template has.
"""

from __future__ import annotations

from powertools_stream.local.mappings.destinations import Clients, Destination
from powertools_stream.local.mappings.dynamodb import DynamoDBPoller
from powertools_stream.local.mappings.errors import MappingError
from powertools_stream.local.mappings.kinesis import KinesisPoller
from powertools_stream.local.mappings.mapping import BatchOutcome, EventSourceMapping, Function, Observer
from powertools_stream.local.mappings.properties import mapping_of
from powertools_stream.local.mappings.quiet import wait_until_quiet
from powertools_stream.local.mappings.responses import BadResponseError, checkpoint, failed_messages
from powertools_stream.local.mappings.sqs import SQSPoller
from powertools_stream.local.mappings.streams import StreamPoller

__all__ = [
    # Mappings
    "DynamoDBPoller",
    "EventSourceMapping",
    "Function",
    "KinesisPoller",
    "MappingError",
    "SQSPoller",
    "StreamPoller",
    "mapping_of",
    "wait_until_quiet",
    # What becomes of records
    "BadResponseError",
    "BatchOutcome",
    "Clients",
    "Destination",
    "Observer",
    "checkpoint",
    "failed_messages",
]
