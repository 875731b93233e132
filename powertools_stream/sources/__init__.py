"""Event sources: one module each, imported when it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream.late_names import late_names

if TYPE_CHECKING:
    from powertools_stream.sources.alarms import AlarmSource
    from powertools_stream.sources.cognito import CognitoSource
    from powertools_stream.sources.dynamodb import DynamoDBSource
    from powertools_stream.sources.envelopes import parse_base64, parse_object, read_events, unwrap
    from powertools_stream.sources.eventbridge import EventBridgeSource
    from powertools_stream.sources.firehose import FirehoseSource
    from powertools_stream.sources.kafka import KafkaSource
    from powertools_stream.sources.kinesis import KinesisSource
    from powertools_stream.sources.pipes import PipeSource, WholePipeSource
    from powertools_stream.sources.recognition import source_of, source_of_event_type, source_of_records
    from powertools_stream.sources.s3 import S3Source
    from powertools_stream.sources.schedules import ScheduleSource
    from powertools_stream.sources.sns import SNSSource
    from powertools_stream.sources.source import ReadEvent, Source
    from powertools_stream.sources.sqs import SQSSource

__all__ = [
    # The sources
    "AlarmSource",
    "CognitoSource",
    "DynamoDBSource",
    "EventBridgeSource",
    "FirehoseSource",
    "KafkaSource",
    "KinesisSource",
    "PipeSource",
    "S3Source",
    "SNSSource",
    "SQSSource",
    "ScheduleSource",
    "WholePipeSource",
    # For a source of one's own
    "ReadEvent",
    "Source",
    "parse_base64",
    "parse_object",
    "read_events",
    "unwrap",
    # Which source an event is of
    "source_of",
    "source_of_event_type",
    "source_of_records",
]

_HOMES = {
    "AlarmSource": "alarms",
    "CognitoSource": "cognito",
    "DynamoDBSource": "dynamodb",
    "EventBridgeSource": "eventbridge",
    "FirehoseSource": "firehose",
    "KafkaSource": "kafka",
    "KinesisSource": "kinesis",
    "PipeSource": "pipes",
    "ReadEvent": "source",
    "S3Source": "s3",
    "SNSSource": "sns",
    "SQSSource": "sqs",
    "ScheduleSource": "schedules",
    "Source": "source",
    "WholePipeSource": "pipes",
    "parse_base64": "envelopes",
    "parse_object": "envelopes",
    "read_events": "envelopes",
    "source_of": "recognition",
    "source_of_event_type": "recognition",
    "source_of_records": "recognition",
    "unwrap": "envelopes",
}

__getattr__ = late_names(__name__, globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
