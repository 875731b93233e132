"""Queues and streams that really send again what was reported, with checkpoints in a real table."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from powertools_stream import StreamProcessor
from powertools_stream.checkpoints import DynamoDBCheckpointStore
from powertools_stream.local import KinesisPoller, LambdaFunction, SQSPoller, drain
from tests.checkpoints.rules import Ran, rule
from tests.conftest import Aws


def _function(ran: Ran, bad: set[str], **options: Any) -> LambdaFunction:
    rules = [rule(ran, "a"), rule(ran, "b", lambda event_id: event_id in bad)]

    def handler(event: Any, context: Any) -> Any:
        # A new processor each time, as in another environment of the function.
        processor = StreamProcessor(
            rules=rules,
            checkpoint=DynamoDBCheckpointStore("checkpoints"),
            raise_on_entire_batch_failure=False,
            **options,
        )
        return processor.process_event(event, context)

    return LambdaFunction(handler, name="orders", log=io.StringIO())


@pytest.mark.parametrize(("checkpoint_key", "runs"), [("record", 2), ("event", 1)])
def test_a_poison_message_goes_its_way_to_the_dead_letter_queue_and_back(
    checkpoint_key: Any, runs: int, aws: Aws
) -> None:
    aws.create_table("checkpoints", ("id",))
    aws.create_bus()
    sqs = aws.client("sqs")
    dead = aws.create_queue("dead")
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    queue = aws.create_queue("orders", RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3}))
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"id": "poison", "type": "t"}))
    ran, bad = Ran(), {"poison"}
    function = _function(ran, bad, checkpoint_key=checkpoint_key, bus_name="bus")
    poller = SQSPoller(function, queue, retry_delay=0, client=sqs)

    invocations = [poller.poll() for _ in range(4)]
    ran_before = dict(ran)
    fault_events = aws.events()
    (redriven,) = aws.messages("dead")
    bad.clear()
    sqs.send_message(QueueUrl=queue, MessageBody=redriven["Body"])  # which has a new id then
    poller.poll()

    assert [invocation is not None for invocation in invocations] == [True, True, True, False]
    assert ran_before == {("a", "poison"): 1}
    assert {event["detail"]["err"]["message"] for event in fault_events} == {"b fails"}
    assert ran == {("a", "poison"): runs, ("b", "poison"): 1}
    assert aws.messages("orders") == []


def test_the_records_behind_a_reported_one_of_a_shard_run_once(aws: Aws) -> None:
    aws.create_table("checkpoints", ("id",))
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]
    for n in range(5):
        data = json.dumps({"id": f"e{n}", "type": "t"}).encode()
        kinesis.put_record(StreamName="orders", PartitionKey=f"k{n}", Data=data)
    ran, bad = Ran(), {"e1"}
    poller = KinesisPoller(_function(ran, bad), arn, client=kinesis)

    poller.poll()
    bad.clear()
    for _ in drain(poller):
        pass

    assert ran == {(rule_id, f"e{n}"): 1 for rule_id in "ab" for n in range(5)}
