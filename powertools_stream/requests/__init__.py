"""The vocabulary of flavors: a flavor never calls AWS, it yields these requests and is resumed with the answers.

A request's first argument is what the service's own API takes for one item, in its own names and with plain Python
values. Where it goes is keyword-only and defaults from the environment when the request is sent. A module for each
service, imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream._lazy import export

if TYPE_CHECKING:
    from powertools_stream.requests.aws_lambda import *
    from powertools_stream.requests.call import *
    from powertools_stream.requests.cloudwatch import *
    from powertools_stream.requests.dynamodb import *
    from powertools_stream.requests.eventbridge import *
    from powertools_stream.requests.firehose import *
    from powertools_stream.requests.http import *
    from powertools_stream.requests.kinesis import *
    from powertools_stream.requests.opensearch import *
    from powertools_stream.requests.parameters import *
    from powertools_stream.requests.permissions import *
    from powertools_stream.requests.request import Asks as Asks, Request as Request
    from powertools_stream.requests.s3 import *
    from powertools_stream.requests.scheduler import *
    from powertools_stream.requests.sns import *
    from powertools_stream.requests.sqs import *

__all__ = export(
    __name__,
    {
        # What they have in common
        "request": ("Asks", "Request"),
        "permissions": ("Permission", "Place"),
        # Carried out here
        "call": ("Call", "RemainingTime"),
        # By a service
        "eventbridge": ("PutEvent",),
        "dynamodb": ("DeleteItem", "GetItems", "OnConditionFailed", "PutItem", "Query", "Scan", "UpdateItem"),
        "s3": ("CopyObject", "DeleteObject", "GetObject", "GetObjectLines", "HeadObject", "ListObjects", "PutObject"),
        "sns": ("PublishMessage",),
        "sqs": ("SendMessage",),
        "kinesis": ("PutRecord",),
        "firehose": ("PutDeliveryRecord",),
        "aws_lambda": (
            "CreateEventSourceMapping",
            "DeleteEventSourceMapping",
            "InvokeFunction",
            "ListEventSourceMappings",
            "UpdateEventSourceMapping",
        ),
        "scheduler": ("CreateSchedule", "DeleteSchedule", "UpdateSchedule"),
        "cloudwatch": ("PutMetricData",),
        "opensearch": ("DeleteDocument", "IndexDocument", "UpdateDocument"),
        "http": ("HttpRequest", "HttpResponse"),
        "parameters": ("GetParameter", "GetSecret"),
    },
)
