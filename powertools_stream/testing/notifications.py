"""Builders of the events that Lambda receives from S3, SNS, EventBridge, Pipes, schedules, alarms, and others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus
from uuid import NAMESPACE_URL, uuid5

from powertools_stream.testing.envelopes import (
    ACCOUNT,
    NOW,
    REGION,
    iso,
    to_eventbridge_envelope,
    to_json,
    to_sns_envelope,
)
from powertools_stream.testing.payloads import listed

__all__ = [
    "to_alarm_event",
    "to_cognito_event",
    "to_destination_event",
    "to_distributed_map_event",
    "to_eventbridge_event",
    "to_pipe_records",
    "to_s3_records",
    "to_schedule_event",
    "to_sns_records",
]

# Sequencers have the length of the service's own.
_FIRST_SEQUENCER = 0x0055AED6DCD90281E5


def to_s3_records(objects: Iterable[Any], *, bucket: str = "orders", region: str = REGION) -> dict[str, Any]:
    """Build the event that Lambda receives for changes of a bucket's objects; keys are URL-encoded, like S3's.

    Parameters
    ----------
    objects
        Keys, or overrides: ``key``, ``event_name`` (``ObjectCreated:Put``), ``bucket``, ``size`` (bytes), ``etag``,
        ``version_id``, ``sequencer``, ``timestamp`` (ms), ``region``, and ``extra`` (further fields of the record, e.g.
        ``glacierEventData``).
    """
    return {
        "Records": [
            _s3_record(changed, i, bucket, region) for i, changed in enumerate(listed(objects, "to_s3_records"))
        ]
    }


def to_sns_records(messages: Iterable[Any], *, topic: str = "orders", region: str = REGION) -> dict[str, Any]:
    """Build the event that Lambda receives for notifications of a topic.

    Parameters
    ----------
    messages
        Events, strings, or overrides: ``message`` (an event or a string), ``subject``, ``message_id``, ``timestamp``
        (ms), ``attributes`` (unchanged).
    """
    return {"Records": [_sns_record(message, topic, region) for message in listed(messages, "to_sns_records")]}


def to_eventbridge_event(
    detail: Any,
    *,
    detail_type: str | None = None,
    source: str = "custom",
    event_id: str | None = None,
    timestamp: int = NOW,
    region: str = REGION,
    resources: Sequence[str] = (),
) -> dict[str, Any]:
    """Build the event that Lambda receives from a rule of EventBridge. ``detail_type`` defaults to the detail's type.

    Parameters
    ----------
    detail
        An event; or the detail of an AWS service's event, with a ``source`` such as ``aws.s3``.
    timestamp
        The event's time in ms; EventBridge's resolution is seconds.
    """
    event = to_eventbridge_envelope(detail, source=source, detail_type=detail_type, region=region, resources=resources)
    return {**event, "time": _seconds(timestamp), **({"id": event_id} if event_id is not None else {})}


def to_pipe_records(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Turn another builder's event for SQS, Kinesis, DynamoDB or Kafka into the array that a pipe passes on."""
    if "records" in event:
        cluster = {name: event[name] for name in ("eventSource", "eventSourceArn", "bootstrapServers") if name in event}
        return [
            {**cluster, "eventSourceKey": partition, **record}
            for partition, records in event["records"].items()
            for record in records
        ]
    return [_piped(record) for record in event["Records"]]


def to_schedule_event(
    name: str = "nightly", *, group: str | None = "default", timestamp: int = NOW, region: str = REGION
) -> dict[str, Any]:
    """Build the event that Lambda receives from a schedule without an input of its own.

    Parameters
    ----------
    name
        The schedule's name.
    group
        Its group in EventBridge Scheduler; None: an EventBridge rule, which has no group.
    timestamp
        The scheduled time in ms.
    """
    is_rule = group is None
    service, resource = ("events", f"rule/{name}") if is_rule else ("scheduler", f"schedule/{group}/{name}")
    arn = f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"
    return to_eventbridge_event(
        # Scheduler sends the detail as a string.
        {} if is_rule else "{}",
        detail_type="Scheduled Event",
        source=f"aws.{service}",
        timestamp=timestamp,
        region=region,
        resources=[arn],
        event_id=to_eventbridge_envelope({"arn": arn, "at": timestamp})["id"],
    )


def to_alarm_event(
    name: str = "too-many-errors",
    *,
    state: str = "ALARM",
    previous_state: str = "OK",
    reason: str = "Threshold Crossed",
    timestamp: int = NOW,
    region: str = REGION,
    configuration: Mapping[str, Any] | None = None,
    contributor: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Build the event that Lambda receives as the action of a CloudWatch alarm.

    Parameters
    ----------
    state, previous_state
        ``OK``, ``ALARM`` or ``INSUFFICIENT_DATA``.
    timestamp
        When the state changed, in ms.
    configuration
        The alarm's configuration, in CloudWatch's format; default: one metric.
    contributor
        For an alarm on many time series, the attributes of the one that changed state: ``{"TableName": "orders"}``.
        CloudWatch does not report its previous state.
    """
    moment, before = (iso(at).replace("Z", "+0000") for at in (timestamp, timestamp - 60_000))
    details: dict[str, Any] = {"previousState": {"value": previous_state, "reason": reason, "timestamp": before}}
    if contributor is not None:
        contributor_id = uuid5(NAMESPACE_URL, to_json(contributor)).hex[:16]
        details = {"alarmContributor": {"id": contributor_id, "attributes": dict(contributor)}}
    return {
        "source": "aws.cloudwatch",
        "alarmArn": f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}",
        "accountId": ACCOUNT,
        "time": moment,
        "region": region,
        "alarmData": {
            "alarmName": name,
            "state": {"value": state, "reason": reason, "timestamp": moment},
            **details,
            "configuration": dict(configuration) if configuration is not None else _configuration(),
        },
    }


def to_cognito_event(
    trigger: str = "PreSignUp_SignUp",
    *,
    request: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    user_name: str = "jane",
    user_pool: str = "AbCdEfGhI",
    region: str = REGION,
) -> dict[str, Any]:
    """Build the event that Lambda receives as the trigger of a user pool.

    Parameters
    ----------
    trigger
        The ``triggerSource``.
    request, response
        The trigger's request, and the response as Cognito prefills it, with its own names.
    """
    return {
        "version": "1",
        "region": region,
        "userPoolId": f"{region}_{user_pool}",
        "userName": user_name,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "1example23456789"},
        "triggerSource": trigger,
        "request": dict(request) if request is not None else {"userAttributes": {"email": f"{user_name}@example.com"}},
        "response": dict(response or {}),
    }


def to_destination_event(
    payload: Any,
    *,
    condition: str = "RetriesExhausted",
    response: Any = None,
    function: str = "orders",
    timestamp: int = NOW,
    region: str = REGION,
) -> dict[str, Any]:
    """Build the record that Lambda sends to a destination of a function, once it has given up on an invocation.

    Parameters
    ----------
    payload
        The event that the function was invoked with.
    condition
        ``RetriesExhausted``, ``EventAgeExceeded``, or ``Success`` for a destination of invocations that succeeded.
    response
        What the function returned; default: an error.
    timestamp
        When Lambda gave up, in ms.
    """
    context: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
    if condition != "Success":
        context["functionError"] = "Unhandled"
        response = response or {"errorMessage": "All records failed processing.", "errorType": "BatchProcessingError"}
    return {
        "version": "1.0",
        "timestamp": iso(timestamp),
        "requestContext": {
            "requestId": str(uuid5(NAMESPACE_URL, to_json(payload))),
            "functionArn": f"arn:aws:lambda:{region}:{ACCOUNT}:function:{function}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": 3,
        },
        "requestPayload": payload,
        "responseContext": context,
        "responsePayload": response,
    }


def to_distributed_map_event(items: Iterable[Any], *, batch_input: Any = None) -> dict[str, Any]:
    """Build the event that Lambda receives for a batch of items of a Distributed Map state of Step Functions.

    Parameters
    ----------
    items
        The items, as the state's ``ItemSelector`` makes them.
    batch_input
        What its ``ItemBatcher`` adds to each batch; None: nothing.
    """
    common = {"BatchInput": batch_input} if batch_input is not None else {}
    return {**common, "Items": listed(items, "to_distributed_map_event")}


# -- Their parts -------------------------------------------------------------------------------------------------------


def _s3_record(changed: Any, index: int, bucket: str, region: str) -> dict[str, Any]:
    given: dict[str, Any] = {"key": changed} if isinstance(changed, str) else dict(changed)
    name, bucket = given.get("event_name", "ObjectCreated:Put"), given.get("bucket", bucket)
    sequencer = given.get("sequencer", f"{_FIRST_SEQUENCER + index:018X}")
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": given.get("region", region),
        "eventTime": iso(given.get("timestamp", NOW)),
        "eventName": name,
        "userIdentity": {"principalId": "AWS:AIDAINPONIXQXHT3IKHL2"},
        "requestParameters": {"sourceIPAddress": "205.255.255.255"},
        "responseElements": {
            "x-amz-request-id": f"D82B88E5F771F{index:03X}",
            "x-amz-id-2": "vlR7PnpV2Ce81l0PRw6jlUpc",
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "828aa6fc-f7b5-4305-8584-487c791949c1",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "A3I5XTEXAMAI3E"},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": {"key": quote_plus(given["key"], safe="/"), **_details(given, name), "sequencer": sequencer},
        },
        **given.get("extra", {}),
    }


def _details(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what S3 reports about an object besides its key; for a deleted one, only its version."""
    details: dict[str, Any] = {}
    if "Delete" not in name:
        details = {"size": given.get("size", 1024), "eTag": given.get("etag", "b21b84d653bb07b05b1e6b33684dc11b")}
    return {**details, **({"versionId": given["version_id"]} if "version_id" in given else {})}


_SNS = frozenset({"attributes", "message", "message_id", "subject", "timestamp"})


def _sns_record(message: Any, topic: str, region: str) -> dict[str, Any]:
    given = {"message": message}
    if isinstance(message, Mapping) and "message" in message and _SNS.issuperset(message):
        given = dict(message)
    sns = to_sns_envelope(given["message"], topic=topic, subject=given.get("subject"), region=region)
    # Lambda's event spells two fields differently from a queue's message.
    sns["SigningCertUrl"], sns["UnsubscribeUrl"] = sns.pop("SigningCertURL"), sns.pop("UnsubscribeURL")
    sns["MessageId"] = given.get("message_id", sns["MessageId"])
    sns["Timestamp"] = iso(given.get("timestamp", NOW))
    sns["MessageAttributes"] = given.get("attributes", {})
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{sns['TopicArn']}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55",
        "Sns": {"Subject": None, **sns},
    }


def _piped(record: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a Kinesis record to its form in a pipe, with its fields at the top level; others are unchanged."""
    fields = dict(record)
    return {**fields.pop("kinesis", {}), **fields}


def _configuration() -> dict[str, Any]:
    metric = {"namespace": "AWS/Lambda", "name": "Errors", "dimensions": {"FunctionName": "orders"}}
    stat = {"metric": metric, "period": 60, "stat": "Sum"}
    return {"description": "Errors", "metrics": [{"id": "m1", "metricStat": stat, "returnData": True}]}


def _seconds(milliseconds: int) -> str:
    return iso(milliseconds)[:19] + "Z"
