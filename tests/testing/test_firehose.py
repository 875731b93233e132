from __future__ import annotations

from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import KinesisFirehoseEvent

from powertools_stream.testing import read_firehose_answer, to_firehose_records


def test_an_event_reads_as_powertools_reads_it() -> None:
    event = KinesisFirehoseEvent(to_firehose_records([{"id": "1", "partition_key": "c-1"}, "text"], origin="kinesis"))

    first, second = event.records
    assert event.delivery_stream_arn.endswith(":deliverystream/orders")
    assert event.source_kinesis_stream_arn
    assert (first.data_as_json, second.data_as_text) == ({"id": "1", "partition_key": "c-1"}, "text")
    assert first.metadata is not None
    assert (first.metadata.partition_key, first.metadata.shard_id) == ("c-1", "shardId-000000000000")
    assert first.record_id != second.record_id


@pytest.mark.parametrize(
    ("origin", "names"),
    [
        ("put", {"recordId", "approximateArrivalTimestamp", "data"}),
        ("kinesis", {"recordId", "approximateArrivalTimestamp", "data", "kinesisRecordMetadata"}),
        ("msk", {"recordId", "approximateArrivalTimestamp", "kafkaRecordValue", "mskRecordMetadata"}),
    ],
)
def test_a_record_has_what_firehose_sends_of_its_origin(origin: str, names: set[str]) -> None:
    (record,) = to_firehose_records([{}], origin=origin)["records"]

    assert set(record) == names


def test_overrides_are_taken() -> None:
    given = {"base64": "%", "record_id": "7", "timestamp": 1, "partition_key": "k"}

    (record,) = to_firehose_records([given], origin="kinesis", stream="s", region="us-east-1")["records"]

    assert (record["data"], record["recordId"], record["approximateArrivalTimestamp"]) == ("%", "7", 1)
    assert record["kinesisRecordMetadata"]["partitionKey"] == "k"
    assert record["kinesisRecordMetadata"]["approximateArrivalTimestamp"] == "1970-01-01T00:00:00.001000+00:00"


def test_an_unknown_origin_says_which_are_known() -> None:
    with pytest.raises(ValueError, match="'put', 'kinesis', 'msk', found 'kafka'"):
        to_firehose_records([], origin="kafka")


def test_an_answer_is_read_in_order() -> None:
    answer: dict[str, Any] = {
        "records": [
            {"recordId": "1", "result": "Ok", "data": "eA=="},
            {"recordId": "2", "result": "Dropped", "kafkaRecordValue": ""},
        ]
    }

    assert read_firehose_answer(answer) == [("Ok", b"x"), ("Dropped", b"")]
