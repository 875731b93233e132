"""Events that moto really sends are read like those that the builders make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from powertools_stream.sources import SQSSource
from powertools_stream.uow import Event

if TYPE_CHECKING:
    from tests.conftest import Aws

KEY = "2026/grüße an c++ (1).json"


def test_what_s3_says_of_an_object_is_read_from_a_queue_by_whichever_way_it_came(aws: Aws) -> None:
    url = notify_in_every_way(aws)

    aws.client("s3").put_object(Bucket="orders", Key=KEY, Body=b"x")
    read = list(received(aws, url))
    notified = [event for event in read if event["type"] == "object-created"]
    published = [event for event in read if event["type"] == "Object Created"]

    # One from the queue, one from the topic. (Moto's have no sequencer, which would give them the same id.)
    assert [event["s3"]["object"]["key"] for event in notified] == [KEY, KEY]
    assert [event["object"]["key"] for event in published] == [KEY]
    assert {event["partition_key"] for event in (*notified, *published)} == {KEY}


def notify_in_every_way(aws: Aws) -> str:
    """Make S3 notify a queue directly, through a topic, and through a bus; the first two get a test event at once."""
    s3, sqs, sns, events = (aws.client(name) for name in ("s3", "sqs", "sns", "events"))
    url: str = sqs.create_queue(QueueName="orders")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]}))
    events.put_targets(Rule="orders", Targets=[{"Id": "1", "Arn": queue}])
    s3.create_bucket(Bucket="orders", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    created = {"Events": ["s3:ObjectCreated:*"]}
    configuration = {
        "QueueConfigurations": [{"QueueArn": queue, **created}],
        "TopicConfigurations": [{"TopicArn": topic, **created}],
        "EventBridgeConfiguration": {},
    }
    s3.put_bucket_notification_configuration(Bucket="orders", NotificationConfiguration=configuration)
    return url


def received(aws: Aws, url: str) -> Iterator[Event]:
    """Receive the messages of a queue, and read them; S3's test events have no records."""
    sqs = aws.client("sqs")
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            record: dict[str, Any] = {"messageId": message["MessageId"], "body": message["Body"]}
            read = SQSSource().read(record)
            yield from read if isinstance(read, list) else [read] if read is not None else []
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
