from __future__ import annotations

from typing import Any

import pytest

from docs.examples.event_patterns.alone import has_paid_book, large_orders
from docs.examples.event_patterns.in_rules import rules
from powertools_stream.matching import EventPatternError, compile_event_pattern
from powertools_stream.testing import run, to_dynamodb_records, to_sqs_records


def order(**detail: Any) -> dict[str, Any]:
    return {"detail-type": "order-created", "detail": {"total": 250, "country": "DE", **detail}}


def test_the_pattern_keeps_large_orders() -> None:
    events = [order(), order(total=5), order(country="NL"), order(coupon="C-1"), {"detail-type": "other"}]

    assert large_orders(events) == [order()]


# --8<-- [start:arrays]
def test_two_fields_of_an_array_are_matched_in_one_element() -> None:
    paid_book = {"lines": [{"kind": "book", "paid": True}, {"kind": "pen", "paid": False}]}
    paid_pen = {"lines": [{"kind": "book", "paid": False}, {"kind": "pen", "paid": True}]}

    assert has_paid_book(paid_book)
    assert not has_paid_book(paid_pen)


# --8<-- [end:arrays]


def test_the_rules_take_what_their_patterns_are_for() -> None:
    orders = [
        {"id": "1", "type": "order-created", "order": {"country": "NL"}},
        {"id": "2", "type": "order-created", "order": {"country": "DE"}},
    ]
    change = {"new_image": {"pk": "1", "sk": "work", "status": "COMPLETED"}}

    assert [result.uow["result"] for result in run(rules, to_sqs_records(orders)).results] == ["NL"]
    assert [event["type"] for event in run(rules, to_dynamodb_records([change])).events] == ["work-completed"]


def test_a_mistake_says_where_it_is() -> None:
    with pytest.raises(EventPatternError, match=r"at 'detail\.total' of the operator 'numeric'"):
        compile_event_pattern({"detail": {"total": [{"numeric": ["over", 100]}]}})
