"""Records that another service carries: what their own source makes of them is made of them too."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Generator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import pytest

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.errors import MalformedRecordError, SettingError
from powertools_stream.flavors import CdcRule, ExpiredRule, cdc, evaluate, job, task
from powertools_stream.matching.changes import changed
from powertools_stream.payloads.carried import CarriedEvent
from powertools_stream.requests import GetItems, Query
from powertools_stream.sources import (
    DynamoDBSource,
    KinesisSource,
    PipeSource,
    ReadEvent,
    Source,
    SQSSource,
    read_events,
    source_of,
    unwrap,
)
from powertools_stream.testing import (
    run,
    to_alarm_event,
    to_cognito_event,
    to_destination_event,
    to_dynamodb_records,
    to_eventbridge_envelope,
    to_eventbridge_event,
    to_firehose_records,
    to_kafka_records,
    to_kinesis_records,
    to_pipe_records,
    to_s3_records,
    to_schedule_event,
    to_sns_envelope,
    to_sns_records,
    to_sqs_records,
)

CHANGES = to_dynamodb_records(
    [{"new_image": {"pk": 7, "sk": "order", "status": "PAID"}, "old_image": {"pk": 7, "sk": "order", "status": "OPEN"}}]
)
OF_KINESIS_FOR_DYNAMODB: dict[str, Any] = {
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds_gettingstarted.html
    "awsRegion": "eu-west-1",
    "eventID": "b015b5f0-c095-4b50-8ad0-4279aa3d88c6",
    "eventName": "MODIFY",
    "userIdentity": None,
    "recordFormat": "application/json",
    "tableName": "orders",
    "dynamodb": {
        "ApproximateCreationDateTime": 1720740233012995,
        "Keys": {"pk": {"N": "7"}},
        "NewImage": {"pk": {"N": "7"}, "status": {"S": "PAID"}},
        "OldImage": {"pk": {"N": "7"}, "status": {"S": "OPEN"}},
        "SizeBytes": 99,
        "ApproximateCreationDateTimePrecision": "MICROSECOND",
    },
    "eventSource": "aws:dynamodb",
}


@pytest.fixture(autouse=True)
def invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cognito's events have their id and time from the invocation."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-6955b900-0123456789abcdef01234567")


ALONE = [
    to_alarm_event("orders-failing"),
    to_alarm_event(contributor={"TableName": "orders"}),
    to_schedule_event("nightly"),
    to_schedule_event("nightly", group=None),
    to_cognito_event(),
    to_eventbridge_event({"object": {"key": "a"}}, source="aws.s3", detail_type="Object Created"),
    to_eventbridge_event({"id": "1", "type": "order-created"}),
]
BATCHES: list[Any] = [
    to_s3_records(["a b.json", "c.json"]),
    to_sns_records([{"type": "order-created"}, to_alarm_event()]),
    to_kinesis_records([{"type": "order-created"}, {"type": "order-paid"}]),
    CHANGES,
    to_sqs_records([{"type": "order-created"}, to_sns_envelope({"total": 1})]),
]


def by_way_of(carrier: str, payload: Any) -> dict[str, Any]:
    builders: Mapping[str, Any] = {
        "queue": to_sqs_records,
        "topic": to_sns_records,
        "stream": to_kinesis_records,
        "kafka": to_kafka_records,
        "firehose": to_firehose_records,
    }
    event: dict[str, Any] = builders[carrier]([json.dumps(payload)])
    return event


def events_of(event: Any, sources: Sequence[Source] = ()) -> list[Any]:
    source = source_of(event, sources)
    assert source is not None
    read = [source.carrying(sources).read(record) for record in source.records(event) or ()]
    return [event for one in read for event in (one if isinstance(one, list) else [one])]


@pytest.mark.parametrize("carrier", ["queue", "topic", "stream", "kafka", "firehose"])
@pytest.mark.parametrize("event", ALONE)
def test_what_is_a_record_of_its_own_is_the_same_whatever_carries_it(event: Any, carrier: str) -> None:
    (direct,) = events_of(event)
    (carried,) = events_of(by_way_of(carrier, event))

    # A stream gives a partition key to what has none.
    assert {**carried, "partition_key": direct.get("partition_key")} == {"partition_key": None, **direct}


@pytest.mark.parametrize("event", [*ALONE, *BATCHES])
def test_envelopes_nest_around_records_to_any_depth(event: Any) -> None:
    nested = by_way_of(
        "queue", to_sns_envelope(by_way_of("stream", to_eventbridge_envelope(by_way_of("queue", event))))
    )

    assert [without_key(one) for one in events_of(nested)] == [without_key(one) for one in events_of(event)]


def without_key(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "partition_key"}


@pytest.mark.parametrize("batch", BATCHES)
def test_a_batch_in_a_message_is_an_event_for_each_of_its_records(batch: Any) -> None:
    assert events_of(by_way_of("queue", batch)) == events_of(batch)


@pytest.mark.parametrize("batch", [*BATCHES, to_kafka_records([{"type": "order-created"}])])
def test_a_record_of_a_pipe_whose_target_is_a_queue_is_read_as_its_source_reads_it(batch: Any) -> None:
    items = to_pipe_records(batch)

    assert [event for item in items for event in events_of(by_way_of("queue", item))] == events_of(batch)


def test_an_event_knows_the_record_that_it_was_read_from_however_deep() -> None:
    (record,) = CHANGES["Records"]

    (event,) = events_of(by_way_of("queue", by_way_of("stream", record)))

    assert type(event) is CarriedEvent
    assert event.record == record
    assert deepcopy(event).record == record


def test_what_a_carried_record_lacks_comes_from_the_one_that_carries_it() -> None:
    notification = to_s3_records(["a"])
    del notification["Records"][0]["eventTime"]
    message = to_sqs_records([{"body": notification, "timestamp": 1_767_225_600_000}])

    assert [event["timestamp"] for event in events_of(message)] == [1_767_225_600_000]


@pytest.mark.parametrize(
    "body",
    [
        {"eventSource": "aws:s3"},
        {"eventSource": "s3.amazonaws.com", "s3": {}},
        {"eventSource": ["aws:s3"], "s3": {}},
        {"eventSource": {"aws": "s3"}, "kinesis": {}},
        {"s3": {"bucket": {}}},
        {"dynamodb": {}, "eventName": "INSERT"},
        {"messageId": "1", "receiptHandle": "x", "body": "{}"},
        {"topic": "t", "partition": 0, "offset": 1},
        {"recordId": "1", "data": "e30="},
        {"Records": [{"eventSource": "aws:s3", "s3": {}}, {"id": 1}]},
        {"records": {"t-0": []}, "eventSource": "aws:kafka"},
        {"records": {"t-0": [{"topic": "t"}]}, "eventSource": "aws:kafka"},
        {"records": {"t-0": 5}, "eventSource": "aws:kafka"},
        {"records": "text", "eventSource": "aws:kafka"},
        {"Records": [], "eventSource": ["aws:kafka"]},
        {"requestContext": {"stage": "prod"}, "requestPayload": {}},
        {"requestContext": "x"},
        {"alarmArn": "x"},
        {"triggerSource": "x"},
        {"Event": "x", "NewStateValue": 1},
        {"detail-type": "x"},
        {"TopicArn": "x"},
    ],
)
def test_an_event_that_happens_to_have_a_field_of_a_record_is_an_event(body: dict[str, Any]) -> None:
    event = read_events(dict(body), "m-1", 5, None)

    assert event == {**body, "id": "m-1", "type": "", "timestamp": 5, "tags": {}}


@pytest.mark.parametrize(
    "body",
    [
        {"eventSource": "aws:sqs", "messageId": "1", "body": "not JSON"},
        {"eventSource": "aws:sqs", "messageId": "1", "body": {}},
        {"eventSource": "aws:kinesis", "kinesis": "text"},
        {"eventSource": "aws:kinesis", "kinesisSchemaVersion": "1.0", "data": "%"},
        {"eventSource": "aws:dynamodb", "dynamodb": "text"},
        {"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {}}},
        {"eventSource": "aws:kafka", "topic": 1, "partition": [], "offset": {}},
        {"EventSource": "aws:sns", "Sns": "text"},
        {"alarmArn": "x", "alarmData": 5},
        {"triggerSource": 1, "userPoolId": 2},
        {"Records": [{"eventSource": "aws:dynamodb", "dynamodb": None}]},
    ],
)
def test_a_carried_record_that_cannot_be_read_is_a_fault_of_the_one_that_carries_it(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecordError) as caught:
        read_events(body, "m-1", 5, None)

    assert caught.value.record_id == "m-1"


def test_messages_in_messages_without_end_are_malformed() -> None:
    body: dict[str, Any] = {"total": 1}
    for _ in range(14):
        body = {"eventSource": "aws:sqs", "messageId": "1", "body": json.dumps(body)}
    assert read_events(body, "m-1", 5, None) == {"total": 1, "id": "1", "type": "", "timestamp": 5, "tags": {}}

    for _ in range(5_000):
        body = {"requestContext": {"condition": "RetriesExhausted", "requestId": "1"}, "requestPayload": body}
    with pytest.raises(MalformedRecordError, match="too many of them") as caught:
        read_events(body, "m-1", 5, None)
    assert caught.value.record_id == "m-1"


def test_unwrap_leaves_records_alone() -> None:
    (record,) = CHANGES["Records"]

    assert unwrap(to_sns_envelope(record))["dynamodb"] == record["dynamodb"]


def test_what_is_secret_in_an_event_is_masked_whoever_carries_it() -> None:
    rules, secret = RuleRegistry(), "hunter2-hunter2"
    sign_in = to_cognito_event("UserMigration_Authentication", request={"password": secret, "validationData": None})

    @rules.register(task, id="fail")
    def fail(uow: UnitOfWork) -> None:
        raise ValueError(f"cannot migrate {uow.event['request']['password']}")

    unreadable = {**sign_in, "triggerSource": 5}
    for payload in (sign_in, unreadable, to_destination_event(sign_in), by_way_of("stream", sign_in)):
        for carrier in ("queue", "stream", "kafka"):
            (fault,) = run(rules, by_way_of(carrier, payload)).faults
            text = json.dumps(fault.event)
            assert "*****" in text
            assert secret not in text
            assert b64encode(json.dumps(sign_in).encode()).decode()[:40] not in text


# -- Changes of a table ------------------------------------------------------------------------------------------------


CARRIERS = [
    to_sqs_records([CHANGES["Records"][0]]),
    to_sqs_records([CHANGES]),
    to_sqs_records([to_sns_envelope(CHANGES["Records"][0])]),
    to_kinesis_records([OF_KINESIS_FOR_DYNAMODB]),
]


@pytest.mark.parametrize("event", CARRIERS)
def test_rules_for_changes_run_on_a_change_that_is_carried(event: Any) -> None:
    rules = RuleRegistry()
    rules.add(id="paid", flavor=cdc, filters=[changed("status", to="PAID")], query_related=True, table_name="orders")

    outcome = run(rules, event, responses={Query: []})

    (published,) = outcome.events
    assert published["raw"]["old"]["status"] == "OPEN"
    (value,) = outcome.requests[0].params["ExpressionAttributeValues"].values()
    assert (value, type(value)) == (7, int)


@pytest.mark.parametrize("view_type", ["KEYS_ONLY", "NEW_IMAGE"])
def test_related_items_of_a_removal_without_images_are_queried_by_the_key_in_its_own_type(view_type: str) -> None:
    removal = to_dynamodb_records([{"old_image": {"pk": 7, "sk": "order"}}], view_type=view_type)
    rules = [CdcRule(id="r", query_related=True, table_name="orders")]

    outcome = run(rules, to_sqs_records([removal["Records"][0]]), responses={Query: []})

    (value,) = outcome.requests[0].params["ExpressionAttributeValues"].values()
    assert (value, type(value)) == (7, int)


def test_a_filter_for_changes_says_which_view_type_to_set_if_the_change_is_carried() -> None:
    removal = to_dynamodb_records([{"old_image": {"pk": 7}}], view_type="KEYS_ONLY", key=("pk",))
    rules = RuleRegistry()

    @rules.register(task, id="r", filters=[changed("status")])
    def see(uow: UnitOfWork) -> None: ...

    outcome = run(rules, to_sqs_records([removal["Records"][0]]))

    assert "on a stream whose view type is KEYS_ONLY" in str(outcome.faults[0].error)


def carriers_of(record: dict[str, Any]) -> list[dict[str, Any]]:
    of_data_stream = {name: value for name, value in record.items() if name != "eventSourceARN"}
    return [
        {"Records": [record]},
        to_sqs_records([record]),
        to_kinesis_records([{**of_data_stream, "tableName": "events", "recordFormat": "application/json"}]),
    ]


ROW = {
    "pk": "e-1", "sk": "EVENT", "discriminator": "EVENT", "timestamp": 1_767_225_000_000, "data": "o-1",
    "event": {"id": "e-1", "type": "order-created", "timestamp": 1_767_225_000_000, "tags": {}},
}  # fmt: skip
(INSERTED,) = to_dynamodb_records([{"new_image": ROW}], table="events")["Records"]


@pytest.mark.parametrize("event", carriers_of(INSERTED))
def test_rows_of_the_event_table_are_evaluated_whoever_carries_their_changes(event: Any) -> None:
    rules = RuleRegistry()
    rules.add(id="ready", flavor=evaluate, event_type="order-created", emit="order-ready")

    outcome = run(rules, event, responses={Query: [ROW]})

    assert [published["type"] for published in outcome.events] == ["order-ready"]


@pytest.mark.parametrize("event", carriers_of(INSERTED))
def test_a_job_looks_at_its_row_whoever_carries_the_change(event: Any) -> None:
    rules = RuleRegistry()
    scan, keep = (lambda uow: {"Limit": 2}), (lambda uow: {"Key": {"pk": "e-1"}})
    rules.add(id="work", flavor=job, to_scan_request=scan, to_cursor_update_request=keep, table_name="orders")

    outcome = run(rules, event, responses={GetItems: {"Responses": {"events": []}}})

    assert [request.table_name for request in outcome.requests if isinstance(request, GetItems)] == ["events"]
    assert outcome.results[0].uow["is_stale"] is True


@pytest.mark.parametrize("at", [1_767_225_700, 1_767_225_700_000, 1_767_225_700_000_000])
def test_an_expired_row_is_told_from_one_that_was_removed_in_time_whatever_the_precision(at: int) -> None:
    row = {
        "pk": "e-1", "sk": "EVENT", "discriminator": "EVENT", "expire": True, "ttl": 1_767_225_600,
        "timestamp": 1_767_225_000_000,
        "event": {"id": "e-1", "type": "order-created", "timestamp": 1_767_225_000_000, "tags": {}},
    }  # fmt: skip
    (record,) = to_dynamodb_records([{"old_image": row, "ttl_expired": True}])["Records"]
    record["dynamodb"]["ApproximateCreationDateTime"] = at

    outcome = run([ExpiredRule(id="r")], to_kinesis_records([record]))
    record["dynamodb"]["ApproximateCreationDateTime"] = at // 2
    early = run([ExpiredRule(id="r")], to_kinesis_records([record]))

    assert [event["type"] for event in outcome.events] == ["order-created-expired"]
    assert early.events == []


def test_a_change_on_a_data_stream_is_that_of_its_table() -> None:
    (event,) = events_of(to_kinesis_records([OF_KINESIS_FOR_DYNAMODB]))

    assert event == {
        "id": "b015b5f0-c095-4b50-8ad0-4279aa3d88c6",
        "type": "orders-updated",
        "timestamp": 1_720_740_233_013,
        "partition_key": "7",
        "tags": {"region": "eu-west-1"},
        "raw": {"new": {"pk": 7, "status": "PAID"}, "old": {"pk": 7, "status": "OPEN"}},
    }


# -- Sources with options ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sources", [[DynamoDBSource(pk="site")], [SQSSource(fifo=False), DynamoDBSource(pk="site")]])
def test_a_source_with_options_reads_what_others_carry_of_its_records(sources: list[Source]) -> None:
    rules, seen = RuleRegistry(), []

    @rules.register(task, id="see")
    def see(uow: UnitOfWork) -> None:
        seen.append(uow.event["partition_key"])

    changes = to_dynamodb_records([{"new_image": {"site": "north", "no": 1}}], key=("site", "no"))
    run(rules, to_sqs_records([to_sns_envelope(changes)]), source=sources)
    run(rules, to_kinesis_records([changes["Records"][0]]), source=sources)
    run(rules, to_pipe_records(to_sqs_records([changes["Records"][0]])), source=sources)
    run(rules, changes, source=sources)

    assert seen == ["north"] * 4


def test_a_source_is_left_as_it_is_by_what_it_carries_for_one_processor() -> None:
    kinesis, tables = KinesisSource(), DynamoDBSource(pk="site")

    assert kinesis.carrying(()) is kinesis
    assert kinesis.carrying([tables]).carried == [tables]
    assert kinesis.carried == ()
    assert tables.carrying((tables,)) is tables
    assert PipeSource().carrying([tables]).carried == [tables]


class AskingSource(DynamoDBSource):
    def read(self, record: Any) -> Generator[Any, Any, ReadEvent]:  # type: ignore[override]
        yield Query({})
        return None


def test_a_source_that_makes_requests_to_read_a_record_says_that_it_cannot_here() -> None:
    with pytest.raises(SettingError, match="Expected AskingSource to read a record that another service carries"):
        read_events(dict(CHANGES["Records"][0]), "m-1", 5, None, [AskingSource()])


# -- Destinations ------------------------------------------------------------------------------------------------------


def test_a_failed_invocation_in_a_queue_is_what_the_function_was_sent() -> None:
    for event in [*ALONE, *BATCHES]:
        failed = to_destination_event(event)
        assert events_of(to_sqs_records([failed])) == events_of(event)
        onto_bus = to_eventbridge_envelope(
            failed, detail_type="Lambda Function Invocation Result - Failure", source="lambda"
        )
        assert events_of(to_sqs_records([onto_bus])) == events_of(event)


def test_data_of_the_record_stays_what_it_was() -> None:
    (record,) = to_kinesis_records([to_destination_event(CHANGES)])["Records"]
    before = b64decode(record["kinesis"]["data"])

    KinesisSource().read(record)

    assert b64decode(record["kinesis"]["data"]) == before
