from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import (
    CloudWatchAlarmEvent,
    DynamoDBStreamEvent,
    EventBridgeEvent,
    KafkaEvent,
    KinesisFirehoseEvent,
    KinesisStreamEvent,
    S3Event,
    S3EventBridgeNotificationEvent,
    SNSEvent,
    SQSEvent,
)
from aws_lambda_powertools.utilities.data_classes.cognito_user_pool_event import PreSignUpTriggerEvent
from aws_lambda_powertools.utilities.parser import models
from aws_lambda_powertools.utilities.parser.models import event_bridge, kinesis_firehose
from pydantic import BaseModel

from powertools_stream.cli.event.chain import built_event, check_way
from powertools_stream.cli.event.services import SERVICES
from powertools_stream.flavors import task
from powertools_stream.testing import run
from tests.cli.conftest import COMMAND, ROOT, Command


def ways(source: str, *via: str) -> Iterator[tuple[str, ...]]:
    """Yield every way from a source, in which no service comes twice, and three pass the event on at most."""
    yield (source, *via)
    if len(via) == 3:
        return
    for service in SERVICES[via[-1] if via else source].passes_to:
        if service not in (source, *via):
            yield from ways(source, *via, service)


WAYS = [way for source, service in SERVICES.items() if service.sample for way in ways(source)]


def sample(source: str, *via: str, body: Any = None, count: int = 1, fifo: bool = False) -> Any:
    check_way(source, via, count=count, fifo=fifo)
    return built_event(source, via, body, count=count, fifo=fifo)


def read(event: Any) -> list[dict[str, Any]]:
    """Return the events that rules see of what Lambda hands over; nothing may fail."""
    outcome = run([{"id": "all", "flavor": task, "execute": lambda uow: dict(uow.event)}], event)
    assert outcome.faults == []
    return [result.uow["result"] for result in outcome.results]


@pytest.mark.parametrize("way", WAYS, ids=" via ".join)
def test_rules_see_the_sample_whichever_way_it_came(way: tuple[str, ...]) -> None:
    made = sample(*way)
    assert made == sample(*way), "the same arguments make the same event"
    (event,) = read(made)
    (origin,) = read(sample(way[0]))
    assert event["id"]
    if way[0] not in ("scheduler", "s3"):  # by a topic or a queue, EventBridge's names are not there
        assert event["type"] == origin["type"]
    if "order" in origin:
        assert (event["order"], event["id"]) == (origin["order"], origin["id"])


@pytest.mark.parametrize("way", [way for way in WAYS if SERVICES[way[-1]].is_batch], ids=" via ".join)
def test_several_records_are_told_apart(way: tuple[str, ...]) -> None:
    event = sample(*way, count=3)
    seen = read(event)
    assert len(seen) == 3
    assert len({json.dumps(one, sort_keys=True, default=str) for one in seen}) == 3


DATA_CLASSES: Mapping[tuple[str, ...], type[Any]] = {
    ("sqs",): SQSEvent,
    ("kinesis",): KinesisStreamEvent,
    ("dynamodb",): DynamoDBStreamEvent,
    ("kafka",): KafkaEvent,
    ("s3",): S3Event,
    ("sns",): SNSEvent,
    ("eventbridge",): EventBridgeEvent,
    ("scheduler",): EventBridgeEvent,
    ("firehose",): KinesisFirehoseEvent,
    ("kinesis", "firehose"): KinesisFirehoseEvent,
    ("cloudwatch",): CloudWatchAlarmEvent,
    ("cognito",): PreSignUpTriggerEvent,
    ("s3", "eventbridge"): S3EventBridgeNotificationEvent,
}


# The last is an error in Powertools 3.30 for an event that is no replay.
NOT_READ = {"body", "auth", "json_body", "replay_name"}


@pytest.mark.parametrize("way", DATA_CLASSES, ids=" via ".join)
def test_a_data_class_of_powertools_reads_all_of_it(way: tuple[str, ...]) -> None:
    data = DATA_CLASSES[way](sample(*way))
    records = data.records if hasattr(data, "records") else [data.detail] if way == ("s3", "eventbridge") else []
    for one in [data, *records]:
        for name in vars(type(one)):
            if isinstance(getattr(type(one), name), property) and name not in NOT_READ:
                getattr(one, name)


MODELS: Mapping[tuple[str, ...], type[BaseModel]] = {
    ("sqs",): models.SqsModel,
    ("kinesis",): models.KinesisDataStreamModel,
    ("dynamodb",): models.DynamoDBStreamModel,
    ("kafka",): models.KafkaMskEventModel,
    ("s3",): models.S3Model,
    ("s3", "sqs"): models.S3SqsEventNotificationModel,
    ("s3", "eventbridge"): models.S3EventNotificationEventBridgeModel,
    ("sns",): models.SnsModel,
    ("sns", "sqs"): models.SqsModel,
    ("eventbridge",): event_bridge.EventBridgeModel,
    ("firehose",): kinesis_firehose.KinesisFirehoseModel,
}
"""Not of Kinesis by way of Firehose: the model wants numbers where Firehose has a time as text, and an empty text."""


@pytest.mark.parametrize("way", MODELS, ids=" via ".join)
def test_a_model_of_powertools_takes_it(way: tuple[str, ...]) -> None:
    MODELS[way].model_validate(sample(*way))


@pytest.mark.parametrize("source", [name for name, service in SERVICES.items() if service.takes_text])
def test_a_body_is_any_text(source: str) -> None:
    (event,) = read(sample(source, body={"body": 1, "data": 2, "value": 3, "message": 4, "id": "own"}))
    assert (event["id"], event["data"]) == ("own", 2)
    assert "bm8gSlNPTg" in (made := json.dumps(sample(source, body="no JSON"))) or "no JSON" in made


def test_a_body_of_a_table_is_an_item_or_a_change() -> None:
    (created,) = read(sample("dynamodb", body={"pk": "o-1", "sk": "order"}))
    (updated,) = read(sample("dynamodb", body={"new_image": {"pk": "1"}, "old_image": {"pk": "1", "a": 1}}))
    (deleted,) = read(sample("dynamodb", body={"old_image": {"id": 7}, "keys": {"id": 7}}))
    assert created["type"] == "order-created"
    assert updated["type"].endswith("-updated")
    assert (deleted["type"], deleted["partition_key"]) == ("orders-deleted", "7")


def test_a_fifo_queue_has_groups(command: Command) -> None:
    done = command("event", "eventbridge", "--via", "sqs", "--fifo")
    (record,) = json.loads(done.output)["Records"]
    assert record["eventSourceARN"].endswith(".fifo")
    assert record["attributes"]["MessageGroupId"]


# -- Through the installed command -------------------------------------------------------------------------------------


def test_a_sample_is_printed_as_json(installed: Command) -> None:
    done = installed("event", "sqs")
    assert (done.status, done.errors) == (0, "")
    assert json.loads(done.output) == sample("sqs")
    assert done.output.startswith('{\n  "Records": [\n    {\n      "messageId"')


def test_a_way_is_read_from_the_source_to_the_function(command: Command) -> None:
    done = command("event", "s3", "--via", "sns", "--via", "sqs")
    assert (done.status, json.loads(done.output)) == (0, sample("s3", "sns", "sqs"))


def test_a_body_comes_from_a_file_or_from_standard_input(command: Command, tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text('{"id": "o-7", "type": "order-submitted"}')
    from_file = command("event", "kinesis", "--body", "order.json", "--count", "2")
    from_input = command("event", "kinesis", "--body", "-", input='{"id": "o-7", "type": "order-submitted"}')
    assert [one["id"] for one in read(json.loads(from_file.output))] == ["o-7", "o-7"]
    assert json.loads(from_input.output)["Records"] == json.loads(from_file.output)["Records"][:1]


def test_the_list_names_every_source(command: Command) -> None:
    done = command("event", "--list")
    assert done.status == 0
    assert [line.split()[0] for line in done.output.splitlines()[1:] if not line.startswith(" ")] == [
        *list(SERVICES)[:-1],
        "(pipes)",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sqss"], "found sqss. Did you mean sqs?"),
        (["dynamo-db"], "Did you mean dynamodb?"),
        (["mainframe"], "Expected one of sqs, kinesis, dynamodb, kafka, s3, sns, eventbridge, scheduler"),
        (["s3", "--via", "snss"], "found snss. Did you mean sns?"),
        (["s3", "--via", "kafka"], "found s3 via kafka: s3 passes events on to sns, sqs, eventbridge."),
        (["cognito", "--via", "sqs"], "found cognito via sqs: cognito passes events on to functions only."),
        (["pipes"], "Expected where pipes have their events from, found none: sqs --via pipes"),
        (["sqs", "--via", "sqs"], "found sqs via sqs"),
        (["cloudwatch", "--count", "2"], "Expected a count of 1, found 2: cloudwatch invokes a function for each"),
        (["kinesis", "--fifo"], "Expected a queue that --fifo is for, found kinesis."),
        (["s3", "--via", "sqs", "--fifo"], "s3 sends to no FIFO queue."),
        (["sqs", "--body", "nowhere.json"], "Expected a file to read, found nowhere.json: No such file"),
        (["sqs", "--body", "."], "Expected a file to read, found .: Is a directory."),
        (["sqs", "--body", "binary"], "Expected text in UTF-8, found a byte 0 that is none in binary."),
        (["eventbridge", "--body", "text"], "Expected the body to be a JSON object, the detail"),
        (["s3", "--body", "object"], "Expected the object to have a key"),
        (["dynamodb", "--body", "object"], "Expected the item to have the key pk, found a."),
        (["cloudwatch", "--body", "object"], "Expected no body: what cloudwatch sends is the same for all."),
        (["scheduler", "--body", "text"], "Expected no body"),
    ],
    ids=" ".join,
)
def test_what_cannot_be(command: Command, tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "text").write_text("[1]")
    (tmp_path / "object").write_text('{"a": 1}')
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    done = command("event", *arguments)
    assert (done.status, done.output) == (2, "")
    assert says in done.errors
    assert done.errors.startswith("error: ")
    assert done.errors.count("\n") == 1


def test_ctrl_c_ends_it() -> None:
    with subprocess.Popen(
        [COMMAND, "event", "sqs", "--body", "-"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin is not None
        running.stdin.write(b"x" * 200_000)  # more than a pipe holds: then it reads
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=60)
    assert (running.returncode, output, errors) == (130, b"", b"")


def test_nobody_reads_to_the_end(tmp_path: Path) -> None:
    whole = f"PYTHONPATH={ROOT} {COMMAND} event sqs --count 3000 | head -1"
    done = subprocess.run(whole, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_an_event_of_a_bucket_names_it_as_its_resource() -> None:
    event = sample("s3", "eventbridge", body={"key": "o-1.json", "bucket": "shop"})
    assert event["resources"] == ["arn:aws:s3:::shop"]
    assert event["detail"]["bucket"] == {"name": "shop"}
