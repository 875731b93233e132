from __future__ import annotations

import gzip
import json
import logging
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from powertools_stream import FaultPolicy, RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.errors import MalformedRecordError
from powertools_stream.flavors import firehose_drop, firehose_transform, task
from powertools_stream.outcomes import RecordOutcome
from powertools_stream.sources.firehose import FirehoseSource
from powertools_stream.testing import run
from powertools_stream.testing.envelopes import to_eventbridge_envelope
from powertools_stream.testing.firehose import read_firehose_answer, to_firehose_records
from powertools_stream.testing.records import to_kafka_records, to_sqs_records
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Record
from tests.conftest import LambdaContext

# As AWS documents it: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesisfirehose.html
DOCUMENTED: dict[str, Any] = {
    "invocationId": "invoked123",
    "deliveryStreamArn": "aws:lambda:events",
    "region": "us-west-2",
    "records": [
        {
            "data": "SGVsbG8gV29ybGQ=",
            "recordId": "record1",
            "approximateArrivalTimestamp": 1510772160000,
            "kinesisRecordMetadata": {
                "shardId": "shardId-000000000000",
                "partitionKey": "4d1ad2b9-24f8-4b9d-a088-76e9947c317a",
                "approximateArrivalTimestamp": "2012-04-23T18:25:43.511Z",
                "sequenceNumber": "49546986683135544286507457936321625675700192471156785154",
                "subsequenceNumber": "",
            },
        },
        {"data": "SGVsbG8gV29ybGQ=", "recordId": "record2", "approximateArrivalTimestamp": 151077216000},
    ],
}


def record(event: Any, **options: Any) -> Record:
    built: Record = to_firehose_records([event], **options)["records"][0]
    return built


class TestFirehoseSource(SourceSuite):
    def source(self) -> FirehoseSource:
        return FirehoseSource()

    def event(self) -> dict[str, Any]:
        return to_firehose_records([{"type": "order-created"}, to_eventbridge_envelope({"type": "order-created"})])

    def malformed_record(self) -> Record:
        return record({"base64": "%"})


class TestFirehoseSourceWithRecordsOfMsk(TestFirehoseSource):
    def event(self) -> dict[str, Any]:
        return to_firehose_records([{"type": "order-created"}, {"type": "order-created"}], origin="msk")

    def malformed_record(self) -> Record:
        return record({"base64": "%"}, origin="msk")


# -- Reading -----------------------------------------------------------------------------------------------------------


def test_what_the_data_lacks_comes_from_the_record() -> None:
    given = record(
        {"data": {"total": 42}, "record_id": "7", "timestamp": 1545084650987, "partition_key": "c-1"}, origin="kinesis"
    )

    assert FirehoseSource().read(given) == {
        "total": 42,
        "id": "7",
        "type": "",
        "timestamp": 1545084650987,
        "tags": {},
        "partition_key": "c-1",
    }


@pytest.mark.parametrize("origin", ["put", "msk"])
def test_a_record_of_no_data_stream_has_no_partition_key(origin: str) -> None:
    event = FirehoseSource().read(record({"total": 42}, origin=origin))

    assert isinstance(event, dict)
    assert (event["total"], "partition_key" in event) == (42, False)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"base64": "%"}, "data to be base64"),
        ({"base64": None}, "data to be base64, found nothing"),
        (b"\xff", "UTF-8"),
        ("not JSON", "not JSON"),
        ("[1]", "a JSON array"),
    ],
)
def test_data_that_is_no_object_is_malformed(given: Any, message: str) -> None:
    malformed = record(given)

    with pytest.raises(MalformedRecordError, match=message) as caught:
        FirehoseSource().read(malformed)

    assert caught.value.record_id == malformed["recordId"]


def test_a_record_without_an_id_cannot_be_answered() -> None:
    with pytest.raises(MalformedRecordError, match="recordId"):
        FirehoseSource().identifier({"data": "e30="})


def test_records_of_kafka_are_none_of_firehose() -> None:
    assert FirehoseSource().records(to_kafka_records([{}])) is None


def test_data_that_is_no_json_is_read_by_a_function_of_ones_own() -> None:
    def decode(data: bytes) -> dict[str, Any] | None:
        return {"type": "log", "line": gzip.decompress(data).decode()} if data else None

    source = FirehoseSource(decode=decode)

    event = source.read(record(gzip.compress(b"GET /")))
    assert isinstance(event, dict)
    assert (event["type"], event["line"], event["tags"]) == ("log", "GET /", {})
    assert source.read(record(b"")) is None
    with pytest.raises(MalformedRecordError, match="base64"):
        source.read(record({"base64": "%"}))


# -- Answering ---------------------------------------------------------------------------------------------------------


def upper(uow: UnitOfWork) -> dict[str, Any]:
    return {"name": uow.event["name"].upper()}


def rules_for(**policies: Any) -> RuleRegistry:
    rules = RuleRegistry()
    rules.add(id="upper", flavor=firehose_transform, event_type="greeting", transform=upper, **policies)
    rules.add(id="drop", flavor=firehose_drop, event_type="noise")
    return rules


def test_every_record_is_answered_in_order_by_its_id() -> None:
    batch = to_firehose_records(
        [
            {"type": "greeting", "name": "ada"},
            {"type": "noise"},
            {"type": "other", "n": 1},
            {"type": "greeting"},
            "not JSON",
        ]
    )

    response = run(rules_for(), batch).response

    assert [answer["recordId"] for answer in response["records"]] == [given["recordId"] for given in batch["records"]]
    assert read_firehose_answer(response) == [
        ("Ok", b'{"name":"ADA"}\n'),
        ("Dropped", b""),
        ("Ok", b'{"type":"other","n":1}'),
        ("ProcessingFailed", b'{"type":"greeting"}'),
        ("ProcessingFailed", b"not JSON"),
    ]
    assert set(response) == {"records"}


def test_a_record_that_comes_from_msk_goes_back_under_the_name_it_had() -> None:
    response = run(rules_for(), to_firehose_records([{"type": "greeting", "name": "ada"}, {}], origin="msk")).response

    assert read_firehose_answer(response) == [("Ok", b'{"name":"ADA"}\n'), ("Ok", b"{}")]
    assert all(answer.keys() == {"recordId", "result", "kafkaRecordValue"} for answer in response["records"])


def test_the_event_that_aws_documents_is_answered() -> None:
    source = FirehoseSource(decode=lambda data: {"type": "greeting", "name": data.decode()})

    response = run(rules_for(), DOCUMENTED, source=source).response

    assert response == {
        "records": [
            {"recordId": record_id, "result": "Ok", "data": b64encode(b'{"name":"HELLO WORLD"}\n').decode()}
            for record_id in ("record1", "record2")
        ]
    }


@pytest.mark.parametrize("policy", list(FaultPolicy))
def test_a_record_that_failed_is_never_delivered_whatever_the_policy(policy: FaultPolicy) -> None:
    outcome = run(rules_for(on_fault=policy), to_firehose_records([{"type": "greeting"}]))

    assert read_firehose_answer(outcome.response) == [("ProcessingFailed", b'{"type":"greeting"}')]
    assert len(outcome.faults) == 1


def test_an_invocation_never_fails_for_its_records() -> None:
    processor = StreamProcessor(rules=rules_for(), raise_on_entire_batch_failure=True)

    response = processor.process_event(to_firehose_records([{"type": "greeting"}, "not JSON"]))

    assert [result for result, _ in read_firehose_answer(response)] == ["ProcessingFailed"] * 2


def test_a_passing_error_is_told_by_a_fault_event_as_the_record_does_not_come_again() -> None:
    def transform(uow: UnitOfWork) -> Any:
        raise ConnectionError

    rule = {"id": "t", "flavor": firehose_transform, "transform": transform}

    outcome = run([rule], to_firehose_records([{}]))

    assert read_firehose_answer(outcome.response)[0][0] == "ProcessingFailed"
    assert outcome.faults[0].published


def test_a_rule_of_another_flavor_leaves_the_record_as_it_is() -> None:
    rules = [{"id": "count", "flavor": task, "execute": lambda uow: 1}]

    response = run(rules, to_firehose_records([{"n": 1}])).response

    assert read_firehose_answer(response) == [("Ok", b'{"n":1}')]


def test_a_failure_comes_before_a_transformation_and_that_before_a_drop() -> None:
    def fail_if_asked(uow: UnitOfWork) -> None:
        assert not uow.event.get("fail")

    rules = [
        {"id": "drop", "flavor": firehose_drop, "event_type": ["dropped", "both", "all"]},
        {
            "id": "keep",
            "flavor": firehose_transform,
            "event_type": ["both", "all"],
            "transform": lambda uow: b"x",
        },
        {"id": "check", "flavor": task, "execute": fail_if_asked},
    ]
    batch = to_firehose_records([{"type": "dropped"}, {"type": "both"}, {"type": "all", "fail": True}])

    response = run(rules, batch).response

    assert [result for result, _ in read_firehose_answer(response)] == ["Dropped", "Ok", "ProcessingFailed"]


def test_two_transformations_of_one_record_are_refused_and_told(caplog: pytest.LogCaptureFixture) -> None:
    rules = [
        {"id": "first", "flavor": firehose_transform, "transform": lambda uow: "a"},
        {"id": "second", "flavor": firehose_transform, "transform": lambda uow: "b"},
    ]

    with caplog.at_level(logging.ERROR):
        response = run(rules, to_firehose_records([{"n": 1}])).response

    assert read_firehose_answer(response) == [("ProcessingFailed", b'{"n":1}')]
    assert "'first', 'second' did" in caplog.text


def test_every_invocation_is_told_anew_where_it_comes_from() -> None:
    processor = StreamProcessor(rules=rules_for())

    for _ in ("cold start", "warm start"):
        firehose = processor.process_event(to_firehose_records([{"type": "greeting", "name": "ada"}]))
        sqs = processor.process_event(to_sqs_records([{"type": "of-no-rule"}]))

        assert read_firehose_answer(firehose) == [("Ok", b'{"name":"ADA"}\n')]
        assert sqs == {"batchItemFailures": []}


def test_what_rules_leave_need_not_be_kept_for_anybody_else() -> None:
    processor = StreamProcessor(rules=rules_for(), keep_results=False)

    response = processor.process_event(to_firehose_records([{"type": "greeting", "name": "ada"}, {"type": "noise"}]))

    assert read_firehose_answer(response) == [("Ok", b'{"name":"ADA"}\n'), ("Dropped", b"")]


def test_a_record_that_there_was_no_time_for_is_one_that_failed(lambda_context: Callable[..., LambdaContext]) -> None:
    rule = {"id": "slow", "flavor": firehose_transform, "transform": lambda uow: time.sleep(2)}

    response = run([rule], to_firehose_records([{"n": 1}, {"n": 2}]), context=lambda_context(remaining_ms=200)).response

    assert read_firehose_answer(response) == [("ProcessingFailed", b'{"n":1}'), ("ProcessingFailed", b'{"n":2}')]


# -- The limit of the answer -------------------------------------------------------------------------------------------


def outcome_of(given: Record, data: bytes | None, **metadata: Any) -> RecordOutcome:
    if data is None:
        return RecordOutcome(given, is_reported=True, results=())
    answer = {"result": "Ok", "data": b64encode(data).decode(), **({"metadata": metadata} if metadata else {})}
    return RecordOutcome(given, is_reported=False, results=(UnitOfWork(firehose_record=answer),))


def size(answer: dict[str, Any]) -> int:
    return len(json.dumps(answer).encode())


def test_an_answer_that_fits_exactly_is_left_alone() -> None:
    batch = to_firehose_records([{"n": n} for n in range(3)])
    outcomes = [outcome_of(given, b"x" * 100, partitionKeys={"n": "1"}) for given in batch["records"]]
    whole = FirehoseSource().answer(batch, outcomes)

    assert FirehoseSource(max_response_bytes=size(whole) + 2).answer(batch, outcomes) == whole


def test_what_failed_gives_up_its_data_first(caplog: pytest.LogCaptureFixture) -> None:
    batch = to_firehose_records(["y" * 1_000, {"n": 1}])
    outcomes = [outcome_of(batch["records"][0], None), outcome_of(batch["records"][1], b"x" * 1_000)]
    limit = size(FirehoseSource().answer(batch, outcomes)) - 1

    answer = FirehoseSource(max_response_bytes=limit).answer(batch, outcomes)

    assert read_firehose_answer(answer) == [("ProcessingFailed", b""), ("Ok", b"x" * 1_000)]
    assert not caplog.records


def test_the_last_records_give_way_and_that_is_told(caplog: pytest.LogCaptureFixture) -> None:
    batch = to_firehose_records([{"n": n} for n in range(4)])
    outcomes = [outcome_of(given, b"x" * 1_000, partitionKeys={"n": "1"}) for given in batch["records"]]

    answer = FirehoseSource(max_response_bytes=3_700).answer(batch, outcomes)

    assert size(answer) <= 3_700
    assert [result for result, _ in read_firehose_answer(answer)] == [
        "Ok",
        "Ok",
        "ProcessingFailed",
        "ProcessingFailed",
    ]
    assert "metadata" not in answer["records"][3]
    assert "2 of 4 records are answered with ProcessingFailed" in caplog.text
    assert batch["records"][3]["recordId"] in caplog.text


def test_six_megabytes_are_the_limit() -> None:
    rule = {"id": "grow", "flavor": firehose_transform, "transform": lambda uow: b"x" * 1_000_000}

    response = run([rule], to_firehose_records([{"n": n} for n in range(6)])).response

    assert size(response) <= 6 * 2**20
    assert [result for result, _ in read_firehose_answer(response)] == ["Ok"] * 4 + ["ProcessingFailed"] * 2
