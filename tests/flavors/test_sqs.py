from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from powertools_stream import RuleRegistry, StreamProcessor
from powertools_stream.errors import RequestFailedError, RuleError
from powertools_stream.flavors import SqsRule, sqs
from powertools_stream.requests import GetItems, Query, SendMessage
from powertools_stream.testing import run, to_sqs_records
from powertools_stream.testing.driving import DriveOutcome, drive
from powertools_stream.uow import UnitOfWork

URL = "https://sqs/orders"
FIFO_URL = "https://sqs/orders.fifo"
EVENT = {"id": "1", "type": "order-created", "partition_key": "o-1", "lines": [1, 2, 3]}
SENT = {"MessageId": "m"}


def drive_sqs(responses: Any, /, event: dict[str, Any] = EVENT, **fields: Any) -> DriveOutcome:
    return drive(sqs, {"event": event}, {"id": "r", **fields}, responses)


def one_per_line(uow: UnitOfWork) -> list[dict[str, Any]]:
    return [{"MessageBody": {"line": line}} for line in uow.event["lines"]]


def test_a_message_is_sent_to_the_queue_of_the_rule() -> None:
    outcome = drive_sqs([SENT], to_sqs=lambda uow: {"MessageBody": uow.event}, queue_url=URL)

    assert outcome.requests == (SendMessage({"MessageBody": EVENT}, queue_url=URL),)
    assert outcome.result["message"] == {"MessageBody": EVENT}
    assert outcome.result["send_response"] == SENT


def test_several_messages_leave_several_units_of_work_in_order() -> None:
    answers = [{"MessageId": str(n)} for n in range(3)]

    outcome = drive_sqs(answers, to_sqs=one_per_line, queue_url=URL)

    assert [request.params["MessageBody"]["line"] for request in outcome.requests] == [1, 2, 3]
    assert [result["message"]["MessageBody"]["line"] for result in outcome.results] == [1, 2, 3]
    assert [result["send_response"]["MessageId"] for result in outcome.results] == ["0", "1", "2"]


@pytest.mark.parametrize("nothing", [None, []])
def test_no_message_is_a_result_without_one(nothing: Any) -> None:
    outcome = drive_sqs([], to_sqs=lambda uow: nothing)

    assert outcome.requests == ()
    assert "message" not in outcome.result


def test_the_queue_may_be_named_for_each_message() -> None:
    def queue_url(uow: UnitOfWork, rule: Any) -> str:
        return f"{rule.params['prefix']}-{uow['message']['MessageBody']['line'] % 2}"

    outcome = drive_sqs([SENT] * 3, to_sqs=one_per_line, queue_url=queue_url, params={"prefix": "q"})

    assert [request.queue_url for request in outcome.requests] == ["q-1", "q-0", "q-1"]


def test_what_was_queried_and_got_is_there_for_the_message() -> None:
    async def to_sqs(uow: UnitOfWork) -> dict[str, Any]:
        customer = uow["batch_get_response"]["Responses"]["t"][0]
        return {"MessageBody": {"lines": uow["query_response"], "customer": customer}}

    outcome = drive_sqs(
        [[{"sk": "1"}], {"Responses": {"t": [{"pk": "c"}]}}, SENT],
        to_query_request=lambda uow: {"KeyConditionExpression": "x"},
        to_get_request=lambda uow: {"Keys": [{"pk": "c"}]},
        to_sqs=to_sqs,
        table_name="t",
    )

    query, get, send = outcome.requests
    assert query == Query({"KeyConditionExpression": "x"}, table_name="t")
    assert get == GetItems({"Keys": [{"pk": "c"}]}, table_name="t")
    assert send.params == {"MessageBody": {"lines": [{"sk": "1"}], "customer": {"pk": "c"}}}
    assert outcome.result["batch_get_request"] == get.params


def test_what_is_no_message_is_an_error_that_says_so() -> None:
    with pytest.raises(TypeError, match=r"Rule 'r': to_sqs returns a message .* or None; got a str"):
        drive_sqs([], to_sqs=lambda uow: ["text"])


def test_the_main_function_is_needed() -> None:
    with pytest.raises(RuleError, match="'to_sqs'"):
        RuleRegistry().add(id="r", flavor=sqs)  # type: ignore[call-overload]


@pytest.mark.parametrize(("latched", "asked"), [("skip", 1), ("process", 2)])
def test_what_a_listener_wrote_is_left_out_unless_the_rule_says_otherwise(latched: Any, asked: int) -> None:
    rule = SqsRule(id="r", to_sqs=lambda uow: {"MessageBody": uow.event["id"]}, queue_url=URL, latched=latched)
    changes = [{"id": str(n), "type": "x", "raw": {"new": {"latched": latched}}} for n, latched in enumerate((1, 0))]

    outcome = run([rule], to_sqs_records(changes))

    assert len(outcome.requests) == asked
    assert outcome.requests[-1].params == {"MessageBody": "1"}


# -- FIFO ----------------------------------------------------------------------------------------------------------


def in_two_groups(uow: UnitOfWork) -> list[dict[str, Any]]:
    return [{"MessageBody": f"{group}{n}", "MessageGroupId": group} for n in range(3) for group in "ab"]


def fail_a1(request: SendMessage) -> Any:
    return RequestFailedError("InvalidMessageContents", "no") if request.params["MessageBody"] == "a1" else SENT


@pytest.mark.parametrize(
    ("queue_url", "bodies"),
    [
        (FIFO_URL, ["a0", "b0", "a1", "b1", "b2"]),
        (lambda uow: FIFO_URL, ["a0", "b0", "a1", "b1", "b2"]),
        (URL, ["a0", "b0", "a1", "b1", "a2", "b2"]),
    ],
)
def test_none_of_a_fifo_group_overtakes_one_that_fails(
    queue_url: str | Callable[[UnitOfWork], str], bodies: list[str]
) -> None:
    rule = SqsRule(id="r", to_sqs=in_two_groups, queue_url=queue_url)

    outcome = run(
        [rule], to_sqs_records([EVENT]), responses={SendMessage: fail_a1}, raise_on_entire_batch_failure=False
    )

    assert sorted(request.params["MessageBody"] for request in outcome.requests) == sorted(bodies)
    assert len(outcome.response["batchItemFailures"]) == 1


def test_the_results_of_fifo_groups_are_in_the_order_of_the_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_URL", FIFO_URL)

    results = run([SqsRule(id="r", to_sqs=in_two_groups)], to_sqs_records([EVENT])).results

    assert [result.uow["message"]["MessageBody"] for result in results] == ["a0", "b0", "a1", "b1", "a2", "b2"]


# -- Over HTTP -----------------------------------------------------------------------------------------------------


def test_the_messages_of_a_batch_share_calls(aws: Any) -> None:
    rules = RuleRegistry()

    @rules.register(sqs, event_type="order-created", queue_url=aws.create_queue("lines"))
    def lines(uow: UnitOfWork) -> list[dict[str, Any]]:
        return [{"MessageBody": {"order": uow.event["id"], "line": line}} for line in uow.event["lines"]]

    processor = StreamProcessor(rules=rules)

    for _ in ("cold start", "warm start"):
        response = processor.process_event(to_sqs_records([{**EVENT, "id": str(n)} for n in range(10)]))

        assert response == {"batchItemFailures": []}
        arrived = [json.loads(message["Body"]) for message in aws.messages("lines")]
        assert sorted((body["order"], body["line"]) for body in arrived) == [
            (str(n), line) for n in range(10) for line in (1, 2, 3)
        ]
