"""The event source mappings of a stack: resources of CloudFormation, and events of SAM's functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.stack.functions import Function, function_named, functions_of
from powertools_stream.cli.stack.stack import Resource, Stack
from powertools_stream.templates.values import UNKNOWN, Reference, dig, pattern_of

__all__ = ["QUEUE", "SQS_SUBSCRIPTION", "SourceMapping", "mappings_of"]

QUEUE = "AWS::SQS::Queue"

SQS_SUBSCRIPTION = "SqsSubscription"
"""With it, SAM puts a queue between a topic and a function, and makes a mapping.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-sqssubscriptionobject.html"""

_SAM_EVENTS = {
    "SQS": ("SQS", "Queue"),
    "Kinesis": ("Kinesis", "Stream"),
    "DynamoDB": ("DynamoDB", "Stream"),
    "MSK": ("Kafka", "Stream"),
    "SelfManagedKafka": ("Kafka", "KafkaBootstrapServers"),
}
"""SAM's types of events that are mappings with partial responses: our name, and the property of the source.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html"""

_OTHER_SETTINGS = ("Queues", "DocumentDBEventSourceConfig")
"""What only mappings without partial responses have, those of Amazon MQ and DocumentDB."""

_KAFKA_SETTINGS = ("SelfManagedEventSource", "SelfManagedKafkaEventSourceConfig", "AmazonManagedKafkaEventSourceConfig")

_SERVICES: Mapping[str, str | None] = {
    "sqs": "SQS", "kinesis": "Kinesis", "dynamodb": "DynamoDB", "kafka": "Kafka", "msk": "Kafka",
    "mq": None, "amazonmq": None, "rds": None, "docdb": None,
}  # fmt: skip
"""The source by the service in its ARN, or in the type of its resource; None if it takes no partial responses."""


@dataclass(frozen=True)
class SourceMapping:
    """An event source mapping whose source takes partial responses.

    Parameters
    ----------
    stack
        The stack that it is in.
    path
        Where it is in the template.
    service
        ``"SQS"``, ``"Kinesis"``, ``"DynamoDB"``, ``"Kafka"``, or ``""`` if it is one of them, but none can say which.
    source
        What it reads from.
    properties
        Its settings.
    function
        The function that it invokes, None if that cannot be told.
    made_by
        What of SAM makes it, if it is no event of its own.
    """

    stack: Stack
    path: list[str | int]
    service: str
    source: Any
    properties: Mapping[str, Any]
    function: Function | None
    made_by: str = ""

    def __str__(self) -> str:
        what = f"{self.service} mapping" if self.service else "mapping"
        return f"The {what} {self.path[-1]}" + (f" of {self.function.name}" if self.function else "")

    def setting(self, *names: str) -> Any:
        """Return a property, or what is within it: None if it is not set."""
        return dig(self.properties, *names)

    def within(self, name: str) -> list[str | int]:
        """Return where a property is, or where it would be."""
        return [*self.path, "Properties", name] if name in self.properties else self.path

    @property
    def is_stream(self) -> bool:
        """Whether a record that fails holds up those behind it."""
        return self.service in ("Kinesis", "DynamoDB", "Kafka")

    @property
    def queue(self) -> Resource | None:
        """The queue that it reads from, if the template makes it."""
        return self.stack.named(self.source, QUEUE) if self.service == "SQS" else None


def mappings_of(stack: Stack) -> list[SourceMapping]:
    """Return the event source mappings of a stack."""
    events = (mapping for function in functions_of(stack) for mapping in _events_of(function))
    resources = (_of_resource(stack, each) for each in stack.of_type("AWS::Lambda::EventSourceMapping"))
    return [*events, *(mapping for mapping in resources if mapping is not None)]


def _events_of(function: Function) -> Iterator[SourceMapping]:
    events = function.setting("Events") if function.is_sam else None
    for name, event in (events if isinstance(events, Mapping) else {}).items():
        service, source = _SAM_EVENTS.get(str(dig(event, "Type")), ("", ""))
        properties = dig(event, "Properties")
        path = [*function.resource.path, "Properties", "Events", name]
        if service and isinstance(properties, Mapping):
            yield SourceMapping(function.stack, path, service, properties.get(source), properties, function)
        elif dig(event, "Type") == "SNS":
            yield from _behind_topic(function, path, dig(properties, SQS_SUBSCRIPTION))


def _behind_topic(function: Function, path: list[str | int], queued: Any) -> Iterator[SourceMapping]:
    settings: Mapping[str, Any] = queued if isinstance(queued, Mapping) else {}
    if settings or queued is True:
        yield SourceMapping(function.stack, path, "SQS", settings.get("QueueArn"), settings, function, SQS_SUBSCRIPTION)


def _of_resource(stack: Stack, resource: Resource) -> SourceMapping | None:
    properties = resource.properties
    source = properties.get("EventSourceArn")
    service = _service(stack, properties, source)
    if service is None:
        return None
    function = function_named(stack, properties.get("FunctionName"))
    return SourceMapping(stack, resource.path, service, source, properties, function)


def _service(stack: Stack, properties: Mapping[str, Any], source: Any) -> str | None:
    """Return the service of a source, ``""`` if it cannot be told, None if it takes no partial responses."""
    if any(name in properties for name in _OTHER_SETTINGS):
        return None
    if any(name in properties for name in _KAFKA_SETTINGS):
        return "Kafka"
    return _SERVICES.get(_service_of_source(stack, source), "")


def _service_of_source(stack: Stack, source: Any) -> str:
    if isinstance(source, Reference):
        resource = stack.resources.get(source.logical_id)
        return resource.type.split("::")[1].lower() if resource and resource.type.startswith("AWS::") else ""
    parts = pattern_of(source).split(":")
    return parts[2] if source is not UNKNOWN and len(parts) > 2 else ""
