"""From the properties of an event source mapping in a template to the poller that behaves like it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from powertools_stream.local.mappings.destinations import Clients, Destination
from powertools_stream.local.mappings.dynamodb import DynamoDBPoller
from powertools_stream.local.mappings.errors import MappingError
from powertools_stream.local.mappings.filters import Source
from powertools_stream.local.mappings.kinesis import KinesisPoller
from powertools_stream.local.mappings.mapping import Clock, Function, Observer
from powertools_stream.local.mappings.sqs import SQSPoller
from powertools_stream.local.mappings.streams import StreamPoller

__all__ = ["mapping_of"]

_SOURCES: dict[str | None, Source] = {"sqs": "sqs", "kinesis": "kinesis", "dynamodb": "dynamodb"}
_NO_EMULATOR = {
    "kafka": "Kafka",
    "mq": "Amazon MQ",
    "rds": "DocumentDB",
    "docdb-elastic": "DocumentDB",
}

# What says that the source is another one, though there may be no ARN.
_ELSEWHERE = {
    "AmazonManagedKafkaEventSourceConfig": "Kafka",
    "DocumentDBEventSourceConfig": "DocumentDB",
    "Queues": "Amazon MQ",
    "SelfManagedEventSource": "Kafka",
    "SelfManagedKafkaEventSourceConfig": "Kafka",
    "Topics": "Kafka",
}


_NOT_FOUND = (
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
)
"""What SQS and the streams say of what does not exist."""


class _Properties(BaseModel):
    """What every mapping has; limits and defaults are those of CreateEventSourceMapping.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """

    model_config = ConfigDict(extra="forbid")

    EventSourceArn: str
    FunctionName: Any = None
    Enabled: bool = True
    BatchSize: int | None = Field(None, ge=1, le=10_000)
    MaximumBatchingWindowInSeconds: int = Field(0, ge=0, le=300)
    FilterCriteria: dict[str, Any] | None = None
    FunctionResponseTypes: list[Literal["ReportBatchItemFailures"]] = Field(default_factory=list, max_length=1)
    # These change nothing about what the function gets.
    KmsKeyArn: Any = None
    MetricsConfig: Any = None
    ProvisionedPollerConfig: Any = None
    Tags: Any = None

    @property
    def reports_partially(self) -> bool:
        return bool(self.FunctionResponseTypes)


class _ScalingConfig(BaseModel):
    model_config = ConfigDict(extra="forbid")

    MaximumConcurrency: int | None = Field(default=None, ge=2, le=1000)


class _QueueProperties(_Properties):
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html."""

    ScalingConfig: _ScalingConfig = _ScalingConfig()


class _OnFailure(BaseModel):
    model_config = ConfigDict(extra="forbid")

    Destination: str


class _DestinationConfig(BaseModel):
    model_config = ConfigDict(extra="forbid")

    OnFailure: _OnFailure | None = None


class _StreamProperties(_Properties):
    """https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html and its twin for DynamoDB."""

    StartingPosition: Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]
    StartingPositionTimestamp: float | None = None
    ParallelizationFactor: int = Field(1, ge=1, le=10)
    MaximumRetryAttempts: int = Field(-1, ge=-1, le=10_000)
    MaximumRecordAgeInSeconds: int = Field(-1, ge=-1, le=604_800)
    BisectBatchOnFunctionError: bool = False
    TumblingWindowInSeconds: int = Field(0, ge=0, le=900)
    DestinationConfig: _DestinationConfig = _DestinationConfig()


def mapping_of(
    properties: Mapping[str, Any],
    function: Function,
    *,
    clients: Clients,
    retry_delay: int | None = None,
    observer: Observer | None = None,
    clock: Clock = time.time,
) -> SQSPoller | StreamPoller | None:
    """Make the poller that behaves like an event source mapping of a template.

    Parameters
    ----------
    properties
        The properties of an ``AWS::Lambda::EventSourceMapping``, with every reference replaced by its value.
    function
        The function to call.
    clients
        Returns a boto3 client of a service, such as `EmbeddedAWS.client`.
    retry_delay, observer, clock
        See `SQSPoller`.

    Returns
    -------
    SQSPoller, KinesisPoller, DynamoDBPoller or None
        None: the mapping is not ``Enabled``.

    Raises
    ------
    MappingError
        A property is missing, unknown, out of its range, or for a source or a feature that there is nothing for on this
        machine; or the queue or the stream does not exist.

    Examples
    --------
    >>> mapping_of({"EventSourceArn": "arn:aws:kafka:eu-west-1:123456789012:cluster/c"}, None, clients=None)
    Traceback (most recent call last):
    ...
    powertools_stream.local.mappings.errors.MappingError: Expected an event source mapping of SQS, Kinesis or DynamoDB \
Streams, found one of Kafka, for which there is no emulator.
    """
    service = _service_of(properties)
    try:
        if service == "sqs":
            return _queue_mapping(properties, function, clients, retry_delay, observer, clock)
        return _stream_mapping(service, properties, function, clients, observer, clock)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_FOUND:
            raise
        raise MappingError(
            f"Expected {properties['EventSourceArn']} as its source, found nothing there. If another template makes "
            "it, name that one, too."
        ) from error


def _queue_mapping(
    properties: Mapping[str, Any],
    function: Function,
    clients: Clients,
    retry_delay: int | None,
    observer: Observer | None,
    clock: Clock,
) -> SQSPoller | None:
    given = _validated(_QueueProperties, properties)
    _check_window(given, default=10)
    if not given.Enabled:
        return None
    client = clients("sqs")
    url = client.get_queue_url(QueueName=given.EventSourceArn.split(":")[5])["QueueUrl"]
    _check_visibility(client, url, function)
    concurrency = given.ScalingConfig.MaximumConcurrency
    return SQSPoller(
        function,
        url,
        batch_size=given.BatchSize or 10,
        batching_window=given.MaximumBatchingWindowInSeconds,
        reports_partially=given.reports_partially,
        filters=given.FilterCriteria,
        retry_delay=retry_delay,
        observer=observer,
        clock=clock,
        client=client,
        **({} if concurrency is None else {"max_concurrency": concurrency}),
    )


def _stream_mapping(
    service: Source,
    properties: Mapping[str, Any],
    function: Function,
    clients: Clients,
    observer: Observer | None,
    clock: Clock,
) -> StreamPoller | None:
    given = _validated(_StreamProperties, properties)
    _check_window(given, default=100)
    _check_stream(given)
    on_failure = given.DestinationConfig.OnFailure
    # An empty one is none.
    destination = Destination(on_failure.Destination, clients) if on_failure and on_failure.Destination else None
    if not given.Enabled:
        return None
    poller, client = (KinesisPoller, "kinesis") if service == "kinesis" else (DynamoDBPoller, "dynamodbstreams")
    return poller(
        function,
        # A consumer with enhanced fan-out gets what the stream has.
        given.EventSourceArn.partition("/consumer/")[0],
        batch_size=given.BatchSize or 100,
        batching_window=given.MaximumBatchingWindowInSeconds,
        starting_position=given.StartingPosition,
        starting_timestamp=given.StartingPositionTimestamp,
        parallelization_factor=given.ParallelizationFactor,
        max_retries=given.MaximumRetryAttempts,
        max_record_age=given.MaximumRecordAgeInSeconds,
        bisect=given.BisectBatchOnFunctionError,
        reports_partially=given.reports_partially,
        filters=given.FilterCriteria,
        on_failure=destination,
        observer=observer,
        clock=clock,
        client=clients(client),
    )


# -- Checks ------------------------------------------------------------------------------------------------------------


def _service_of(properties: Mapping[str, Any]) -> Source:
    arn = properties.get("EventSourceArn")
    service = arn.split(":")[2] if isinstance(arn, str) and arn.count(":") >= 5 else None
    if (source := _SOURCES.get(service)) is not None:
        return source
    if other := _NO_EMULATOR.get(service or "") or next(filter(None, map(_ELSEWHERE.get, properties)), None):
        found = f"one of {other}, for which there is no emulator"
    else:
        found = f"{arn!r} as its EventSourceArn"
    raise MappingError(f"Expected an event source mapping of SQS, Kinesis or DynamoDB Streams, found {found}.")


def _validated(model: type[Any], properties: Mapping[str, Any]) -> Any:
    try:
        return model.model_validate(dict(properties))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise MappingError(_message(properties["EventSourceArn"], name, first, model)) from error


def _message(arn: str, name: str, error: Any, model: type[Any]) -> str:
    where = f"for the event source mapping of {arn}"
    if error["type"] == "missing":
        return f"Expected the property {name} {where}, found none."
    if error["type"] == "extra_forbidden":
        known = ", ".join(sorted(model.model_fields))
        return f"Expected properties of a mapping of this source {where}, found {name}. There are: {known}."
    return f"Expected a valid {name} {where}, found {error['input']!r}. {error['msg']}."


def _check_window(given: Any, default: int) -> None:
    # "When you set BatchSize to a value greater than 10, you must set MaximumBatchingWindowInSeconds to at least 1."
    # It holds for queues; streams have a default of 100 and no window.
    size = given.BatchSize or default
    if default == 10 and size > 10 and not given.MaximumBatchingWindowInSeconds and not _is_fifo(given):
        raise MappingError(
            f"Expected a MaximumBatchingWindowInSeconds of at least 1 for the event source mapping of "
            f"{given.EventSourceArn}, because its BatchSize is {size}, which is more than 10; found 0."
        )


def _is_fifo(given: Any) -> bool:
    return str(given.EventSourceArn).endswith(".fifo")


def _check_visibility(client: Any, url: str, function: Function) -> None:
    # "Queue visibility timeout … is less than Function timeout": CreateEventSourceMapping refuses it.
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    name = "VisibilityTimeout"
    timeout = int(client.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
    if timeout < function.timeout:
        raise MappingError(
            f"Expected a VisibilityTimeout of the queue {url.rpartition('/')[2]} of at least the timeout of the "
            f"function {function.name}, {function.timeout:g} s, found {timeout} s. AWS recommends six times as much."
        )


def _check_stream(given: Any) -> None:
    arn = given.EventSourceArn
    if given.TumblingWindowInSeconds:
        raise MappingError(
            f"Expected no TumblingWindowInSeconds for the event source mapping of {arn}, found "
            f"{given.TumblingWindowInSeconds}: tumbling windows are not supported on this machine."
        )
    if (given.StartingPosition == "AT_TIMESTAMP") != (given.StartingPositionTimestamp is not None):
        raise MappingError(
            f"Expected StartingPositionTimestamp with the StartingPosition AT_TIMESTAMP, and only then, for the event "
            f"source mapping of {arn}."
        )
    # "-1, or 60 to 604,800": https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    if 0 <= given.MaximumRecordAgeInSeconds < 60:
        raise MappingError(
            f"Expected a MaximumRecordAgeInSeconds of -1 or of 60 to 604800 for the event source mapping of {arn}, "
            f"found {given.MaximumRecordAgeInSeconds}."
        )
