"""Tools for your own tests: record builders, batches without AWS, a flavor driver, fakes, and conformance suites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream._lazy import export

if TYPE_CHECKING:
    from powertools_stream.testing.connector_suite import ConnectorSuite as ConnectorSuite
    from powertools_stream.testing.driving import DriveOutcome as DriveOutcome, drive as drive
    from powertools_stream.testing.endpoint import BrokenOff as BrokenOff, ScriptedEndpoint as ScriptedEndpoint
    from powertools_stream.testing.envelopes import (
        to_eventbridge_envelope as to_eventbridge_envelope,
        to_sns_envelope as to_sns_envelope,
    )
    from powertools_stream.testing.fakes import FakeConnector as FakeConnector
    from powertools_stream.testing.firehose import (
        read_firehose_answer as read_firehose_answer,
        to_firehose_records as to_firehose_records,
    )
    from powertools_stream.testing.mutations import assert_unchanged as assert_unchanged
    from powertools_stream.testing.notifications import (
        to_alarm_event as to_alarm_event,
        to_cognito_event as to_cognito_event,
        to_destination_event as to_destination_event,
        to_distributed_map_event as to_distributed_map_event,
        to_eventbridge_event as to_eventbridge_event,
        to_pipe_records as to_pipe_records,
        to_s3_records as to_s3_records,
        to_schedule_event as to_schedule_event,
        to_sns_records as to_sns_records,
    )
    from powertools_stream.testing.records import (
        to_dynamodb_records as to_dynamodb_records,
        to_kafka_records as to_kafka_records,
        to_kinesis_records as to_kinesis_records,
        to_sqs_records as to_sqs_records,
    )
    from powertools_stream.testing.running import Outcome as Outcome, run as run
    from powertools_stream.testing.source_suite import SourceSuite as SourceSuite

__all__ = export(
    __name__,
    {
        # Batches without AWS
        "fakes": ("FakeConnector",),
        "running": ("Outcome", "run"),
        # What Lambda sends
        "envelopes": ("to_eventbridge_envelope", "to_sns_envelope"),
        "firehose": ("read_firehose_answer", "to_firehose_records"),
        "notifications": (
            "to_alarm_event",
            "to_cognito_event",
            "to_destination_event",
            "to_distributed_map_event",
            "to_eventbridge_event",
            "to_pipe_records",
            "to_s3_records",
            "to_schedule_event",
            "to_sns_records",
        ),
        "records": ("to_dynamodb_records", "to_kafka_records", "to_kinesis_records", "to_sqs_records"),
        # One flavor
        "driving": ("DriveOutcome", "drive"),
        "mutations": ("assert_unchanged",),
        # A service with scripted answers
        "endpoint": ("BrokenOff", "ScriptedEndpoint"),
        # Conformance suites
        "connector_suite": ("ConnectorSuite",),
        "source_suite": ("SourceSuite",),
    },
)
