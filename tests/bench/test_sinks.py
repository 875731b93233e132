"""The calls that 100 and 1,000 records make to each sink; the benchmark measures how long they take."""

from __future__ import annotations

import pytest

from powertools_stream.testing import ScriptedEndpoint
from tests.bench.cases import Case, environment, event_of
from tests.bench.contestants import sinks
from tests.bench.script import SCRIPT

_PER_CALL = {
    "EventBridge, PutEvents": 10,
    "DynamoDB, BatchWriteItem": 25,
    "DynamoDB, BatchGetItem": 100,
    "S3, DeleteObjects": 1_000,
    "SNS, PublishBatch": 10,
    "SQS, SendMessageBatch": 10,
    "SQS FIFO, a group each": 10,
    "Kinesis, PutRecords": 500,
    "Firehose, PutRecordBatch": 500,
    "CloudWatch, PutMetricData": 1_000,
    "OpenSearch, bulk": 500,
}


def test_every_sink_is_measured() -> None:
    assert set(sinks.SINKS) == set(_PER_CALL)


@pytest.mark.parametrize("records", [100, 1_000])
@pytest.mark.parametrize("sink", sinks.SINKS)
def test_records_make_as_few_calls_as_a_sink_allows(sink: str, records: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedEndpoint(SCRIPT) as endpoint:
        for name, value in environment(endpoint.url).items():
            monkeypatch.setenv(name, value)
        handler = sinks.prepare(Case("sinks", "send", records, form=sink))

        response = handler(event_of(records))

        assert response == {"batchItemFailures": []}
        assert endpoint.count() == -(-records // _PER_CALL[sink])
