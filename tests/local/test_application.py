"""Templates that run: an emulator, functions in their processes, and what feeds them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from powertools_stream.local.activity import Activity, LogLine, MappingFailed, Reloaded
from powertools_stream.local.application import Application
from powertools_stream.local.emulator import Emulator, EmulatorError
from powertools_stream.local.function import Invocation
from powertools_stream.local.queues import Queues
from powertools_stream.local.sending import SendError
from powertools_stream.templates import read_template

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, CodeUri: ., Timeout: 20}
Resources:
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Sub "${AWS::StackName}-bus"}}
  Topic: {Type: AWS::SNS::Topic}
  Letters: {Type: AWS::SQS::Queue}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 30
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Letters.Arn, maxReceiveCount: 2}
  Fifo: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true, VisibilityTimeout: 30}}
  Stream: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 1}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.listener
      Environment: {Variables: {TABLE: !Ref Table}}
      Events:
        Queue:
          Type: SQS
          Properties: {Queue: !GetAtt Queue.Arn, BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures]}
        Fifo: {Type: SQS, Properties: {Queue: !GetAtt Fifo.Arn}}
        Stream: {Type: Kinesis, Properties: {Stream: !GetAtt Stream.Arn, StartingPosition: TRIM_HORIZON}}
  Watcher:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.watcher
      Events:
        Table: {Type: DynamoDB, Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON}}
        Bus: {Type: EventBridgeRule, Properties: {EventBusName: !Ref Bus, Pattern: {detail-type: [thing-created]}}}
        Topic: {Type: SNS, Properties: {Topic: !Ref Topic}}
"""

CODE = """
import base64, json, os
import boto3

dynamodb = boto3.client("dynamodb")


def listener(event, context):
    failed = []
    for record in event["Records"]:
        body = record.get("body") or base64.b64decode(record["kinesis"]["data"]).decode()
        print("listener got", body)
        if "bad" in body:
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            dynamodb.put_item(TableName=os.environ["TABLE"], Item={"pk": {"S": json.loads(body)["id"]}})
    return {"batchItemFailures": failed}


def watcher(event, context):
    print("watcher got", json.dumps(event))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("application")
    (folder / "app.py").write_text(CODE)
    (folder / "template.yaml").write_text(TEMPLATE)
    return folder


@pytest.fixture(scope="module")
def seen() -> list[Activity]:
    return []


@pytest.fixture(scope="module")
def application(emulator: Emulator, folder: Path, seen: list[Activity]) -> Iterator[Application]:
    template = read_template(folder / "template.yaml")
    with Application(template, endpoint_url=emulator.url, retry_delay=0, observer=seen.append) as application:
        assert application.left_out == []
        yield application


def lines_of(seen: list[Activity], function: str) -> list[str]:
    return [each.text for each in list(seen) if isinstance(each, LogLine) and each.function == function]


def test_a_queue_feeds_its_function_and_that_the_table_and_its_stream_the_next(
    application: Application, seen: list[Activity]
) -> None:
    lines = [json.dumps({"id": f"order-{number}"}) for number in range(12)] + ["bad", '{"id": "bad"}']

    assert application.send(lines, application.target("Queue")) == 14
    assert application.wait_until_quiet(30)

    accounts = {account.source: account for account in application.accounts()}
    queue, table = accounts["Queue"], accounts["Table"]
    assert (queue.records, queue.done, queue.dead_letters, queue.missing) == (14, 12, 2, 0)
    assert (table.records, table.done, table.missing) == (12, 12, 0)
    assert application.depths()["Letters"] == 2
    assert Queues(application.stack, application.emulator).redrives() == {"Queue": "Letters"}
    assert sum('"order-' in line for line in lines_of(seen, "Listener")) == 12
    invocations = [each for each in seen if isinstance(each, Invocation)]
    assert application.tally.functions["Listener"].invocations == sum(
        each.function_name == "Listener" for each in invocations
    )


SENT = [
    ("Fifo", '{"id": "of-fifo"}', "Listener", "of-fifo"),
    ("Stream", '{"id": "of-stream"}', "Listener", "of-stream"),
    ("Table", '{"pk": "of-table", "price": 1.5}', "Watcher", '"N": "1.5"'),
    ("Bus", '{"id": "of-bus", "type": "thing-created"}', "Watcher", "of-bus"),
    ("Bus", '{"detail-type": "thing-created", "source": "x", "detail": {"id": "wrapped"}}', "Watcher", "wrapped"),
    ("Topic", "text of a topic", "Watcher", "text of a topic"),
    ("Watcher", '{"id": "invoked"}', "Watcher", "invoked"),
]


def test_events_can_be_sent_to_everything_that_leads_to_a_function(
    application: Application, seen: list[Activity]
) -> None:
    for to, line, _, _ in SENT:
        assert application.send([line], application.target(to)) == 1
    assert application.wait_until_quiet(30)
    for _, _, function, heard in SENT:
        assert any(heard in line for line in lines_of(seen, function)), heard


@pytest.mark.parametrize(
    ("to", "line", "message"),
    [
        ("Stream", "no JSON", r"Expected a JSON object in line 2, found 'no JSON'"),
        ("Bus", "[1]", r"Expected a JSON object in line 2, found '\[1\]'"),
        ("Bus", '{"id": "x"}', r"Expected an event with a type in line 2"),
        ("Queue", "x" * 1_100_000, r"Expected Queue to take every event, but after 1 of them: .*BatchRequestTooLong"),
    ],
)
def test_lines_that_cannot_be_sent(application: Application, to: str, line: str, message: str) -> None:
    good = '{"id": "good", "type": "good"}'
    with pytest.raises(SendError, match=message):
        application.send([good, line], to)


def test_where_events_go_must_be_clear(application: Application) -> None:
    with pytest.raises(SendError, match=r"Expected --to RESOURCE, to say where events go: Bus, "):
        application.target(None)
    with pytest.raises(SendError, match=r"Expected --to with a resource that takes events \(.*Queue.*\), found Buss\."):
        application.send(["{}"], "Buss")


def test_changed_code_is_loaded(application: Application, folder: Path, seen: list[Activity]) -> None:
    (folder / "app.py").write_text(CODE.replace("watcher got", "the new watcher got"))
    application.reload([folder / "app.py"])
    application.send(['{"id": "reloaded"}'], "Watcher")
    until(lambda: any("the new watcher got" in line for line in lines_of(seen, "Watcher")))
    assert Reloaded((folder / "app.py",)) in seen


def test_a_source_that_vanishes_is_told(emulator: Emulator, folder: Path) -> None:
    seen: list[Activity] = []
    template = read_template(folder / "template.yaml")
    with Emulator() as own, Application(template, endpoint_url=own.url, observer=seen.append) as application:
        own.client("sqs").delete_queue(QueueUrl=application.stack.physical_ids["Queue"])
        until(lambda: any(isinstance(each, MappingFailed) for each in seen))
        assert not application.wait_until_quiet(10)
        assert application.tally.problems[0].mapping == "ListenerQueue"


def test_leaving_ends_every_process(folder: Path) -> None:
    with Application(read_template(folder / "template.yaml")) as application:
        application.send(['{"id": "1"}'], "Watcher")
        (process,) = application.functions["Watcher"].processes
        url = application.emulator.url
    assert not process.is_alive
    with pytest.raises(EmulatorError, match="cannot be reached"), Emulator(url):
        pass


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.02)
