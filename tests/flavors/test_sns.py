from __future__ import annotations

import json
from typing import Any

import pytest

from powertools_stream import RuleRegistry, StreamProcessor
from powertools_stream.errors import RequestFailedError, RuleError
from powertools_stream.flavors import SnsRule, sns
from powertools_stream.requests import GetItems, PublishMessage, Query
from powertools_stream.testing import run, to_sqs_records
from powertools_stream.testing.driving import DriveOutcome, drive
from powertools_stream.uow import UnitOfWork

ARN = "arn:aws:sns:eu-central-1:123456789012:orders"
FIFO_ARN = f"{ARN}.fifo"
EVENT = {"id": "1", "type": "order-created", "lines": [1, 2, 3]}
PUBLISHED = {"MessageId": "m"}


def drive_sns(responses: Any, /, **fields: Any) -> DriveOutcome:
    return drive(sns, {"event": EVENT}, {"id": "r", **fields}, responses)


def test_a_message_is_published_on_the_topic_of_the_rule() -> None:
    message = {"Message": EVENT, "Subject": "order"}

    outcome = drive_sns([PUBLISHED], to_sns=lambda uow: message, topic_arn=ARN)

    assert outcome.requests == (PublishMessage(message, topic_arn=ARN),)
    assert outcome.result["message"] == message
    assert outcome.result["publish_response"] == PUBLISHED


def test_several_messages_leave_several_units_of_work_in_order() -> None:
    answers = [{"MessageId": str(n)} for n in range(3)]

    outcome = drive_sns(answers, to_sns=lambda uow: [{"Message": str(line)} for line in uow.event["lines"]])

    assert [result["message"]["Message"] for result in outcome.results] == ["1", "2", "3"]
    assert [result["publish_response"]["MessageId"] for result in outcome.results] == ["0", "1", "2"]


def test_no_message_is_a_result_without_one() -> None:
    outcome = drive_sns([], to_sns=lambda uow: None)

    assert outcome.requests == ()
    assert "message" not in outcome.result


def test_the_topic_may_be_named_for_each_message() -> None:
    messages = [{"Message": "a"}, {"Message": "b"}]

    outcome = drive_sns(
        [PUBLISHED] * 2, to_sns=lambda uow: messages, topic_arn=lambda uow: f"{ARN}-{uow['message']['Message']}"
    )

    assert [request.topic_arn for request in outcome.requests] == [f"{ARN}-a", f"{ARN}-b"]


def test_what_was_queried_and_got_is_there_for_the_message() -> None:
    outcome = drive_sns(
        [[{"sk": "1"}], {"Responses": {"t": [{"pk": "c"}]}}, PUBLISHED],
        to_query_request=lambda uow: {"KeyConditionExpression": "x"},
        to_get_request=lambda uow: {"Keys": [{"pk": "c"}]},
        to_sns=lambda uow: {"Message": [uow["query_response"], uow["batch_get_response"]["Responses"]["t"]]},
        table_name="t",
    )

    query, get, publish = outcome.requests
    assert query == Query({"KeyConditionExpression": "x"}, table_name="t")
    assert get == GetItems({"Keys": [{"pk": "c"}]}, table_name="t")
    assert publish.params == {"Message": [[{"sk": "1"}], [{"pk": "c"}]]}


def test_what_is_no_message_is_an_error_that_says_so() -> None:
    with pytest.raises(TypeError, match=r"Rule 'r': to_sns returns a message .* or None; got a int"):
        drive_sns([], to_sns=lambda uow: [7])


def test_the_main_function_is_needed() -> None:
    with pytest.raises(RuleError, match="'to_sns'"):
        RuleRegistry().add(id="r", flavor=sns)  # type: ignore[call-overload]


def test_none_of_a_fifo_group_overtakes_one_that_fails() -> None:
    def to_sns(uow: UnitOfWork) -> list[dict[str, Any]]:
        return [{"Message": f"{group}{n}", "MessageGroupId": group} for n in range(3) for group in "ab"]

    def fail_a1(request: PublishMessage) -> Any:
        return RequestFailedError("InvalidMessageContents", "no") if request.params["Message"] == "a1" else PUBLISHED

    outcome = run(
        [SnsRule(id="r", to_sns=to_sns, topic_arn=FIFO_ARN)],
        to_sqs_records([EVENT]),
        responses={PublishMessage: fail_a1},
        raise_on_entire_batch_failure=False,
    )

    assert sorted(request.params["Message"] for request in outcome.requests) == ["a0", "a1", "b0", "b1", "b2"]
    assert len(outcome.response["batchItemFailures"]) == 1


def test_rules_of_aws_lambda_stream_publish_entries_with_ids_of_their_own(aws: Any) -> None:
    arn = aws.client("sns").create_topic(Name="orders")["TopicArn"]
    url = aws.create_queue("orders")
    queue = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    rule = {
        "id": "announce",
        "flavor": sns,
        "event_type": "order-created",
        "topic_arn": arn,
        "to_sns": lambda uow: [{"Id": str(line), "Message": f"line {line}"} for line in uow.event["lines"]],
    }

    for _ in ("cold start", "warm start"):
        processor = StreamProcessor(rules=RuleRegistry.of([rule]))
        response = processor.process_event(to_sqs_records([{**EVENT, "id": str(n)} for n in range(10)]))

        assert response == {"batchItemFailures": []}
        messages = [json.loads(message["Body"])["Message"] for message in aws.messages("orders")]
        assert sorted(messages) == [f"line {line}" for line in (1, 2, 3) for _ in range(10)]
