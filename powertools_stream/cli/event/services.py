"""What invokes functions: what each service has in a sample, how it invokes, and where else it passes its events on to.

A service has *items*: messages, records, objects. It invokes a function with all of them, or passes each on to another
service, which has what it got as its own items. All forms are those of the builders in `powertools_stream.testing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from powertools_stream import testing
from powertools_stream.cli.event import alarms, samples
from powertools_stream.testing.envelopes import ACCOUNT, REGION

__all__ = ["SERVICES", "Entry", "Invocation", "Service"]

Items = Sequence[Any]


class Entry(NamedTuple):
    """An event on a bus, of AWS itself.

    Parameters
    ----------
    detail, source, detail_type, resources
        As for `powertools_stream.testing.to_eventbridge_event`.
    """

    detail: Any
    source: str
    detail_type: str
    resources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Invocation:
    """How the last service invokes the function.

    Parameters
    ----------
    previous
        The service that passed the items on to it; None: they are its own.
    fifo
        Whether the queue is a FIFO queue.
    """

    previous: str | None = None
    fifo: bool = False


@dataclass(frozen=True)
class Service:
    """A service that invokes functions.

    Parameters
    ----------
    body
        What ``--body`` is to it, for people; empty: it takes none.
    sample
        Makes its n-th item, if no body is given; None: it has no items but what others pass on to it.
    invoke
        Makes what Lambda hands to the function.
    passes_to
        The services that it passes its items on to.
    passed
        Makes what another service gets of its items.
    is_batch
        Whether one invocation has several items.
    takes_text
        Whether a body may be any text; else it is a JSON object.
    item
        Makes an item of a body, or of what another service passes on.
    """

    body: str
    sample: Callable[[int], Any] | None
    invoke: Callable[[Items, Invocation], Any]
    passes_to: tuple[str, ...] = ()
    passed: Callable[[Items, str, Invocation], Items] = lambda items, *_: items
    is_batch: bool = True
    takes_text: bool = False
    item: Callable[[Any], Any] = lambda body: body


def _sqs_event(items: Items, how: Invocation) -> Any:
    return testing.to_sqs_records(items, fifo=how.fifo)


def _to_pipe(event: Any) -> Items:
    return testing.to_pipe_records(event)


def _of_stream(make: Callable[[Items], Any], field: str, items: Items, service: str, how: Invocation) -> Items:
    """Return what a pipe gets of a stream's records: themselves; and anything else: what they hold."""
    return _to_pipe(make(items)) if service == "pipes" else [item[field] for item in items]


def _of_bucket(items: Items, service: str, how: Invocation) -> Items:
    notifications = [testing.to_s3_records([item]) for item in items]
    if service != "eventbridge":
        return notifications
    return [_created(each) for each in notifications]


def _created(notification: Any) -> Entry:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    bucket = notification["Records"][0]["s3"]["bucket"]
    return Entry(samples.object_created(notification), "aws.s3", "Object Created", (bucket["arn"],))


def _of_topic(items: Items, service: str, how: Invocation) -> Items:
    return [testing.to_sns_envelope(item["message"]) for item in items]


def _on_bus(item: Any) -> Any:
    entry = item if isinstance(item, Entry) else None
    if entry is None:
        return testing.to_eventbridge_event(item)
    detail, source, detail_type, resources = entry
    return testing.to_eventbridge_event(detail, source=source, detail_type=detail_type, resources=resources)


def _of_table(items: Items, service: str, how: Invocation) -> Items:
    event = testing.to_dynamodb_records(items)
    return _to_pipe(event) if service == "pipes" else [samples.in_data_stream(each) for each in event["Records"]]


def _of_alarm(items: Items, service: str, how: Invocation) -> Items:
    return [Entry(*alarms.on_bus(item)) if service == "eventbridge" else alarms.on_topic(item) for item in items]


# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
_FAILED = "Lambda Function Invocation Result - Failure"


def _of_destination(items: Items, service: str, how: Invocation) -> Items:
    records = [testing.to_destination_event(item) for item in items]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders:$LATEST"
    return [Entry(each, "lambda", _FAILED, (arn,)) for each in records] if service == "eventbridge" else records


def _of_pipe(items: Items, service: str, how: Invocation) -> Items:
    if service != "eventbridge":
        return items
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html
    return [Entry(item, "Pipe orders", f"Event from {item['eventSource']}") for item in items]


_FIREHOSE_ORIGINS = {"kinesis": "kinesis", "kafka": "msk"}


def _firehose_event(items: Items, how: Invocation) -> Any:
    return testing.to_firehose_records(items, origin=_FIREHOSE_ORIGINS.get(how.previous or "", "put"))


# Where each service passes its events on to:
# S3    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
# SNS   https://docs.aws.amazon.com/sns/latest/dg/sns-event-destinations.html
# buses https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
# pipes https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html
SERVICES: Mapping[str, Service] = {
    "sqs": Service(
        "the message's body, any text",
        samples.event,
        _sqs_event,
        ("pipes",),
        lambda items, _, how: _to_pipe(_sqs_event(items, how)),
        takes_text=True,
        item=lambda body: {"body": body},
    ),
    "kinesis": Service(
        "the record's data, any text",
        samples.event,
        lambda items, _: testing.to_kinesis_records(items),
        ("pipes", "firehose"),
        partial(_of_stream, testing.to_kinesis_records, "data"),
        takes_text=True,
        item=lambda body: {"data": body},
    ),
    "dynamodb": Service(
        "the new item; or the change, with new_image and old_image",
        samples.change,
        lambda items, _: testing.to_dynamodb_records(items),
        ("pipes", "kinesis"),
        _of_table,
        item=samples.change_of,
    ),
    "kafka": Service(
        "the record's value, any text",
        samples.event,
        lambda items, _: testing.to_kafka_records(items),
        ("pipes", "firehose"),
        partial(_of_stream, testing.to_kafka_records, "value"),
        takes_text=True,
        item=lambda body: {"value": body},
    ),
    "s3": Service(
        "the object, with its key, and, if you like, bucket, size, …",
        samples.changed_object,
        lambda items, _: testing.to_s3_records(items),
        ("sns", "sqs", "eventbridge"),
        _of_bucket,
        item=samples.object_of,
    ),
    "sns": Service(
        "the message, any text",
        samples.event,
        lambda items, _: testing.to_sns_records(items),
        ("sqs", "firehose"),
        _of_topic,
        takes_text=True,
        item=lambda body: {"message": body},
    ),
    "eventbridge": Service(
        "the detail",
        samples.event,
        lambda items, _: _on_bus(items[0]),
        ("sqs", "sns", "kinesis", "firehose"),
        lambda items, *_: [_on_bus(item) for item in items],
        is_batch=False,
    ),
    "scheduler": Service(
        "",
        lambda n: testing.to_schedule_event(samples.numbered("nightly", n)),
        lambda items, _: items[0],
        ("sqs", "sns", "kinesis", "firehose"),
        is_batch=False,
    ),
    "firehose": Service(
        "the record's data, any text",
        samples.event,
        _firehose_event,
        takes_text=True,
        item=lambda body: {"data": body},
    ),
    "cloudwatch": Service(
        "",
        lambda n: testing.to_alarm_event(samples.numbered("too-many-errors", n)),
        lambda items, _: items[0],
        ("sns", "eventbridge"),
        _of_alarm,
        is_batch=False,
    ),
    "cognito": Service(
        "the trigger's request",
        lambda n: {"userAttributes": {"email": "jane@example.com"}},
        lambda items, _: testing.to_cognito_event(request=items[0]),
        is_batch=False,
    ),
    "aws_lambda": Service(
        "what the function that failed was invoked with",
        samples.event,
        lambda items, _: testing.to_destination_event(items[0]),
        ("sqs", "sns", "eventbridge"),
        _of_destination,
        is_batch=False,
    ),
    "step_functions": Service(
        "the item of the Distributed Map",
        samples.event,
        lambda items, _: testing.to_distributed_map_event(items),
    ),
    "pipes": Service(
        "",
        None,
        lambda items, _: list(items),
        ("sqs", "sns", "kinesis", "eventbridge", "firehose"),
        _of_pipe,
    ),
}
"""By the name that the service has everywhere in the library."""
