from __future__ import annotations

import json

import pytest

from powertools_stream.cli.lake import Selection, open_lake, queues
from powertools_stream.cli.status import CannotRunError
from tests.cli.lake.events import HERE, enveloped, event, fault
from tests.conftest import Aws


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "_WAIT_SECONDS", 0)


def send(aws: Aws, url: str, *bodies: object, **more: str) -> None:
    for body in bodies:
        text = body if isinstance(body, str) else json.dumps(body)
        aws.client("sqs").send_message(QueueUrl=url, MessageBody=text, **more)


def test_a_queue_is_read_and_its_messages_stay(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    url = aws.create_queue("faults")
    topic = {"Type": "Notification", "TopicArn": "arn", "Message": json.dumps(enveloped(fault("3")))}
    send(aws, url, *(fault(str(number)) for number in range(25)), topic, enveloped(event("other")), "no JSON")
    arn = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for location in ("sqs://faults", url, arn):
        lake = open_lake(location, HERE)
        found = [stored.event["id"] for stored in lake.events(Selection(types=("fault",)))]
        assert sorted(found) == sorted([*map(str, range(25)), "3"])
        assert lake.reading.problems == 1
    assert "Expected JSON in the message, found text that is not" in capsys.readouterr().err
    assert len(aws.messages("faults")) == 28


@pytest.mark.parametrize("end", [GeneratorExit, KeyboardInterrupt])
def test_messages_are_released_if_it_ends_early(aws: Aws, end: type[BaseException]) -> None:
    url = aws.create_queue("faults")
    send(aws, url, fault("1"), fault("2"))
    events = open_lake("sqs://faults", HERE).events(Selection())
    place = next(events).place
    assert aws.messages("faults") == []
    with pytest.raises(end):
        events.throw(end)
    assert place in [f"sqs://faults:{message['MessageId']}" for message in aws.messages("faults")]


def test_a_queue_that_moves_its_messages_is_refused_or_warned_of(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    dead = aws.create_queue("dead")
    arn = aws.client("sqs").get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for receives in (3, 10):
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": receives})
        send(aws, aws.create_queue(f"queue-{receives}", RedrivePolicy=policy), event("1"))
    with pytest.raises(CannotRunError, match="queue-3 moves them after 3 receives, and reading is one"):
        list(open_lake("sqs://queue-3", HERE).events(Selection()))
    assert len(list(open_lake("sqs://queue-10", HERE).events(Selection()))) == 1
    assert "queue-10 moves messages after 10 receives, and this reading is one." in capsys.readouterr().err


def test_what_somebody_else_has_received_is_told(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    url = aws.create_queue("faults.fifo")
    for number in range(12):
        send(aws, url, fault(str(number)), MessageGroupId="o-1")
    lake = open_lake("sqs://faults.fifo", HERE)
    found = list(lake.events(Selection()))
    if len(found) < 12:
        assert lake.reading.problems == 1
        assert f"Expected about 12 messages, received {len(found)}." in capsys.readouterr().err


def test_the_region_is_that_of_the_queue() -> None:
    for location in ("arn:aws:sqs:us-east-2:123456789012:faults", "https://sqs.us-east-2.amazonaws.com/123456789012/q"):
        assert open_lake(location, HERE).account.region == "us-east-2"


def test_messages_that_cannot_be_released_are_told(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    url = aws.create_queue("faults")
    send(aws, url, fault("1"))
    lake = open_lake("sqs://faults", HERE)
    events = lake.events(Selection())
    next(events)
    aws.client("sqs").delete_queue(QueueUrl=url)
    events.close()
    assert lake.reading.problems == 1
    assert "The messages stay hidden from others for up to 30 seconds: " in capsys.readouterr().err


def test_a_queue_that_is_none(aws: Aws) -> None:
    with pytest.raises(CannotRunError, match=r"GetQueueUrl was refused: .*NonExistentQueue"):
        list(open_lake("sqs://none", HERE).events(Selection()))
    with pytest.raises(CannotRunError, match=r"Expected sqs://queue"):
        open_lake("sqs://", HERE)
