"""Event sources: one module each, imported when it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream._lazy import export

if TYPE_CHECKING:
    from powertools_stream.payloads.completion import complete as complete
    from powertools_stream.payloads.parsing import parse_base64 as parse_base64, parse_object as parse_object
    from powertools_stream.sources.aws_lambda import *
    from powertools_stream.sources.cloudwatch import AlarmSource as AlarmSource
    from powertools_stream.sources.cognito import *
    from powertools_stream.sources.detection import source_of as source_of
    from powertools_stream.sources.dynamodb import *
    from powertools_stream.sources.envelopes import *
    from powertools_stream.sources.eventbridge import EventBridgeSource as EventBridgeSource
    from powertools_stream.sources.firehose import *
    from powertools_stream.sources.kafka import *
    from powertools_stream.sources.kinesis import *
    from powertools_stream.sources.pipes import PipeSource as PipeSource, WholePipeSource as WholePipeSource
    from powertools_stream.sources.s3 import *
    from powertools_stream.sources.scheduler import *
    from powertools_stream.sources.sns import *
    from powertools_stream.sources.source import *
    from powertools_stream.sources.sqs import *
    from powertools_stream.sources.step_functions import *

__all__ = export(
    __name__,
    {
        # The sources
        "sqs": ("SQSSource",),
        "kinesis": ("KinesisSource",),
        "dynamodb": ("DynamoDBSource",),
        "kafka": ("KafkaSource",),
        "firehose": ("FirehoseSource",),
        "s3": ("S3Source",),
        "sns": ("SNSSource",),
        "eventbridge": ("EventBridgeSource",),
        "scheduler": ("ScheduleSource",),
        "cloudwatch": ("AlarmSource",),
        "cognito": ("CognitoSource",),
        "aws_lambda": ("DestinationSource",),
        "step_functions": ("DistributedMapSource",),
        "pipes": ("PipeSource", "WholePipeSource"),
        # For a source of one's own
        "source": ("ReadEvent", "Source"),
        "powertools_stream.payloads.completion": ("complete",),
        "envelopes": ("read_events", "unwrap"),
        "powertools_stream.payloads.parsing": ("parse_base64", "parse_object"),
        # Which source an event is of
        "detection": ("source_of",),
    },
)
