from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from powertools_stream.local import DynamoDBPoller, KinesisPoller, MappingError, SQSPoller, drain, mapping_of
from tests.local.mappings.fakes import Clock, FakeDynamoDBStream, FakeKinesis, FakeQueue, Function
from tests.local.mappings.records import contents, report

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:queue"
REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


class Sources:
    """A queue and streams, and the clients that reach them."""

    def __init__(self, **queue: Any) -> None:
        self.clock = Clock()
        self.queue = FakeQueue(self.clock, **queue)
        self.kinesis = FakeKinesis(self.clock)
        self.table = FakeDynamoDBStream(self.clock)

    def client(self, service: str) -> Any:
        return {"sqs": self.queue, "kinesis": self.kinesis, "dynamodbstreams": self.table}[service]

    def mapping(self, function: Function, arn: str, **properties: Any) -> Any:
        given = {"EventSourceArn": arn, "FunctionName": "function", **properties}
        return mapping_of(given, function, clients=self.client, clock=self.clock)


def stream(**properties: Any) -> dict[str, Any]:
    return {"arn": FakeKinesis.arn, "StartingPosition": "TRIM_HORIZON", **properties}


def test_a_queue_has_lambdas_defaults() -> None:
    sources, function = Sources(), Function(report("0"))
    sources.queue.send(*map(str, range(25)))

    poller = sources.mapping(function, QUEUE)
    list(drain(poller))

    assert isinstance(poller, SQSPoller)
    assert [len(batch) for batch in function.batches] == [10, 10, 5]
    assert sources.queue.bodies() == []


def test_a_queue_has_the_properties_that_it_is_given() -> None:
    sources, function = Sources(), Function(report('{"n": 1}'))
    sources.queue.send('{"n": 1}', '{"n": 2}', '{"n": 3}')
    filters = {"Filters": [{"Pattern": json.dumps({"body": {"n": [{"numeric": ["<", 3]}]}})}]}
    properties = {**REPORTS, "BatchSize": "50", "MaximumBatchingWindowInSeconds": 1, "FilterCriteria": filters}

    poller = sources.mapping(function, QUEUE, **properties)
    waits = poller._next(at_once=False)
    list(drain(poller))

    assert waits is None
    assert contents(function.batches) == [['{"n": 1}', '{"n": 2}']]
    assert sources.queue.bodies() == ['{"n": 1}']


@pytest.mark.parametrize(("properties", "most"), [({}, 5), ({"ScalingConfig": {"MaximumConcurrency": 7}}, 7)])
def test_a_queue_has_five_invocations_in_flight_or_its_maximum(properties: dict[str, Any], most: int) -> None:
    sources = Sources()
    sources.queue.send(*map(str, range(10)))

    poller = sources.mapping(Function(), QUEUE, BatchSize=1, **properties)
    while poller._next(at_once=False) is not None:
        pass

    assert poller.in_flight == most


@pytest.mark.parametrize("kind", [KinesisPoller, DynamoDBPoller])
def test_a_stream_has_lambdas_defaults(kind: type[Any]) -> None:
    sources, function = Sources(), Function(report("0"))
    fake = sources.kinesis if kind is KinesisPoller else sources.table
    fake.put(*map(str, range(150)))

    poller = sources.mapping(function, fake.arn, StartingPosition="TRIM_HORIZON")
    list(drain(poller))

    assert isinstance(poller, kind)
    # The response means nothing.
    assert [len(batch) for batch in function.batches] == [100, 50]


def test_a_stream_has_the_properties_that_it_is_given() -> None:
    sources, function = Sources(), Function(report("b"))
    sources.kinesis.put("a", "b", "c")
    properties = {"BatchSize": 2, "MaximumRetryAttempts": 1, "BisectBatchOnFunctionError": "true"}
    destination = {"OnFailure": {"Destination": QUEUE}}

    poller = sources.mapping(function, **stream(DestinationConfig=destination, **REPORTS, **properties))
    list(drain(poller))

    assert contents(function.batches) == [["a", "b"], ["b"], ["b"], ["c"]]
    assert [json.loads(body)["KinesisBatchInfo"]["batchSize"] for body in sources.queue.bodies()] == [1]


def test_a_consumer_reads_the_stream() -> None:
    sources, function = Sources(), Function()

    poller = sources.mapping(function, f"{FakeKinesis.arn}/consumer/c:1", StartingPosition="LATEST")

    assert poller.source_arn == FakeKinesis.arn


@pytest.mark.parametrize("enabled", [False, "false"])
def test_a_mapping_that_is_not_enabled_polls_nothing(enabled: Any) -> None:
    assert Sources().mapping(Function(), QUEUE, Enabled=enabled) is None
    assert Sources().mapping(Function(), **stream(Enabled=enabled)) is None


def test_what_changes_nothing_about_the_events_is_accepted() -> None:
    harmless = {
        "Tags": [],
        "MetricsConfig": {"Metrics": ["EventCount"]},
        "KmsKeyArn": "arn",
        "TumblingWindowInSeconds": 0,
    }

    assert Sources().mapping(Function(), **stream(**harmless)) is not None


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (
            {"arn": "arn:aws:kafka:eu-west-1:123456789012:cluster/c"},
            "one of Kafka, for which there is no emulator",
        ),
        ({"arn": "arn:aws:mq:eu-west-1:123456789012:broker:b"}, "found one of Amazon MQ"),
        ({"arn": "arn:aws:rds:eu-west-1:123456789012:cluster:c"}, "found one of DocumentDB"),
        ({"arn": None, "SelfManagedEventSource": {}}, "found one of Kafka"),
        ({"arn": "arn:aws:s3:::bucket"}, "found 'arn:aws:s3:::bucket' as its EventSourceArn"),
        ({"arn": None}, "found None as its EventSourceArn"),
        (
            {"arn": QUEUE, "BatchSize": 0},
            "Expected a valid BatchSize .* found 0",
        ),
        ({"arn": QUEUE, "BatchSize": 11}, "MaximumBatchingWindowInSeconds of at least 1 .* its BatchSize is 11"),
        ({"arn": f"{QUEUE}.fifo", "BatchSize": 11}, "Expected a batch size between 1 and 10"),
        ({"arn": f"{QUEUE}.fifo", "MaximumBatchingWindowInSeconds": 1}, "FIFO queues do not support it"),
        ({"arn": QUEUE, "MaximumBatchingWindowInSeconds": 301}, "less than or equal to 300"),
        ({"arn": QUEUE, "ScalingConfig": {"MaximumConcurrency": 1}}, "ScalingConfig.MaximumConcurrency .* found 1"),
        ({"arn": QUEUE, "StartingPosition": "LATEST"}, "found StartingPosition. There are: BatchSize, Enabled"),
        ({"arn": QUEUE, "BatchSizes": 1}, "found BatchSizes. There are"),
        ({"arn": QUEUE, "FunctionResponseTypes": ["ReportAll"]}, "Expected a valid FunctionResponseTypes"),
        ({"arn": QUEUE, "FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "In FilterCriteria"),
        ({"arn": FakeKinesis.arn}, "Expected the property StartingPosition .* found none"),
        (stream(TumblingWindowInSeconds=30), "found 30: tumbling windows are not supported on this machine"),
        (stream(ParallelizationFactor=11), "Expected a valid ParallelizationFactor"),
        (stream(MaximumRetryAttempts=-2), "Expected a valid MaximumRetryAttempts"),
        (stream(MaximumRecordAgeInSeconds=59), "of -1 or of 60 to 604800"),
        (stream(ScalingConfig={"MaximumConcurrency": 2}), "found ScalingConfig"),
        (stream(StartingPositionTimestamp=1), "StartingPositionTimestamp with the StartingPosition AT_TIMESTAMP"),
        ({"arn": FakeKinesis.arn, "StartingPosition": "AT_TIMESTAMP"}, "StartingPositionTimestamp with"),
        (stream(DestinationConfig={"OnFailure": {"Destination": "kafka://t"}}), "an SQS queue, an SNS topic or an S3"),
        (stream(DestinationConfig={"OnSuccess": {"Destination": QUEUE}}), "found DestinationConfig.OnSuccess"),
    ],
)
def test_what_lambda_would_refuse_or_nothing_here_can_do_is_one_clear_error(
    properties: dict[str, Any], message: str
) -> None:
    sources = Sources(name="queue.fifo" if str(properties["arn"]).endswith(".fifo") else "queue")

    with pytest.raises(MappingError, match=message) as raised:
        sources.mapping(Function(), **properties)

    assert "\n" not in str(raised.value)


def test_a_queues_visibility_timeout_is_no_shorter_than_the_functions() -> None:
    message = "VisibilityTimeout of the queue queue of at least the timeout of the function function, 31 s, found 30 s"

    with pytest.raises(MappingError, match=message):
        Sources(visibility=30).mapping(Function(timeout=31), QUEUE)


@pytest.mark.parametrize(
    ("service", "arn", "code"),
    [
        ("sqs", QUEUE, "AWS.SimpleQueueService.NonExistentQueue"),
        ("kinesis", FakeKinesis.arn, "ResourceNotFoundException"),
        ("dynamodbstreams", FakeDynamoDBStream.arn, "ResourceNotFoundException"),
    ],
)
def test_a_source_that_does_not_exist_is_no_traceback(service: str, arn: str, code: str) -> None:
    def client(name: str) -> Any:
        assert name == service
        made = boto3.client(name, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        stubber = Stubber(made)
        operation = {"sqs": "get_queue_url", "kinesis": "list_shards", "dynamodbstreams": "describe_stream"}[service]
        stubber.add_client_error(operation, code)
        stubber.activate()
        return made

    given = {"EventSourceArn": arn} | ({} if service == "sqs" else {"StartingPosition": "TRIM_HORIZON"})

    with pytest.raises(MappingError, match=f"Expected {arn} as its source, found nothing there. If another template"):
        mapping_of(given, Function(report()), clients=client)
