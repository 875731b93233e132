from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import Future
from typing import Any, NamedTuple

import pytest

from powertools_stream.environment.tags import standard_tags
from powertools_stream.errors import RuleError, RunError
from powertools_stream.flavors import TaskRule, evaluate, task
from powertools_stream.requests import GetItems, PutEvent, Query, SendMessage
from powertools_stream.testing import run, to_dynamodb_records, to_sqs_records
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


def test_a_task_that_returns_nothing_publishes_the_template() -> None:
    outcome = drive_task([{}], execute=lambda uow: None, emit="order-accepted")

    assert published(outcome)[0].keys() == {"id", "type", "timestamp", "partition_key", "tags"}


@pytest.mark.parametrize("several", [list, tuple])
@pytest.mark.parametrize("is_async", [False, True])
def test_a_list_of_mappings_publishes_an_event_each(several: Callable[[Any], Any], is_async: bool) -> None:
    results = several([{"a": 1, "id": "own"}, {"a": 2, "type": "own"}])

    async def later(uow: UnitOfWork) -> Any:
        return results

    outcome = drive_task([{}, {}], execute=later if is_async else lambda uow: results, emit="line-accepted")

    assert [(event["id"], event["type"], event["a"]) for event in published(outcome)] == [
        ("e1.r.0", "line-accepted", 1),
        ("e1.r.1", "line-accepted", 2),
    ]
    assert [result["emit"]["a"] for result in outcome.results] == [1, 2]


def test_an_empty_list_publishes_nothing() -> None:
    assert "emit" not in drive_task([], execute=lambda uow: [], emit="line-accepted").result


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(
    "result", [5, 0, "text", "", False, True, b"x", {1}, [1], [{"a": 1}, None], [[{"a": 1}]], object()]
)
def test_a_result_without_fields_for_the_event_is_an_error_of_its_record(result: Any, is_async: bool) -> None:
    async def later(uow: UnitOfWork) -> Any:
        return result

    with pytest.raises(TypeError, match=r"a mapping, whose fields the 'order-accepted' event gets, .* found a"):
        drive_task([], execute=later if is_async else lambda uow: result, emit="order-accepted")


@pytest.mark.parametrize("request_", [Query({}), [Query({})], [Query({}), Query({})]])
@pytest.mark.parametrize("is_returned_by_a_generator", [False, True])
def test_what_a_service_answers_need_not_fit_the_event(request_: Any, is_returned_by_a_generator: bool) -> None:
    def ask(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        yield from ()
        return request_

    execute = ask if is_returned_by_a_generator else lambda uow: request_
    outcome = drive_task([*[["item"]] * len(_listed(request_)), {}], execute=execute, emit="order-found")

    (event,) = [request.event for request in outcome.requests if isinstance(request, PutEvent)]
    assert (event["id"], event["type"]) == ("e1.r", "order-found")


def _listed(request: Any) -> list[Any]:
    return request if isinstance(request, list) else [request]


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


# -- What is returned is carried out, or refused -----------------------------------------------------------------------


def put(name: str) -> PutEvent:
    return PutEvent({"type": "t", "id": name})


async def eight() -> int:
    return 8


async def asking(name: str) -> PutEvent:
    return put(name)


def stepping(name: str) -> Generator[Any, Any, Any]:
    answer = yield put(name)
    return answer


class Awaitable:
    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()


async def never_ending() -> AsyncGenerator[PutEvent, None]:
    yield put("1")


@pytest.mark.parametrize(
    ("make", "asked", "result"),
    [
        (lambda: (put("1"), put("2")), ["1", "2"], [1, 2]),
        (lambda: [[put("1")], [put("2"), put("3")], []], ["1", "2", "3"], [[1], [2, 3], []]),
        (lambda: [put("1"), (put("2"),)], ["1", "2"], [1, [2]]),
        (lambda: [eight(), eight()], [], [8, 8]),
        (lambda: [asking("1"), [asking("2")]], ["1", "2"], [1, [2]]),
        (lambda: [put("1"), stepping("2"), eight()], ["1", "2"], [1, 2, 8]),
        (lambda: Awaitable(eight()), [], 8),
        (lambda: Awaitable(asking("1")), ["1"], 1),
        (lambda: [Awaitable(eight())], [], [8]),
        (lambda: asking("1"), ["1"], 1),
        (lambda: Awaitable(Awaitable(asking("1"))), ["1"], 1),  # type: ignore[arg-type]
    ],
    ids=[
        "tuple", "nested lists", "a tuple in a list", "coroutines", "coroutines that ask", "a mixture", "awaitable",
        "awaitable that asks", "awaitable in a list", "coroutine that asks", "awaitable of an awaitable",
    ],
)  # fmt: skip
def test_what_is_returned_is_carried_out(make: Callable[[], Any], asked: list[str], result: Any) -> None:
    answers = list(range(1, len(asked) + 1))

    outcome = drive_task(answers, execute=lambda uow: make())

    assert [event["id"] for event in published(outcome)] == asked
    assert outcome.result["result"] == result


def test_the_engine_carries_out_what_the_driver_of_tests_does() -> None:
    ran: list[str] = []

    async def note(name: str) -> None:
        ran.append(name)

    def execute(uow: UnitOfWork) -> Any:
        return [put("1"), [note("a"), Awaitable(note("b"))], (stepping("2"), asking("3"))]

    outcome = run([{"id": "r", "flavor": task, "execute": execute}], to_sqs_records([EVENT]))

    assert outcome.faults == []
    assert sorted(event["id"] for event in outcome.events) == ["1", "2", "3"]
    assert sorted(ran) == ["a", "b"]
    assert outcome.results[0].uow["result"][1] == [None, None]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: [put("1"), None], "found a PutEvent and None in one list. Leave out what is not to be carried out"),
        (lambda: (None, put("1")), "found None and a PutEvent in one list"),
        (lambda: [[put("1")], [5]], "found a PutEvent and a int in one list"),
        (lambda: [eight(), {"a": 1}], "found a coroutine and a dict in one list"),
        (lambda: PutEvent, r"found the class PutEvent. Make one of it: PutEvent\(…\)"),
        (lambda: [put("1"), PutEvent], "found among several things the class PutEvent"),
        (lambda: {eight()}, "found a set of a coroutine. Return a list"),
        (lambda: Future(), "found a Future. Await it in a coroutine"),
        (lambda: [Future()], "found among several things a Future"),
        (lambda: never_ending(), "found an async generator. Await what it does"),
    ],
    ids=[
        "None", "None first", "nested", "coroutine and mapping", "class",
        "class in a list", "set", "future", "futures", "async generator",
    ],
)  # fmt: skip
def test_what_cannot_be_carried_out_is_refused_and_nothing_of_it_is_done(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(RunError, match=message) as raised:
        drive_task([], execute=lambda uow: make())

    assert "Rule 'r': expected what execute returns" in str(raised.value)


def test_a_future_of_asyncio_is_refused() -> None:
    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(RunError, match="found a Future"):
            drive_task([], execute=lambda uow: loop.create_future())
    finally:
        loop.close()


def test_a_coroutine_that_returns_what_cannot_be_carried_out_is_refused() -> None:
    async def execute(uow: UnitOfWork) -> Any:
        return [put("1"), None]

    with pytest.raises(RunError, match="a PutEvent and None in one list"):
        drive_task([], execute=execute)


class Point(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "text",
        [],
        [[]],
        [1, None, "a"],
        [{"a": 1}, {"b": [2]}],
        (1, 2),
        {"a": [1], "b": None},
        {1, 2},
        Point(1, 2),
    ],
    ids=repr,
)
def test_a_value_is_the_result_as_it_is(value: Any) -> None:
    result = task(UnitOfWork(event=EVENT), TaskRule(id="r", execute=lambda uow: value))

    assert isinstance(result, UnitOfWork)
    assert result["result"] is value


def test_what_emit_returns_is_waited_for_too() -> None:
    async def event(template: Any, **fields: Any) -> dict[str, Any]:
        return {**template, "type": "t", **fields}

    def emit(uow: UnitOfWork, template: Any) -> Any:
        return [event(template, n=1), Awaitable(event(template, n=2)), {**template, "type": "t", "n": 3}]

    outcome = drive_task([{}, {}, {}], emit=emit)

    assert [made["n"] for made in published(outcome)] == [1, 2, 3]


@pytest.mark.parametrize("make", [Future, never_ending], ids=["future", "async generator"])
def test_what_emit_returns_is_refused_if_nobody_can_wait_for_it(make: Callable[[], Any]) -> None:
    with pytest.raises(RunError, match="Expected a function to return a value, a coroutine or a generator, found a"):
        drive_task([], emit=lambda uow, template: make())


def test_an_expression_that_is_an_awaitable_is_not_taken_for_true() -> None:
    async def no() -> bool:
        return False

    row = {"pk": "e1", "sk": "EVENT", "discriminator": "EVENT", "data": "o-1", "event": EVENT}
    rule = {"id": "r", "flavor": evaluate, "expression": lambda uow: Awaitable(no()), "emit": "seen"}

    outcome = run([rule], to_dynamodb_records([{"new_image": row}]), responses={Query: [row]})

    assert outcome.faults == []
    assert outcome.events == []
