from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

import pytest

from powertools_stream.environment.tags import standard_tags
from powertools_stream.errors import RuleError
from powertools_stream.flavors import TaskRule, task
from powertools_stream.requests import GetItems, PutEvent, SendMessage
from powertools_stream.testing.driving import DriveOutcome, drive
from powertools_stream.uow import UnitOfWork

EVENT = {"id": "e1", "type": "order-created", "timestamp": 5, "partition_key": "o-1", "tags": {"x": 1}, "total": 7}


def drive_task(responses: list[Any], /, **fields: Any) -> DriveOutcome:
    return drive(task, {"event": EVENT}, {"id": "r", **fields}, responses)


def published(outcome: DriveOutcome) -> list[Any]:
    assert all(isinstance(request, PutEvent) for request in outcome.requests)
    return [request.event for request in outcome.requests]


def total(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": uow.event["total"], "id": "mine", "type": "mine", "timestamp": 1}


def test_a_plain_result_is_left_without_asking_for_anything() -> None:
    uow = UnitOfWork(event=EVENT)

    result = task(uow, TaskRule(id="r", execute=total, result_key="sum"))

    assert isinstance(result, UnitOfWork)
    assert result["sum"]["total"] == 7
    assert "sum" not in uow


def test_an_async_function_is_awaited() -> None:
    async def execute(uow: UnitOfWork) -> int:
        return 8

    assert drive_task([], execute=execute).result["result"] == 8


def test_execute_may_ask_for_something_itself() -> None:
    def execute(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        answer = yield GetItems({"Keys": [{"pk": "1"}]}, table_name="t")
        return answer["Responses"]["t"][0]

    outcome = drive_task([{"Responses": {"t": [{"pk": "1"}]}}, {}], execute=execute, emit="done")

    assert [type(request) for request in outcome.requests] == [GetItems, PutEvent]
    assert outcome.result["result"] == {"pk": "1"}


def test_a_string_publishes_the_template_with_the_result_merged_in() -> None:
    outcome = drive_task([{"EventId": "1"}], execute=total, emit="order-accepted", bus_name="b", source="s")

    (request,) = outcome.requests
    assert (request.bus_name, request.source) == ("b", "s")
    assert request.event == {
        "id": "e1.r",
        "type": "order-accepted",
        "timestamp": 5,
        "partition_key": "o-1",
        "total": 7,
        "tags": standard_tags("r"),
    }
    assert outcome.result["emit"] == request.event
    assert outcome.result["result"] == total(outcome.result)


@pytest.mark.parametrize("result", [None, 5, "text", [{"a": 1}]])
def test_a_result_that_is_no_mapping_is_not_merged(result: Any) -> None:
    outcome = drive_task([{}], execute=lambda uow: result, emit="order-accepted")

    assert published(outcome)[0].keys() == {"id", "type", "timestamp", "partition_key", "tags"}


def test_an_event_without_a_partition_key_publishes_none() -> None:
    outcome = drive(task, {"event": {"id": "1", "timestamp": 5}}, {"emit": "a"}, [{}])

    assert "partition_key" not in outcome.requests[0].event


def test_a_function_makes_the_event_from_the_template() -> None:
    def emit(uow: UnitOfWork, rule: Any, template: dict[str, Any]) -> dict[str, Any]:
        return {**template, "type": f"{rule.id}-done", "tags": {"source": "mine"}, "result": uow["result"]}

    outcome = drive_task([{}], execute=lambda uow: 3, emit=emit)

    (event,) = published(outcome)
    assert (event["id"], event["type"], event["result"]) == ("e1.r", "r-done", 3)
    assert event["tags"] == {**standard_tags("r"), "source": "mine"}


def test_several_events_are_numbered_and_one_with_an_id_of_its_own_keeps_it() -> None:
    async def emit(uow: UnitOfWork, template: dict[str, Any]) -> list[dict[str, Any]]:
        return [{**template, "type": "a"}, {**template, "type": "b", "id": "own"}, {**template, "type": "c"}]

    outcome = drive_task([{}, {}, {}], emit=emit)

    assert [event["id"] for event in published(outcome)] == ["e1.r.0", "own", "e1.r.2"]
    assert [result["emit"] for result in outcome.results] == published(outcome)


def test_a_list_of_one_event_is_one_event() -> None:
    assert published(drive_task([{}], emit=lambda uow, template: [template]))[0]["id"] == "e1.r"


@pytest.mark.parametrize("nothing", [None, []])
def test_nothing_to_emit_publishes_nothing(nothing: Any) -> None:
    outcome = drive_task([], execute=lambda uow: 3, emit=lambda uow: nothing)

    assert outcome.result["result"] == 3
    assert "emit" not in outcome.result


def test_a_second_attempt_publishes_the_same_event() -> None:
    first, second = (drive_task([{}], execute=total, emit="a") for _ in range(2))

    assert published(first) == published(second)


def test_the_bus_may_be_named_by_a_function() -> None:
    outcome = drive_task([{}], emit="a", bus_name=lambda uow: uow.event["partition_key"])

    assert outcome.requests[0].bus_name == "o-1"


@pytest.mark.parametrize("emitted", ["text", 5, [1]])
def test_what_is_no_event_is_an_error_that_says_so(emitted: Any) -> None:
    with pytest.raises(TypeError, match="Rule 'r': emit returns an event"):
        drive_task([], emit=lambda uow: emitted)


@pytest.mark.parametrize("path", ["order.total", "totals[0]", "."])
def test_a_path_for_the_result_is_told_when_the_rule_is_made(path: str) -> None:
    with pytest.raises(
        RuleError, match=rf"'r': the field 'result_key' takes the name.*got the path '{re.escape(path)}'"
    ):
        TaskRule(id="r", execute=total, result_key=path)


def test_an_error_of_the_function_and_of_the_request_are_the_rules() -> None:
    with pytest.raises(ZeroDivisionError):
        drive_task([], execute=lambda uow: 1 / 0)
    with pytest.raises(ConnectionError):
        drive_task([ConnectionError()], emit="a")


def test_a_request_that_is_returned_is_made_and_its_answer_is_the_result() -> None:
    request = SendMessage({"MessageBody": "hello"}, queue_url="https://queue")

    outcome = drive(task, {"event": {"id": "1"}}, {"execute": lambda uow: request}, [{"MessageId": "m"}])

    assert outcome.requests == (request,)
    assert outcome.result["result"] == {"MessageId": "m"}


def test_several_requests_that_are_returned_are_made_side_by_side() -> None:
    requests = [SendMessage({"MessageBody": text}, queue_url="https://queue") for text in "ab"]

    outcome = drive(task, {"event": {"id": "1"}}, {"execute": lambda uow: requests}, [{"n": 1}, {"n": 2}])

    assert outcome.requests == tuple(requests)
    assert outcome.result["result"] == [{"n": 1}, {"n": 2}]


def test_a_request_that_a_generator_returns_is_made_too() -> None:
    def execute(uow: Any) -> Any:
        yield SendMessage({"MessageBody": "first"}, queue_url="https://queue")
        return SendMessage({"MessageBody": "last"}, queue_url="https://queue")

    outcome = drive(task, {"event": {"id": "1"}}, {"execute": execute}, [{"n": 1}, {"n": 2}])

    assert outcome.result["result"] == {"n": 2}
