"""What a test gives as an answer is what AWS would give, or an error that says what to write."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest

from powertools_stream import RetryPolicy
from powertools_stream.connectors import PassingStatusError, StatusError
from powertools_stream.errors import RequestFailedError
from powertools_stream.flavors import task
from powertools_stream.requests import (
    Call,
    GetItems,
    GetObject,
    HttpRequest,
    HttpResponse,
    InvokeFunction,
    ListObjects,
    PutItem,
    Query,
    RemainingTime,
    Request,
)
from powertools_stream.testing import drive, run, to_sqs_records
from powertools_stream.uow import UnitOfWork

EVENT = to_sqs_records([{"id": "1", "type": "a"}])
PUT = PutItem({"Item": {"pk": "1"}}, table_name="t")
GET = HttpRequest({"url": "https://example.com/a"})
BY_KEY = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": "1"}}
QUERY = Query(BY_KEY, table_name="t")
PAGE = Query(BY_KEY, table_name="t", page=True)
INVOKE = InvokeFunction({"FunctionName": "f"})

Answer = Callable[[Request, Any], Any]


def _asking(request: Request) -> Callable[[UnitOfWork], Generator[Any, Any, Any]]:
    def ask(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield request)

    return ask


def _of_run(request: Request, answer: Any) -> Any:
    rules = [{"id": "r", "flavor": task, "execute": _asking(request)}]
    outcome = run(rules, EVENT, responses={type(request): answer}, retry=RetryPolicy(max_attempts=1))
    return outcome.faults[0].error if outcome.faults else outcome.results[0].uow["result"]


def _of_drive(request: Request, answer: Any) -> Any:
    try:
        return drive(task, {"event": {}}, {"execute": _asking(request)}, [answer]).result["result"]
    except AssertionError:
        raise
    except Exception as error:
        return error


both = pytest.mark.parametrize("answered", [_of_run, _of_drive], ids=["run", "drive"])


@both
@pytest.mark.parametrize(
    ("status", "kind"), [(404, StatusError), (503, PassingStatusError), (302, StatusError), (400, StatusError)]
)
def test_a_status_that_is_an_error_of_a_service_is_one_in_a_test(
    answered: Answer, status: int, kind: type[StatusError]
) -> None:
    error = answered(GET, HttpResponse(status, {"a": "b"}, {"why": "no"}))

    assert type(error) is kind
    assert (error.code, error.status, error.headers, error.body) == (str(status), status, {"a": "b"}, {"why": "no"})


@both
@pytest.mark.parametrize("status", [200, 201, 204, 304])
def test_any_other_status_is_the_answer(answered: Answer, status: int) -> None:
    assert answered(GET, HttpResponse(status, {}, None)) == HttpResponse(status, {}, None)


@both
def test_a_function_that_ends_in_an_error_fails_its_request(answered: Answer) -> None:
    error = answered(INVOKE, {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": {"errorMessage": "no"}})

    assert isinstance(error, RequestFailedError)
    assert error.code == "FunctionError"


@both
@pytest.mark.parametrize("answer", [TimeoutError, TimeoutError()], ids=["class", "instance"])
def test_an_exception_is_raised_as_a_raise_statement_does(answered: Answer, answer: Any) -> None:
    assert isinstance(answered(PUT, answer), TimeoutError)


@both
def test_a_class_that_is_no_exception_is_an_answer(answered: Answer) -> None:
    assert answered(Call(type, 1), int) is int


@both
@pytest.mark.parametrize(
    ("request_", "answer", "message"),
    [
        (QUERY, {"Items": []}, r"answer to Query in a test to be a list; got a dict, {'Items': \[]}. With page=True"),
        (PAGE, [{"pk": "1"}], "answer to Query in a test to be a dict.*Without page=True, Query answers a list"),
        (ListObjects({}, bucket_name="b"), {"Contents": []}, "to be a list.*With page=True"),
        (GetItems({"Keys": [{"pk": "1"}]}, table_name="t"), [{"pk": "1"}], "to be a dict, such as {'Responses'"),
        (GetObject({"Key": "k"}, bucket_name="b"), b"content", "to be a dict, such as {'Body'"),
        (GET, {"status": 404}, "to be an HttpResponse"),
    ],
)
def test_an_answer_that_no_service_gives_is_an_error_of_the_test(
    answered: Answer, request_: Request, answer: Any, message: str
) -> None:
    with pytest.raises((TypeError, AssertionError), match=message):
        answered(request_, answer)


@pytest.mark.parametrize(
    ("responses", "message"),
    [
        ({"GetItems": {}}, "got 'GetItems', a str. Write the class itself: GetItems"),
        ({"getitem": {}}, "Write the class itself: GetItems"),
        ({"nothing-like-it": {}}, "got 'nothing-like-it', a str"),
        ({HttpResponse: {}}, "got the class HttpResponse"),
        ({RemainingTime(): 3}, "Write its type: RemainingTime"),
        ([{}], "a dict of answers by request type, or a function of the request; got a list"),
    ],
)
def test_answers_that_no_request_would_get_are_an_error(responses: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        run([{"id": "r", "flavor": task, "execute": _asking(PUT)}], EVENT, responses=responses)


def test_a_type_stands_for_those_that_derive_from_it() -> None:
    rules = [{"id": "r", "flavor": task, "execute": _asking(PUT)}]

    assert run(rules, EVENT, responses={Request: {"x": 1}}).results[0].uow["result"] == {"x": 1}
    assert run(rules, EVENT, responses={Request: {"x": 1}, PutItem: {"x": 2}}).results[0].uow["result"] == {"x": 2}


def test_the_time_that_is_left_may_be_given() -> None:
    rules = [{"id": "r", "flavor": task, "execute": _asking(RemainingTime())}]

    assert run(rules, EVENT, responses={RemainingTime: 3.0}).results[0].uow["result"] == 3.0
    assert run(rules, EVENT).results[0].uow["result"] == float("inf")
    assert run(rules, EVENT, responses={PutItem: {}}).results[0].uow["result"] == float("inf")


def test_answers_by_type_are_for_run() -> None:
    with pytest.raises(TypeError, match=r"got a dict. It is run\(\) that takes answers by request type"):
        drive(task, {"event": {}}, {"execute": _asking(QUERY)}, {Query: []})
