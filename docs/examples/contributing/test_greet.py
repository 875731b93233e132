from __future__ import annotations

from docs.examples.contributing.greet import greet
from powertools_stream.testing import drive, run, to_sqs_records


def test_it_asks_for_one_event() -> None:
    outcome = drive(
        greet,
        {"event": {"id": "1", "who": "Ada"}},
        {"to_name": lambda uow: uow.event["who"]},
        [{}],
    )

    assert [request.event["name"] for request in outcome.requests] == ["Ada"]
    assert outcome.result["name"] == "Ada"


def test_each_record_is_greeted() -> None:
    rule = {"id": "greet-all", "flavor": greet, "to_name": lambda uow: uow.event["who"]}

    outcome = run([rule], to_sqs_records([{"id": "1", "type": "came", "who": "Ada"}]))

    assert [event["name"] for event in outcome.events] == ["Ada"]
