"""A local AWS for a first run: an embedded server, and event sources that behave like Lambda's.

For examples and tests; the library itself never imports it. It needs an extra:
``pip install 'powertools-stream[local]'``.
"""

from __future__ import annotations

from powertools_stream.local.deliveries import DisorderlyFunction
from powertools_stream.local.dynamodb import DynamoDBPoller
from powertools_stream.local.embedded import EmbeddedAWS
from powertools_stream.local.function import Handler, Invocation, LambdaContext, LambdaFunction
from powertools_stream.local.kinesis import KinesisPoller
from powertools_stream.local.polling import Poller, drain
from powertools_stream.local.responses import BadResponseError, checkpoint, failed_messages
from powertools_stream.local.sqs import SQSPoller
from powertools_stream.local.streams import StreamPoller

__all__ = [
    # A server and a function
    "DisorderlyFunction",
    "EmbeddedAWS",
    "Handler",
    "Invocation",
    "LambdaContext",
    "LambdaFunction",
    # Event sources
    "DynamoDBPoller",
    "KinesisPoller",
    "Poller",
    "SQSPoller",
    "StreamPoller",
    "drain",
    # What a response means
    "BadResponseError",
    "checkpoint",
    "failed_messages",
]
