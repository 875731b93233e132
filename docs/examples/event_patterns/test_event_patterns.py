from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from docs.examples.event_patterns.alone import has_paid_book, large_orders, needs_a_look
from docs.examples.event_patterns.in_rules import rules
from powertools_stream.matching import EventPatternError, compile_event_pattern
from powertools_stream.testing import run, to_dynamodb_records, to_sqs_records

PAGE = Path(__file__).resolve().parents[2] / "event-patterns.md"


def order(**detail: Any) -> dict[str, Any]:
    return {
        "detail-type": "order-created",
        "detail": {"total": 250, "country": "DE", **detail},
    }


def test_the_pattern_keeps_large_orders() -> None:
    events = [
        order(),
        order(total=5),
        order(country="NL"),
        order(coupon="C-1"),
        {"detail-type": "other"},
    ]

    assert large_orders(events) == [order()]


# --8<-- [start:arrays]
def test_two_fields_of_an_array_are_matched_in_one_element() -> None:
    paid_book = {
        "lines": [{"kind": "book", "paid": True}, {"kind": "pen", "paid": False}]
    }
    paid_pen = {
        "lines": [{"kind": "book", "paid": False}, {"kind": "pen", "paid": True}]
    }

    assert has_paid_book(paid_book)
    assert not has_paid_book(paid_pen)


# --8<-- [end:arrays]


def test_the_rules_take_what_their_patterns_are_for() -> None:
    orders = [
        {"id": "1", "type": "order-created", "order": {"country": "NL"}},
        {"id": "2", "type": "order-created", "order": {"country": "DE"}},
    ]
    change = {"new_image": {"pk": "1", "sk": "work", "status": "COMPLETED"}}

    assert [
        result.uow["result"] for result in run(rules, to_sqs_records(orders)).results
    ] == ["NL"]
    assert [
        event["type"] for event in run(rules, to_dynamodb_records([change])).events
    ] == ["work-completed"]


def test_a_mistake_says_where_it_is() -> None:
    with pytest.raises(
        EventPatternError, match=r"at 'detail\.total' of the operator 'numeric'"
    ):
        compile_event_pattern({"detail": {"total": [{"numeric": ["over", 100]}]}})


def test_one_of_two_is_reason_enough_for_an_open_order() -> None:
    large, new = (
        {"total": 5000, "customer": {"is_new": False}},
        {"total": 5, "customer": {"is_new": True}},
    )

    assert needs_a_look({"status": "OPEN", **large})
    assert needs_a_look({"status": "OPEN", **new})
    assert not needs_a_look({"status": "PAID", **large, **new})
    assert not needs_a_look({"status": "OPEN", "total": 5})


def test_the_examples_of_the_operators_match_what_the_page_says() -> None:
    rows = [
        line.split(" | ")
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.count("`[") and "|" in line
    ]

    assert len(rows) > 12
    for _, example, fitting, others in rows:
        (pattern,) = values(example)
        matches = compile_event_pattern({"field": pattern})
        assert [matches({"field": value}) for value in values(fitting)] == [True] * len(
            values(fitting)
        ), example
        assert [matches({"field": value}) for value in values(others)] == [False] * len(
            values(others)
        ), example


def test_absence_is_asked_of_all_lines() -> None:
    is_unpaid = compile_event_pattern({"lines": {"paid": [{"exists": False}]}})

    assert is_unpaid({"lines": [{"kind": "book"}, {"kind": "pen"}]})
    assert not is_unpaid({"lines": [{"kind": "book"}, {"paid": True}]})


def test_what_may_surprise_is_so() -> None:
    def matches(pattern: list[Any], value: Any) -> bool:
        return compile_event_pattern({"field": pattern})({"field": value})

    assert matches([{"anything-but": ["a"]}], ["a", "c"])
    assert matches([2**53], 2**53 + 1)
    assert matches([{"equals-ignore-case": "ÉTÉ"}], "été")
    assert not matches([{"equals-ignore-case": "straße"}], "STRASSE")
    assert not compile_event_pattern({"order.id": ["o-1"]})({"order": {"id": "o-1"}})


def values(cell: str) -> list[Any]:
    return [json.loads(text) for text in re.findall("`([^`]+)`", cell)]
