"""For tests of your own: record builders, batches without AWS, a flavor driver, fakes, and conformance suites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream.late_names import late_names

if TYPE_CHECKING:
    from powertools_stream.testing.connector_suite import ConnectorSuite
    from powertools_stream.testing.driving import DriveOutcome, assert_unchanged, drive
    from powertools_stream.testing.endpoint import ScriptedEndpoint
    from powertools_stream.testing.envelopes import to_eventbridge_envelope, to_sns_envelope
    from powertools_stream.testing.fakes import FakeConnector
    from powertools_stream.testing.firehose import read_firehose_answer, to_firehose_records
    from powertools_stream.testing.notifications import (
        to_alarm_event,
        to_cognito_event,
        to_eventbridge_event,
        to_pipe_records,
        to_s3_records,
        to_schedule_event,
        to_sns_records,
    )
    from powertools_stream.testing.records import (
        to_dynamodb_records,
        to_kafka_records,
        to_kinesis_records,
        to_sqs_records,
    )
    from powertools_stream.testing.running import Outcome, run
    from powertools_stream.testing.source_suite import SourceSuite

__all__ = [
    # Batches without AWS
    "FakeConnector",
    "Outcome",
    "run",
    # What Lambda sends
    "to_alarm_event",
    "to_cognito_event",
    "to_dynamodb_records",
    "to_eventbridge_envelope",
    "to_eventbridge_event",
    "to_firehose_records",
    "to_kafka_records",
    "to_kinesis_records",
    "to_pipe_records",
    "to_s3_records",
    "to_schedule_event",
    "to_sns_envelope",
    "to_sns_records",
    "to_sqs_records",
    # What Firehose is answered
    "read_firehose_answer",
    # One flavor
    "DriveOutcome",
    "assert_unchanged",
    "drive",
    # A service with scripted answers
    "ScriptedEndpoint",
    # Conformance suites
    "ConnectorSuite",
    "SourceSuite",
]

_HOMES = {
    "ConnectorSuite": "connector_suite",
    "DriveOutcome": "driving",
    "FakeConnector": "fakes",
    "Outcome": "running",
    "ScriptedEndpoint": "endpoint",
    "SourceSuite": "source_suite",
    "assert_unchanged": "driving",
    "drive": "driving",
    "read_firehose_answer": "firehose",
    "run": "running",
    "to_alarm_event": "notifications",
    "to_cognito_event": "notifications",
    "to_dynamodb_records": "records",
    "to_eventbridge_envelope": "envelopes",
    "to_eventbridge_event": "notifications",
    "to_firehose_records": "firehose",
    "to_kafka_records": "records",
    "to_kinesis_records": "records",
    "to_pipe_records": "notifications",
    "to_s3_records": "notifications",
    "to_schedule_event": "notifications",
    "to_sns_envelope": "envelopes",
    "to_sns_records": "notifications",
    "to_sqs_records": "records",
}

__getattr__ = late_names(__name__, globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
