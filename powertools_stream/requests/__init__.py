"""The vocabulary of flavors: a flavor never calls AWS, it yields these requests and is resumed with the answers.

A request's first argument is what the service's own API takes for one item, in its own names and with plain Python
values. Where it goes is keyword-only and defaults from the environment when the request is sent. A module for each
service, imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream.late_names import late_names

if TYPE_CHECKING:
    from powertools_stream.requests.calls import Call, RemainingTime
    from powertools_stream.requests.documents import DeleteDocument, IndexDocument, UpdateDocument
    from powertools_stream.requests.events import PutEvent
    from powertools_stream.requests.functions import (
        CreateEventSourceMapping,
        DeleteEventSourceMapping,
        InvokeFunction,
        ListEventSourceMappings,
        UpdateEventSourceMapping,
    )
    from powertools_stream.requests.http import HttpRequest, HttpResponse
    from powertools_stream.requests.items import (
        DeleteItem,
        GetItems,
        OnConditionFailed,
        PutItem,
        Query,
        Scan,
        UpdateItem,
    )
    from powertools_stream.requests.messages import PublishMessage, SendMessage
    from powertools_stream.requests.metrics import PutMetricData
    from powertools_stream.requests.objects import (
        CopyObject,
        DeleteObject,
        GetObject,
        GetObjectLines,
        HeadObject,
        ListObjects,
        PutObject,
    )
    from powertools_stream.requests.parameters import GetParameter, GetSecret
    from powertools_stream.requests.request import Asks, Request
    from powertools_stream.requests.schedules import CreateSchedule, DeleteSchedule, UpdateSchedule
    from powertools_stream.requests.streams import PutDeliveryRecord, PutRecord

__all__ = [
    # What they have in common
    "Asks",
    "Request",
    # Carried out here
    "Call",
    "RemainingTime",
    # EventBridge
    "PutEvent",
    # DynamoDB
    "DeleteItem",
    "GetItems",
    "OnConditionFailed",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
    # S3
    "CopyObject",
    "DeleteObject",
    "GetObject",
    "GetObjectLines",
    "HeadObject",
    "ListObjects",
    "PutObject",
    # SNS and SQS
    "PublishMessage",
    "SendMessage",
    # Kinesis and Firehose
    "PutDeliveryRecord",
    "PutRecord",
    # Lambda
    "CreateEventSourceMapping",
    "DeleteEventSourceMapping",
    "InvokeFunction",
    "ListEventSourceMappings",
    "UpdateEventSourceMapping",
    # Scheduler
    "CreateSchedule",
    "DeleteSchedule",
    "UpdateSchedule",
    # CloudWatch
    "PutMetricData",
    # OpenSearch
    "DeleteDocument",
    "IndexDocument",
    "UpdateDocument",
    # HTTP
    "HttpRequest",
    "HttpResponse",
    # Parameters and secrets
    "GetParameter",
    "GetSecret",
]

_HOMES = {
    "Asks": "request",
    "Call": "calls",
    "CopyObject": "objects",
    "CreateEventSourceMapping": "functions",
    "CreateSchedule": "schedules",
    "DeleteDocument": "documents",
    "DeleteEventSourceMapping": "functions",
    "DeleteItem": "items",
    "DeleteObject": "objects",
    "DeleteSchedule": "schedules",
    "GetItems": "items",
    "GetObject": "objects",
    "GetObjectLines": "objects",
    "GetParameter": "parameters",
    "GetSecret": "parameters",
    "HeadObject": "objects",
    "HttpRequest": "http",
    "HttpResponse": "http",
    "IndexDocument": "documents",
    "InvokeFunction": "functions",
    "ListEventSourceMappings": "functions",
    "ListObjects": "objects",
    "OnConditionFailed": "items",
    "PublishMessage": "messages",
    "PutDeliveryRecord": "streams",
    "PutEvent": "events",
    "PutItem": "items",
    "PutMetricData": "metrics",
    "PutObject": "objects",
    "PutRecord": "streams",
    "Query": "items",
    "RemainingTime": "calls",
    "Request": "request",
    "Scan": "items",
    "SendMessage": "messages",
    "UpdateDocument": "documents",
    "UpdateEventSourceMapping": "functions",
    "UpdateItem": "items",
    "UpdateSchedule": "schedules",
}

__getattr__ = late_names(__name__, globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
