from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from powertools_stream import UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import (
    Call,
    GetItems,
    GetObjectLines,
    HttpRequest,
    HttpResponse,
    PutEvent,
    Query,
    Request,
)
from powertools_stream.testing import FakeConnector, run, to_sqs_records


@dataclass(frozen=True)
class Geocode(Request):
    address: str

    def sample_answer(self, n: int) -> Any:
        return (n, n)


@dataclass(frozen=True)
class _Silent(Request):
    pass


class _AuditEvent(PutEvent):
    pass


def _answers(*asked: Request, responses: Any = None) -> list[Any]:
    fake = FakeConnector(responses)
    return [fake.answer(request, fake.send(fake.entries(request))) for request in asked]


def test_a_request_is_answered_as_it_says_itself() -> None:
    answers = _answers(
        Query({}, table_name="t"),
        Query({}, table_name="t", page=True),
        GetItems({"Keys": [{"pk": "1"}]}, table_name="t"),
        HttpRequest({"url": "https://example.com"}),
    )

    assert answers == [[], {"Items": []}, {"Responses": {"t": []}}, HttpResponse(200, {}, None)]


def test_answers_are_numbered_by_what_gives_them() -> None:
    answers = _answers(PutEvent({"type": "a"}), Geocode("x"), _AuditEvent({"type": "b"}), Geocode("y"))

    assert answers == [{"EventId": "event-1"}, (1, 1), {"EventId": "event-2"}, (2, 2)]


def test_a_request_that_says_nothing_is_answered_with_none() -> None:
    assert _answers(_Silent()) == [None]


def test_responses_come_before_what_a_request_says_itself() -> None:
    assert _answers(Geocode("x"), responses={Geocode: "there"}) == ["there"]
    assert _answers(Geocode("x"), Query({}, table_name="t"), responses=lambda request: NotImplemented) == [(1, 1), []]


def test_a_users_request_is_answered_in_a_batch_without_a_word_in_the_test() -> None:
    def locate(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield Geocode(uow.event["address"]))

    rules: list[dict[str, Any]] = [{"id": "locate", "flavor": task, "execute": locate}]
    outcome = run(rules, to_sqs_records([{"type": "moved", "address": "Marienplatz 1"}]))

    assert outcome.results[0].uow["result"] == (1, 1)


def test_a_call_is_run_and_an_object_has_no_lines() -> None:
    called, lines = _answers(Call(str.upper, "x"), GetObjectLines({"Key": "k"}, bucket_name="b-1"))

    assert (called, list(lines)) == ("X", [])
