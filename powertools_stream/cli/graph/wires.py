"""The ways between resources that a template says, besides rules of EventBridge and what functions do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.graph.model import Node
from powertools_stream.cli.graph.places import Places
from powertools_stream.cli.graph.sam_events import SamEvent, sam_events_of
from powertools_stream.cli.stack import SQS_SUBSCRIPTION, Stack, dig, is_on, items_of, pattern_of
from powertools_stream.templates.values import UNKNOWN

__all__ = ["Wire", "wires_of"]


@dataclass(frozen=True)
class Wire:
    """A way from one resource to another, or to a function, on which all goes that the first one gets.

    Parameters
    ----------
    source, target
        The resources.
    label
        What a person should know of it.
    """

    source: Node
    target: Node
    label: str = ""


def wires_of(stack: Stack, places: Places) -> Iterator[Wire]:
    """Yield the ways between resources, and from them to functions, but for event source mappings."""
    for event in sam_events_of(stack):
        yield from _of_sam_event(stack, places, event)
    for resource in stack.resources.values():
        read = _READERS.get(resource.type)
        here = places.of_resource(stack, resource)
        for source, target, label in read(here, resource.properties) if read is not None else ():
            if source not in _NOT_TOLD and target not in _NOT_TOLD:
                yield Wire(_end(stack, places, source), _end(stack, places, target), label)


_NOT_TOLD = (None, "", UNKNOWN)


def _end(stack: Stack, places: Places, value: Any) -> Node:
    return value if isinstance(value, Node) else places.of_value(stack, value)


# -- Events of SAM -----------------------------------------------------------------------------------------------------


def _of_sam_event(stack: Stack, places: Places, event: SamEvent) -> Iterator[Wire]:
    target, settings = places.of_resource(stack, event.owner), event.properties
    if event.type in ("Api", "HttpApi"):
        name = f"{str(settings.get('Method', 'any')).upper()} {pattern_of(settings.get('Path', '/*'))}"
        yield Wire(Node(f"route:{target.id}/{name}", "route", name, target.stack), target)
    elif event.type in ("Schedule", "ScheduleV2"):
        when = pattern_of(settings.get("Schedule") or settings.get("ScheduleExpression") or event.name)
        yield Wire(Node(f"schedule:{target.id}/{event.name}", "schedule", when, target.stack), target)
    elif event.type in _SAM_SOURCES:
        what, noun = _SAM_SOURCES[event.type]
        if event.type == "SNS" and (queued := settings.get(SQS_SUBSCRIPTION)):
            target = places.of_value(stack, dig(queued, "QueueArn") or _queue_of(event), "queue")
        yield Wire(places.of_value(stack, settings.get(what), noun), target)


def _queue_of(event: SamEvent) -> str:
    """Return the logical id of the queue that SAM makes between a topic and a function."""
    return f"{event.owner.logical_id}{event.name}Queue"


_SAM_SOURCES = {
    "S3": ("Bucket", "bucket"),
    "SNS": ("Topic", "topic"),
    "CloudWatchLogs": ("LogGroupName", "log group"),
    "MQ": ("Broker", "broker"),
    "DocumentDB": ("Cluster", "cluster"),
}
"""SAM's types of events that name a source: which property names it, and what it is.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html"""


# -- Resources of CloudFormation ---------------------------------------------------------------------------------------

_End = tuple[Any, Any, str]
"""The source and the target of a way, as nodes or as the template names them, and a label."""


def _of_schedule_rule(here: Node, rule: Mapping[str, Any]) -> Iterator[_End]:
    if is_on(rule) and (when := rule.get("ScheduleExpression")) is not None:
        for target in items_of(rule.get("Targets")):
            yield _schedule(here, when), dig(target, "Arn"), ""


def _of_schedule(here: Node, schedule: Mapping[str, Any]) -> Iterator[_End]:
    if is_on(schedule):
        yield _schedule(here, schedule.get("ScheduleExpression")), dig(schedule, "Target", "Arn"), ""


def _schedule(here: Node, when: Any) -> Node:
    return Node(f"schedule:{here.id}", "schedule", pattern_of(when), here.stack)


def _of_subscription(here: Node, subscription: Mapping[str, Any]) -> Iterator[_End]:
    endpoint = subscription.get("Endpoint")
    if subscription.get("Protocol") in _RESOURCES:
        yield subscription.get("TopicArn"), endpoint, ""
    elif isinstance(endpoint, str) and endpoint:
        yield subscription.get("TopicArn"), Node(f"subscriber:{endpoint}", "subscriber", endpoint, here.stack), ""


_RESOURCES = ("lambda", "sqs", "firehose")
"""The protocols of subscriptions whose endpoint is a resource."""


def _of_topic(here: Node, topic: Mapping[str, Any]) -> Iterator[_End]:
    for subscription in items_of(topic.get("Subscription")):
        if dig(subscription, "Protocol") in _RESOURCES:
            yield here, dig(subscription, "Endpoint"), ""


def _of_bucket(here: Node, bucket: Mapping[str, Any]) -> Iterator[_End]:
    for setting, target in (("Lambda", "Function"), ("Queue", "Queue"), ("Topic", "Topic")):
        for each in items_of(dig(bucket, "NotificationConfiguration", f"{setting}Configurations")):
            yield here, dig(each, target), ""


def _of_delivery_stream(here: Node, stream: Mapping[str, Any]) -> Iterator[_End]:
    yield dig(stream, "KinesisStreamSourceConfiguration", "KinesisStreamARN"), here, ""
    for destination in ("ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"):
        yield here, dig(stream, destination, "BucketARN"), ""
        for processor in items_of(dig(stream, destination, "ProcessingConfiguration", "Processors")):
            for parameter in items_of(dig(processor, "Parameters")):
                if dig(parameter, "ParameterName") == "LambdaArn":
                    yield here, dig(parameter, "ParameterValue"), "transforms"


def _of_pipe(here: Node, pipe: Mapping[str, Any]) -> Iterator[_End]:
    yield pipe.get("Source"), pipe.get("Target"), ""


def _of_table(here: Node, table: Mapping[str, Any]) -> Iterator[_End]:
    yield here, dig(table, "KinesisStreamSpecification", "StreamArn"), ""


_READERS: Mapping[str, Callable[[Node, Mapping[str, Any]], Iterator[_End]]] = {
    "AWS::Events::Rule": _of_schedule_rule,
    "AWS::Scheduler::Schedule": _of_schedule,
    "AWS::SNS::Subscription": _of_subscription,
    "AWS::SNS::Topic": _of_topic,
    "AWS::S3::Bucket": _of_bucket,
    "AWS::KinesisFirehose::DeliveryStream": _of_delivery_stream,
    "AWS::Pipes::Pipe": _of_pipe,
    "AWS::DynamoDB::Table": _of_table,
}
"""What says something of ways between resources."""
