"""What MiniStack lacks, and is added to it: routes, targets of rules, Firehose, redrives, the client context."""

from __future__ import annotations

import base64
import gzip
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from powertools_stream.local.application import Application
from powertools_stream.local.emulator import Emulator
from powertools_stream.templates import read_template

HUB = """
Resources:
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: services-hub}}
  Stream: {Type: AWS::Kinesis::Stream, Properties: {Name: services-hub, ShardCount: 2}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {detail-type: [{anything-but: fault}]}
      Targets:
        - Id: stream
          Arn: !GetAtt Stream.Arn
          RoleArn: arn:aws:iam::123456789012:role/hub
          KinesisParameters: {PartitionKeyPath: $.detail.partition_key}
"""

LAKE = """
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Collected:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Bucket.Arn
        RoleARN: arn:aws:iam::123456789012:role/lake
        CompressionFormat: GZIP
        Prefix: "events/year=!{timestamp:yyyy}/"
        ErrorOutputPrefix: "errors/"
        BufferingHints: {IntervalInSeconds: 300, SizeInMBs: 64}
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - Type: AppendDelimiterToRecord
              Parameters: [{ParameterName: Delimiter, ParameterValue: "\\\\n"}]
  AtOnce:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Bucket.Arn
        RoleARN: arn:aws:iam::123456789012:role/lake
        Prefix: at-once/!{partitionKeyFromQuery:kind}/
        ErrorOutputPrefix: "errors/!{firehose:error-output-type}/"
        BufferingHints: {IntervalInSeconds: 0}
        DynamicPartitioningConfiguration: {Enabled: true}
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - Type: MetadataExtraction
              Parameters:
                - {ParameterName: MetadataExtractionQuery, ParameterValue: "{kind: .kind}"}
                - {ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: services-hub
      EventPattern: {account: [!Ref AWS::AccountId]}
      Targets: [{Id: lake, Arn: !GetAtt Collected.Arn, RoleArn: "arn:aws:iam::1:role/lake", InputPath: $.detail}]
"""

SHOP = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, CodeUri: ., Timeout: 20}
Resources:
  Http: {Type: AWS::Serverless::HttpApi, Properties: {StageName: v1}}
  Api: {Type: AWS::Serverless::Api, Properties: {StageName: prod}}
  Rest:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: services-rest
      Handler: app.rest
      Events:
        Post: {Type: HttpApi, Properties: {ApiId: !Ref Http, Path: /orders, Method: POST}}
        Any: {Type: HttpApi, Properties: {ApiId: !Ref Http, Path: "/orders/{id}", Method: ANY}}
        Default: {Type: HttpApi}
        Old: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /orders, Method: GET}}
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.listener
      Events:
        Stream:
          Type: Kinesis
          Properties:
            Stream: !Sub "arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/services-hub"
            StartingPosition: TRIM_HORIZON
"""

CODE = """
import json
import boto3

events = boto3.client("events")


def rest(event, context):
    if event.get("raise"):
        raise ValueError(event["raise"])
    if event.get("requestContext", {}).get("http", {}).get("method") == "POST":
        detail = event["body"]
        entry = {"EventBusName": "services-hub", "Source": "shop", "DetailType": "order", "Detail": detail}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    given = context.client_context
    return {"statusCode": 202, "body": json.dumps(event), "custom": given and given.custom}


def listener(event, context):
    pass
"""


@pytest.fixture(scope="module")
def application(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("services")
    for name, text in {"hub": HUB, "lake": LAKE, "shop": SHOP}.items():
        (folder / name).mkdir()
        (folder / name / "template.yaml").write_text(text)
    (folder / "shop" / "app.py").write_text(CODE)
    templates = [read_template(folder / name) for name in ("hub", "lake", "shop")]
    with Application(*templates, endpoint_url=emulator.url) as application:
        assert application.left_out == []
        yield application


def requested(url: str, body: Any = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    try:
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def objects(application: Application, prefix: str = "") -> dict[str, bytes]:
    client, bucket = application.emulator.client("s3"), application.stack.physical_ids["lake.Bucket"]
    listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ())
    return {each["Key"]: client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed}


@pytest.mark.slow
def test_an_event_goes_from_an_api_over_the_bus_to_stream_and_lake(application: Application) -> None:
    address = application.stack.addresses["shop.Http"]
    for number in range(3):
        assert requested(f"{address}/orders", {"partition_key": f"order-{number}", "text": "grüße"})[0] == 202
    assert application.wait_until_quiet(20)

    mapping = application.tally.mappings["shop.ListenerStream"]
    assert (mapping.records, mapping.done) == (3, 3)
    assert [each.source for each in application.accounts()] == ["hub.Stream"]
    ((key, data),) = objects(application, "events/").items()
    assert key.startswith("events/year=20")
    assert key.endswith(".gz")
    lines = [json.loads(line) for line in gzip.decompress(data).decode().splitlines()]
    assert lines == [{"partition_key": f"order-{number}", "text": "grüße"} for number in range(3)]


def test_routes_of_an_http_api(application: Application) -> None:
    address = application.stack.addresses["shop.Http"]
    status, event = requested(f"{address}/orders/7?a=1&a=2")
    assert status == 202
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "ANY /orders/{id}", "/orders/7")
    assert (event["pathParameters"], event["queryStringParameters"]) == ({"id": "7"}, {"a": "1,2"})
    assert requested(f"{address}/other")[0] == 404
    status, event = requested(f"{application.stack.addresses['shop.ServerlessHttpApi']}/any/path")
    assert (status, event["routeKey"], event["rawPath"]) == (202, "$default", "/any/path")


def test_a_rest_api_has_an_address_too(application: Application) -> None:
    status, event = requested(f"{application.stack.addresses['shop.Api']}/orders")
    assert (status, event["path"], event["httpMethod"]) == (202, "/orders", "GET")


def test_a_delivery_stream_may_partition_and_write_at_once(application: Application) -> None:
    client, name = application.emulator.client("firehose"), application.stack.physical_ids["lake.AtOnce"]
    records = [{"Data": json.dumps(each).encode()} for each in ({"kind": "a", "n": 1}, {"kind": "b"}, {"no": "kind"})]
    assert client.put_record_batch(DeliveryStreamName=name, Records=records)["FailedPutCount"] == 0
    application.emulator.flush()
    assert list(objects(application, "at-once/a/").values()) == [b'{"kind": "a", "n": 1}']
    assert list(objects(application, "at-once/b/").values()) == [b'{"kind": "b"}']
    assert len(objects(application, "errors/processing-failed/")) == 1
    assert application.emulator.flush() == 0


def test_a_function_is_invoked_with_a_client_context_and_its_error_is_its_own(application: Application) -> None:
    client = application.emulator.client("lambda")
    context = base64.b64encode(json.dumps({"custom": {"rules": ["ü"]}}).encode()).decode()

    payload = json.load(client.invoke(FunctionName="services-rest", Payload=b"{}", ClientContext=context)["Payload"])
    assert payload["custom"] == {"rules": ["ü"]}
    assert json.load(client.invoke(FunctionName="services-rest", Payload=b"{}")["Payload"])["custom"] is None

    failed = client.invoke(FunctionName="services-rest", Payload=b'{"raise": "bad"}')
    payload = json.load(failed["Payload"])
    assert (failed["FunctionError"], payload["errorType"], payload["errorMessage"]) == (
        "Unhandled",
        "ValueError",
        "bad",
    )


@pytest.fixture
def queues(emulator: Emulator) -> Iterator[dict[str, str]]:
    """The ARNs of a queue, its dead-letter queue and another one, by their names."""
    client = emulator.client("sqs")
    names = ("moves-letters", "moves", "moves-other")
    urls = {name: client.create_queue(QueueName=name)["QueueUrl"] for name in names}
    yield {name: f"arn:aws:sqs:{client.meta.region_name}:123456789012:{name}" for name in names}
    for url in urls.values():
        client.delete_queue(QueueUrl=url)


def failed_twice(emulator: Emulator, queues: dict[str, str]) -> Any:
    """Have a message go to the dead-letter queue, and return the client."""
    client = emulator.client("sqs")
    policy = {"deadLetterTargetArn": queues["moves-letters"], "maxReceiveCount": 2}
    client.set_queue_attributes(QueueUrl="moves", Attributes={"RedrivePolicy": json.dumps(policy)})
    client.send_message(QueueUrl="moves", MessageBody="poison")
    for _ in range(3):
        client.receive_message(QueueUrl="moves", VisibilityTimeout=0)
    return client


def received(client: Any, queue: str) -> list[tuple[str, str]]:
    found = client.receive_message(QueueUrl=queue, AttributeNames=["All"], VisibilityTimeout=0).get("Messages", ())
    return [(each["Body"], each["Attributes"]["ApproximateReceiveCount"]) for each in found]


@pytest.mark.parametrize("destination", [None, "moves-other"])
def test_the_messages_of_a_dead_letter_queue_are_moved_back(
    emulator: Emulator, queues: dict[str, str], destination: str | None
) -> None:
    client, letters = failed_twice(emulator, queues), queues["moves-letters"]
    sources = client.list_dead_letter_source_queues(QueueUrl="moves-letters")["queueUrls"]
    assert [each.rpartition("/")[2] for each in sources] == ["moves"]
    to = {} if destination is None else {"DestinationArn": queues[destination]}

    client.start_message_move_task(SourceArn=letters, **to)

    (task,) = client.list_message_move_tasks(SourceArn=letters)["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    assert received(client, "moves-letters") == []
    assert received(client, destination or "moves") == [("poison", "1")]


def test_a_message_of_unknown_source_and_a_queue_of_nobody_are_not_moved(
    emulator: Emulator, queues: dict[str, str]
) -> None:
    client, letters = failed_twice(emulator, queues), queues["moves-letters"]
    client.purge_queue(QueueUrl="moves-letters")
    client.send_message(QueueUrl="moves-letters", MessageBody="from nowhere")
    client.start_message_move_task(SourceArn=letters)
    task = client.list_message_move_tasks(SourceArn=letters)["Results"][0]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    with pytest.raises(client.exceptions.ClientError, match="Dead Letter Queue"):
        client.start_message_move_task(SourceArn=queues["moves-other"])
    with pytest.raises(client.exceptions.ClientError, match="no active"):
        client.cancel_message_move_task(TaskHandle="handle")
