from __future__ import annotations

from docs.examples.rules.matching import check_limit, is_large, rules, shout
from powertools_stream import UnitOfWork
from powertools_stream.testing import drive


def candidates(event_type: str) -> list[str]:
    return [compiled.id for compiled in rules.candidates(event_type)]


def test_the_rules_of_a_type_are_found_in_their_order() -> None:
    assert candidates("order-paid") == [
        "two-types",
        "pattern",
        "function",
        "everything",
    ]
    assert candidates("said") == ["function", "everything", "shout"]
    assert candidates("fault") == ["function"]


def test_the_limit_comes_from_the_params() -> None:
    assert rules["check_limit"].params == {"limit": 100}
    assert check_limit(UnitOfWork(event={"total": 7}), rules["check_limit"])  # type: ignore[arg-type]


def test_a_large_order_is_large() -> None:
    assert is_large(UnitOfWork(event={"total": 1001}))


def test_a_flavor_of_ones_own_reads_the_fields_of_its_rule() -> None:
    assert (
        drive(shout, {"event": {"text": "hey"}}, rules["shout"]).result["text"]
        == "HEY!"
    )
